"""From a reading to a frame: what the session knows is added, and the reading is remembered."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from gpucommons_contract import GPU, GPUPeak, SessionUse, SessionVariable, TelemetryFrame
from gpucommons_contract.words import in_language

from gpucommons_lab.gpu.history import History
from gpucommons_lab.gpu.reading import Reading
from gpucommons_lab.gpu.share import share_of
from gpucommons_lab.gpu.work import GPUWork
from gpucommons_lab.languages import session_language

_MOST_DEVICES = 32
"""Devices that are remembered. A MIG change gives new UUIDs; the longest unseen are dropped."""


class Peaks:
    """Peaks of memory since the start and since a person reset them.

    The sampling thread adds readings; another resets them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._peaks: dict[str, GPUPeak] = {}

    def add(self, gpus: tuple[GPU, ...]) -> tuple[GPU, ...]:
        """Take a reading into account, and return it with the peaks in it."""
        with self._lock:
            return tuple(self._with_peak(gpu) for gpu in gpus)

    def reset(self, gpus: tuple[GPU, ...]) -> tuple[GPU, ...]:
        """Reset all peaks to what ``gpus``, the newest reading, have in use."""
        with self._lock:
            self._peaks = {uuid: replace(peak, memory=0) for uuid, peak in self._peaks.items()}
            return tuple(self._with_peak(gpu) for gpu in gpus)

    def _with_peak(self, gpu: GPU) -> GPU:
        if gpu.memory is None:
            return gpu
        before = self._peaks.pop(gpu.uuid, GPUPeak(0, 0))
        used = gpu.memory.used
        peak = GPUPeak(max(before.memory, used), max(before.since_start, used))
        self._peaks[gpu.uuid] = peak
        while len(self._peaks) > _MOST_DEVICES:
            del self._peaks[next(iter(self._peaks))]
        return replace(gpu, peak=peak)


class Recorder:
    """Makes the frames of one session."""

    def __init__(
        self,
        environ: Mapping[str, str],
        use: Callable[[], SessionUse | None] = lambda: None,
    ) -> None:
        """``environ`` is the session's environment.

        ``use`` gives what was measured last, at once and on any thread.
        """
        self._environ = environ
        self._language = session_language(environ)
        self.use = use
        self._peaks = Peaks()
        self.history = History()
        self.work = GPUWork()

    @property
    def gpu_mode(self) -> str | None:
        """How the session got its GPUs, as the spawner says."""
        return self._environ.get(SessionVariable.GPU_MODE) or None

    def spoken(self, reason: str) -> str:
        """Write why GPUs cannot be read in the language of the session."""
        return in_language(reason, self._language)

    def frame(self, reading: Reading, interval: float, apart: float) -> TelemetryFrame:
        """Remember a reading and make a frame of it. On the sampling thread.

        ``interval``: seconds until listeners get the next frame; ``apart``: how many seconds
        the reading should be after the one before.
        """
        self.history.add(reading.gpus, apart)
        self.work.add(reading, apart)
        return TelemetryFrame(
            time=time.time(),
            state=reading.state,
            reason=self.spoken(reading.reason) if reading.reason else None,
            interval=interval,
            gpu_mode=self.gpu_mode,
            gpus=self._peaks.add(reading.gpus),
            share=share_of(self._environ, reading.gpus),
            use=self.use(),
        )

    def reset_peaks(self, frame: TelemetryFrame | None) -> TelemetryFrame | None:
        """Reset the peaks of memory; return the newest frame with the new ones in it."""
        gpus = self._peaks.reset(frame.gpus if frame else ())
        return replace(frame, gpus=gpus) if frame else None
