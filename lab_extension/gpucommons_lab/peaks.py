"""The most memory seen in use on each device."""

import threading
from dataclasses import replace

from gpucommons_contract import GPU, GPUPeak

_MOST_DEVICES = 32
"""Devices that are remembered; a MIG change gives new UUIDs. Those unseen longest go then."""


class Peaks:
    """Peaks of memory since the start and since a person set them back.

    Told by the sampling thread, set back from another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._peaks: dict[str, GPUPeak] = {}

    def add(self, gpus: tuple[GPU, ...]) -> tuple[GPU, ...]:
        """Take a reading into account and answer it with the peaks in it."""
        with self._lock:
            return tuple(self._with_peak(gpu) for gpu in gpus)

    def reset(self, gpus: tuple[GPU, ...]) -> tuple[GPU, ...]:
        """Set all peaks back to what ``gpus``, the newest reading, have in use."""
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
