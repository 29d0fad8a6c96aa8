"""What is done now, in the words of log lines: for which request, whom, which session.

It goes along with a task and the tasks that this one begins, so that whatever logs need not know.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID = "request_id"
BY = "by"
"""Who asks: a person, or a service of the hub."""
USER = "user"
"""Whom it is about."""
SESSION = "session"
"""``NAME``, or ``NAME/SERVER`` for a named server."""
TEAM = "team"
POD = "pod"
POD_UID = "pod_uid"
FIELDS = (REQUEST_ID, BY, USER, SESSION, TEAM, POD, POD_UID)
"""Of a line, in this order, where they are known."""


class Facts:
    """What is known of something that is done, until that is over.

    A task may go on after the request that began it, and be everybody's by then: what it logs is no
    longer about that request.
    """

    def __init__(self, facts: Mapping[str, str], around: "Facts | None" = None) -> None:
        """around: what holds as well, for as long as it is not over."""
        self._facts = dict(facts)
        self._around = around
        self._over = False

    def now(self) -> dict[str, str]:
        """Return what holds now; what is inside goes before what is around it."""
        around = self._around.now() if self._around else {}
        return around if self._over else {**around, **self._facts}

    def add(self, facts: Mapping[str, str]) -> None:
        """Add what has become known; the last word counts."""
        self._facts.update(facts)

    def end(self) -> None:
        """Have it no longer hold."""
        self._over = True


_now: ContextVar[Facts | None] = ContextVar("gpucommons_logged_about", default=None)


def begin(facts: Facts) -> None:
    """Let this hold for the rest of the task, and for tasks that it begins."""
    _now.set(facts)


def facts_now() -> dict[str, str]:
    """Return what is known of what is done now, by `FIELDS`."""
    facts = _now.get()
    return facts.now() if facts else {}


def note(**facts: str) -> None:
    """Add to what is known of the request that is answered now; without one nothing is noted.

    Unlike `about` it counts for all that is still logged for the request, also by tasks that began
    this one: JupyterHub finds out in tasks of their own who asks, and starts sessions in others.
    """
    if (now := _now.get()) is not None:
        now.add(_known(facts))


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Let what is logged in this block, and by tasks that begin in it, be about this as well."""
    inner = Facts(_known(facts), _now.get())
    token = _now.set(inner)
    try:
        yield
    finally:
        _now.reset(token)


def _known(facts: Mapping[str, str]) -> dict[str, str]:
    if unknown := facts.keys() - set(FIELDS):
        raise TypeError(f"{', '.join(sorted(unknown))}: a line has only {', '.join(FIELDS)}")
    return {name: value for name, value in facts.items() if value}
