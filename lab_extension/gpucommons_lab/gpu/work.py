"""When the devices of a session last worked, as exactly as they are read.

The history joins steps as a session grows older: five seconds of work in a step of 160 s become a
mean of a few percent. Here each reading counts.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from gpucommons_contract import GPU, WORK_ABOVE_PERCENT, GPUActivity, TelemetryState

from gpucommons_lab.gpu.reading import Reading, is_gap

_HOUR = 3600.0
_MINUTE = 60.0
"""Seconds of a step for which the highest utilization is kept: an hour has 60 of them."""


class GPUWork:
    """Collects what the sampling thread reads, for another thread to ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._devices: tuple[str, ...] = ()
        self._begun = self._read = clock()
        self._last: float | None = None
        self._highest: deque[tuple[int, float]] = deque()  # minute and its highest

    def add(self, reading: Reading, apart: float) -> None:
        """Take a reading, which should be ``apart`` seconds after the one before."""
        now = self._clock()
        loads = [_load(gpu) for gpu in reading.gpus]
        known = [load for load in loads if load is not None]
        if reading.state is not TelemetryState.OK or len(known) < len(loads):
            known = []
        devices = tuple(sorted(gpu.uuid for gpu in reading.gpus)) if known else ()
        with self._lock:
            if devices != self._devices or is_gap(now - self._read, apart):
                self._begin(now)
            self._devices, self._read = devices, now
            if known:
                self._note(now, max(known))

    def until_now(self, memory: int | None) -> GPUActivity | None:
        """Return what was seen; ``memory`` is in bytes. None: a device does not report its load."""
        now = self._clock()
        with self._lock:
            if not self._devices:
                return None
            self._forget(now)
            return GPUActivity(
                watched=now - self._begun,
                last=None if self._last is None else now - self._last,
                utilization=max((highest for _, highest in self._highest), default=0.0),
                memory=memory,
            )

    def _begin(self, now: float) -> None:
        self._begun, self._last = now, None
        self._highest.clear()

    def _note(self, now: float, load: float) -> None:
        if load > WORK_ABOVE_PERCENT:
            self._last = now
        minute = int(now // _MINUTE)
        if self._highest and self._highest[-1][0] == minute:
            load = max(load, self._highest.pop()[1])
        self._highest.append((minute, load))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._highest and (self._highest[0][0] + 1) * _MINUTE <= now - _HOUR:
            self._highest.popleft()


def _load(gpu: GPU) -> int | None:
    """Return how busy a device is in percent; 0 where everything on it is certainly others'.

    An empty list of processes proves nothing: in a container some drivers show none.
    """
    others = gpu.processes and gpu.memory and gpu.memory.mine == 0
    if others and not any(each.holder for each in gpu.processes or ()):
        return 0
    return gpu.utilization
