"""What the session's kernels do, from Jupyter Server's kernel and session managers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from gpucommons_contract import KernelActivity
from jupyter_core.utils import ensure_async
from traitlets import TraitError

from gpucommons_lab.activity.ages import Ages

_BUSY, _STARTING, _DEAD = "busy", "starting", "dead"
_NOTEBOOK = "notebook"
_LONGEST_START = 300.0
"""Seconds after which a kernel that "starts" is one that nobody ever used.

Jupyter Server leaves that state only with the kernel's first message about a request.
"""


class KernelActivityProbe:
    """Looks at all kernels, on the event loop, to which the managers belong."""

    def __init__(self, kernels: Any, sessions: Any) -> None:  # noqa: ANN401 -- Jupyter Server has no types
        """Take the server's kernel and session managers."""
        self._kernels = kernels
        self._sessions = sessions
        self._ages = Ages()

    async def look(self) -> tuple[KernelActivity, ...]:
        """Return what each living kernel does."""
        names = _names(await ensure_async(self._sessions.list_sessions()))
        states: dict[str, str] = {}
        moments: dict[str, datetime] = {}
        # All at once: while one is asked whether it lives, another may go.
        kernels = {each: self._kernels.get_kernel(each) for each in self._kernels.list_kernel_ids()}
        for each, kernel in kernels.items():
            if await _lives(kernel):
                states[each] = kernel.execution_state or _STARTING
                moments[each] = _last_activity(kernel)
        ages = self._ages.of(moments)
        return tuple(
            KernelActivity(each, names.get(each, each), is_busy(state, ages[each]), ages[each])
            for each, state in states.items()
        )


def is_busy(state: str, last: float) -> bool:
    """Judge a kernel by its state, and the age of its last message in seconds."""
    return state == _BUSY or (state == _STARTING and last < _LONGEST_START)


async def _lives(kernel: Any) -> bool:  # noqa: ANN401
    """Whether there is a process, or will be. The state alone is not updated when one dies."""
    if kernel.execution_state == _DEAD:
        return False
    if kernel.has_kernel:
        return bool(await ensure_async(kernel.is_alive()))
    return not kernel.ready.done()


def _last_activity(kernel: Any) -> datetime:  # noqa: ANN401
    """Read a kernel's time, which Jupyter Server sets a moment after it lists the kernel."""
    try:
        moment: datetime = kernel.last_activity
    except TraitError:
        return datetime.now(UTC)
    return moment


def _names(sessions: list[Mapping[str, Any]]) -> dict[str, str]:
    """Name kernels by what uses them: by a notebook, even where a console does too."""
    by_kernel: dict[str, str] = {}
    for session in sorted(sessions, key=lambda each: each["type"] == _NOTEBOOK):
        # A console's path ends with a meaningless number; it has a name instead.
        own = "" if session["type"] == _NOTEBOOK else session.get("name")
        by_kernel[session["kernel"]["id"]] = own or PurePosixPath(session["path"]).name
    return by_kernel
