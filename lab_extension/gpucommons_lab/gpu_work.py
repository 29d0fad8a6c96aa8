"""When the devices of a session last worked, as exactly as they are read.

The history joins steps as a session grows older: of five seconds of work in a step of 160 s, it
keeps a mean of a few percent. Here each reading counts.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from gpucommons_contract import GPU, GPUActivity, TelemetryState

from gpucommons_lab.history import is_gap
from gpucommons_lab.reading import Reading

WORK_ABOVE = 3
"""Percent of utilization. A panel that is open, or nvidia-smi in a loop, shows up to 1."""
_HOUR = 3600.0
_MINUTE = 60.0
"""Seconds of a step in which the highest utilization is kept: an hour is 60 of them."""


class GPUWork:
    """What the sampling thread read, for another thread to ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that never go back."""
        self._clock = clock
        self._lock = threading.Lock()
        self._devices: tuple[str, ...] = ()
        self._begun = self._read = clock()
        self._last: float | None = None
        self._highest: deque[tuple[int, float]] = deque()  # by minute, of each the highest

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
        """Answer what was seen; ``memory`` is in bytes. None: not all devices tell their load."""
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
        if load > WORK_ABOVE:
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
    """Answer how busy a device is in percent; 0 where all that is on it is others'.

    An empty list of processes is no proof: in a container some drivers show none.
    """
    if gpu.processes and gpu.memory and gpu.memory.mine == 0:
        return 0
    return gpu.utilization
