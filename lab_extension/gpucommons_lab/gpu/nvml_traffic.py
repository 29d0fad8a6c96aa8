"""Traffic over PCIe and NVLink, read between frames.

NVML counts PCIe traffic for 20 ms in each of two calls, so no frame waits for it: one device is
read at a time, after a frame is out, and none more often than every few seconds.
Source: nvml.h, nvmlDeviceGetPcieThroughput.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pynvml
from gpucommons_contract import GPU, GPUTraffic

from gpucommons_lab.gpu.nvml_device import Device
from gpucommons_lab.gpu.nvml_figure import figure

_PAUSE = 5.0
"""Seconds until a device is read again."""
_STALE = 30.0
"""Seconds after which a figure is left out: with many devices, its turn comes later."""
_KB = 1000
"""NVML gives PCIe traffic in KB/s."""
_KIB = 1024
"""NVLink's counters are in KiB."""
_MOST = 10**13 // 4
"""Bytes per second: more than any link has, and less than 0xFFFFFFFF KB."""
_ALL_LINKS = 0xFFFFFFFF
"""As scope, asks for the sum over all links. Source: nvml.h, NVLink throughput counters."""
_NVLINK = (
    (pynvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX, _ALL_LINKS),
    (pynvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, _ALL_LINKS),
)


@dataclass(frozen=True, slots=True)
class _Looked:
    """When a device was last read, in seconds of the clock, and its figures."""

    at: float
    pcie: GPUTraffic | None = None
    nvlink: GPUTraffic | None = None
    counted: tuple[int, int] | None = None
    """KiB over NVLink since the driver was loaded, received and sent."""


class Traffic:
    """The traffic of all devices, by their UUIDs. Used by one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._looked: dict[str, _Looked] = {}

    def look(self, devices: Iterable[tuple[str, Device]]) -> None:
        """Read the one device whose turn it is, if any. Raises NVMLError if it is gone."""
        handles = {uuid: device.handle for uuid, device in devices}
        self._looked = {uuid: self._looked[uuid] for uuid in handles if uuid in self._looked}
        now = self._clock()
        due = [uuid for uuid in handles if self._age(uuid, now) >= _PAUSE]
        if not due:
            return
        uuid = max(due, key=lambda each: self._age(each, now))
        # Noted before it is read: one that fails waits for its next turn like any other.
        before = self._looked.get(uuid)
        self._looked[uuid] = _Looked(now)
        self._looked[uuid] = self._ask(handles[uuid], before)

    def on(self, gpu: GPU) -> GPU:
        """Add to a device's figures what is known of its traffic."""
        looked = self._looked.get(gpu.uuid)
        if looked is None or self._clock() - looked.at > _STALE:
            return gpu
        return replace(gpu, pcie=looked.pcie, nvlink=looked.nvlink)

    def _age(self, uuid: str, now: float) -> float:
        looked = self._looked.get(uuid)
        return float("inf") if looked is None else now - looked.at

    def _ask(self, handle: object, before: _Looked | None) -> _Looked:
        pcie = figure(lambda: _pcie(handle))
        counted = figure(lambda: _nvlink(handle))
        now = self._clock()
        nvlink = None
        if before and before.counted and counted and now > before.at:
            nvlink = _per_second(before.counted, counted, now - before.at)
        return _Looked(now, pcie, nvlink, counted)


def _pcie(handle: object) -> GPUTraffic | None:
    received = pynvml.nvmlDeviceGetPcieThroughput(handle, pynvml.NVML_PCIE_UTIL_RX_BYTES)
    sent = pynvml.nvmlDeviceGetPcieThroughput(handle, pynvml.NVML_PCIE_UTIL_TX_BYTES)
    return _traffic(received * _KB, sent * _KB)


def _nvlink(handle: object) -> tuple[int, int] | None:
    values = pynvml.nvmlDeviceGetFieldValues(handle, _NVLINK)
    if any(each.nvmlReturn != pynvml.NVML_SUCCESS for each in values):
        return None
    return int(values[0].value.ullVal), int(values[1].value.ullVal)


def _per_second(
    before: tuple[int, int], after: tuple[int, int], seconds: float
) -> GPUTraffic | None:
    received, sent = after[0] - before[0], after[1] - before[1]
    if received < 0 or sent < 0:  # the driver was reloaded
        return None
    return _traffic(round(received * _KIB / seconds), round(sent * _KIB / seconds))


def _traffic(received: int, sent: int) -> GPUTraffic | None:
    """Return None for more than any link carries: drivers say so where they do not know."""
    return GPUTraffic(received, sent) if max(received, sent) <= _MOST else None
