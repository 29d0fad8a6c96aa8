"""What the session's devices do, or why that is unknown. Asking reads no device."""

from collections.abc import Callable

from gpucommons_contract import SHARED_GPU_MODES, GPUActivity, TelemetryFrame, TelemetryState


class GPUActivityProbe:
    """Looks at what the sampler has read."""

    def __init__(
        self,
        current: Callable[[], TelemetryFrame | None],
        work: Callable[[int | None], GPUActivity | None],
        *,
        expected: bool,
        watched: bool,
    ) -> None:
        """Take where the newest frame comes from, and the activity given the memory in use.

        ``expected`` is whether the session has a GPU, ``watched`` whether it is always read.
        """
        self._current = current
        self._work = work
        self._expected = expected
        self._watched = watched

    def look(self) -> tuple[GPUActivity | None, str | None]:
        """Return the activity, or a sentence that says why it is not known."""
        if not self._expected:
            return None, None
        if not self._watched:
            return None, "The GPUs are read only while a panel is open (background_interval is 0)."
        frame = self._current()
        if frame is None:
            return None, "The GPUs have not been read yet, or the NVIDIA driver does not answer."
        if frame.state is not TelemetryState.OK:
            return None, frame.reason
        activity = self._work(_memory(frame))
        if activity is None:
            return None, "The NVIDIA driver does not report how busy each GPU is."
        return activity, None


def _memory(frame: TelemetryFrame) -> int | None:
    """Add up the session's memory; None where it cannot be separated from others'."""
    shared = frame.gpu_mode in SHARED_GPU_MODES
    held = [gpu.memory.mine if shared else gpu.memory.used for gpu in frame.gpus if gpu.memory]
    known = [memory for memory in held if memory is not None]
    return sum(known) if known and len(known) == len(held) else None
