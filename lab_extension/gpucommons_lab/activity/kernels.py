"""What the session's kernels do, from Jupyter Server's kernel and session managers."""

from datetime import UTC, datetime
from typing import Any

from gpucommons_contract import KernelActivity
from jupyter_core.utils import ensure_async
from traitlets import TraitError

from gpucommons_lab.activity.ages import Ages
from gpucommons_lab.documents.kernel_names import names_of

_BUSY, _STARTING, _DEAD = "busy", "starting", "dead"
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
        names = names_of(await ensure_async(self._sessions.list_sessions()))
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
