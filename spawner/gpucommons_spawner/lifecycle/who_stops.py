"""Who asks the hub to stop a session. JupyterHub tells a spawner to stop, and not on whose word."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from gpucommons_contract import IDLE_SERVICE, NOTICE_SERVICE, PEOPLE_SERVICE
from gpucommons_contract.told import EndReason
from jupyterhub.handlers import BaseHandler

_OF_SERVICES = {
    IDLE_SERVICE: EndReason.IDLE,
    PEOPLE_SERVICE: EndReason.REMOVED,
    NOTICE_SERVICE: EndReason.REMOVED,
}
"""Why our services stop sessions. Those of others act for whoever administers the hub."""
_asks: ContextVar[Any] = ContextVar("gpucommons_asks_to_stop", default=None)
_stop_single_user = BaseHandler.stop_single_user


def note_who_stops() -> None:
    """Have all requests of this process that stop a session known to the stop. A second call
    changes nothing.
    """
    BaseHandler.stop_single_user = _noted


def who_stops(owner: str) -> tuple[EndReason | None, str]:
    """Return why the session of ``owner`` is stopped by the request that this is done for, and
    who made it: a name, empty for the person and for our services.

    None where it is done for no request.
    """
    caller = _asks.get()
    if caller is None:
        return None, ""
    name = str(caller.name)
    if caller.kind == "service":
        reason = _OF_SERVICES.get(name, EndReason.ADMINISTRATOR)
        return reason, "" if name in _OF_SERVICES else name
    if name == owner:
        return EndReason.PERSON, ""
    return EndReason.ADMINISTRATOR, name


@contextmanager
def asked_by(caller: object) -> Iterator[None]:
    """Let what is done in this block, and tasks begun in it, be on that caller's word."""
    token = _asks.set(caller)
    try:
        yield
    finally:
        _asks.reset(token)


async def _noted(handler: Any, user: Any, server_name: str = "") -> Any:  # noqa: ANN401
    with asked_by(handler.current_user):
        return await _stop_single_user(handler, user, server_name)
