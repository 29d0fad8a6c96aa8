"""What the session's devices do, or why that cannot be told. No device is read for it."""

from gpucommons_contract import GPUActivity, TelemetryFrame, TelemetryState

from gpucommons_lab.gpu_work import GPUWork
from gpucommons_lab.sampler import Sampler

_SHARED_MODES = frozenset({"mps", "timeslice", "hami"})
"""GPU modes in which others' memory is on the same device; see `SessionVariable.GPU_MODE`."""


class GPUs:
    """Looks at what the sampler read."""

    def __init__(self, sampler: Sampler, work: GPUWork, *, expected: bool, watched: bool) -> None:
        """``expected`` is whether the session has a GPU, ``watched`` whether it is always read."""
        self._sampler = sampler
        self._work = work
        self._expected = expected
        self._watched = watched

    def look(self) -> tuple[GPUActivity | None, str | None]:
        """Answer the activity, or a sentence that says why it is not known."""
        if not self._expected:
            return None, None
        if not self._watched:
            return None, "The GPUs are read only while somebody looks (background_interval is 0)."
        frame = self._sampler.current
        if frame is None:
            return None, "The GPUs were not read yet, or the NVIDIA driver does not answer."
        if frame.state is not TelemetryState.OK:
            return None, frame.reason
        activity = self._work.until_now(_memory(frame))
        if activity is None:
            return None, "The NVIDIA driver does not tell how busy each GPU is."
        return activity, None


def _memory(frame: TelemetryFrame) -> int | None:
    shared = frame.gpu_mode in _SHARED_MODES
    held = [
        gpu.memory.mine if shared and gpu.memory.mine is not None else gpu.memory.used
        for gpu in frame.gpus
        if gpu.memory
    ]
    return sum(held) if held else None
