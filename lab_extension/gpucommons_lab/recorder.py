"""From a reading to a frame: what the session knows is added, and the reading remembered."""

import time
from collections.abc import Mapping
from dataclasses import replace

from gpucommons_contract import SessionVariable, TelemetryFrame

from gpucommons_lab.gpu_work import GPUWork
from gpucommons_lab.history import History
from gpucommons_lab.peaks import Peaks
from gpucommons_lab.reading import Reading
from gpucommons_lab.share import share_of


class Recorder:
    """Makes the frames of one session. ``environ`` is the session's environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._peaks = Peaks()
        self.history = History()
        self.work = GPUWork()

    @property
    def gpu_mode(self) -> str | None:
        """How the session got its GPUs, as the spawner says."""
        return self._environ.get(SessionVariable.GPU_MODE) or None

    def frame(self, reading: Reading, interval: float, apart: float) -> TelemetryFrame:
        """Remember a reading and make a frame of it. On the sampling thread.

        ``interval`` is how many seconds it is until the next frame for who listens, ``apart``
        how many it should be since the reading before.
        """
        self.history.add(reading.gpus, apart)
        self.work.add(reading, apart)
        return TelemetryFrame(
            time=time.time(),
            state=reading.state,
            reason=reading.reason,
            interval=interval,
            gpu_mode=self.gpu_mode,
            gpus=self._peaks.add(reading.gpus),
            share=share_of(self._environ, reading.gpus),
        )

    def reset_peaks(self, frame: TelemetryFrame | None) -> TelemetryFrame | None:
        """Set the peaks of memory back; answer the newest frame with the new ones in it."""
        gpus = self._peaks.reset(frame.gpus if frame else ())
        return replace(frame, gpus=gpus) if frame else None
