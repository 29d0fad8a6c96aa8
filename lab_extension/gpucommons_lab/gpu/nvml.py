"""Reads GPUs through NVML, the NVIDIA driver's monitoring library.

Nothing here runs on the event loop: a call may take 200 ms, or never return.
"""

from collections.abc import Mapping
from typing import Protocol

import pynvml
from gpucommons_contract import GPU, TelemetryState
from gpucommons_contract.words import phrase, sentences

from gpucommons_lab.gpu.nvml_device import Device, devices_of, read_device
from gpucommons_lab.gpu.nvml_figure import error_code, figure
from gpucommons_lab.gpu.nvml_traffic import Traffic
from gpucommons_lab.gpu.reading import Reading

_SENTENCES: Mapping[int, str] = {
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED: phrase("The NVIDIA driver is not loaded on this node."),
    pynvml.NVML_ERROR_NO_PERMISSION: phrase(
        "The NVIDIA driver refuses this session access to its GPU."
    ),
    pynvml.NVML_ERROR_GPU_IS_LOST: phrase(
        "it fell off the bus. Restart the session to get another one."
    ),
    pynvml.NVML_ERROR_RESET_REQUIRED: phrase(
        "it needs a reset. Restart the session to get another one."
    ),
    pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: phrase(
        "The NVIDIA driver was updated under this session. Restart the session."
    ),
}
_NO_SUCH_SLICE = frozenset({pynvml.NVML_ERROR_INVALID_ARGUMENT, pynvml.NVML_ERROR_NOT_FOUND})
"""Errors of a MIG slice that is gone. Source: nvml.h, nvmlDeviceGetMigDeviceHandleByIndex."""
_MOST_DEVICES = 256
"""More than any machine has: a driver that says more does not know."""
_NO_LIBRARY = phrase(
    "This session has a GPU, but the driver's library libnvidia-ml.so.1 is missing in it. "
    "Tell your administrator: the NVIDIA container toolkit did not add it."
)
_NO_DEVICE = phrase(
    "This session was given a GPU, but its driver shows none. "
    "Restart the session; if that does not help, tell your administrator."
)
_NO_SLICE = phrase(
    "MIG divides this GPU into slices, and none of them is this session's. "
    "Restart the session to get another one."
)


class HolderSearch(Protocol):
    """Finds the holders of the processes on GPUs, on the sampling thread."""

    def add(self, gpus: tuple[GPU, ...]) -> tuple[GPU, ...]:
        """Add the holder to each process, and this session's share of memory to each GPU."""

    def look(self) -> None:
        """Look up processes that are not known yet, for frames to come; may take a second."""


class NVMLReader:
    """The driver's view of the GPUs in this session."""

    def __init__(self, *, expected: bool, holders: HolderSearch | None = None) -> None:
        """Take ``expected``, which separates a session without GPU from one that lost it.

        ``holders`` adds whose the processes are; without it, that stays unknown.
        """
        self._expected = expected
        self._open = False
        self._holders = holders
        self._traffic = Traffic()
        self._seen: list[tuple[str, Device]] = []

    def read(self) -> Reading:
        """Read all devices; the driver is opened first if need be."""
        try:
            self._ensure_open()
            count = min(pynvml.nvmlDeviceGetCount(), _MOST_DEVICES)
        except pynvml.NVMLError as error:
            self.close()
            return self._unreadable(error)
        if count == 0:
            return self._absent(_NO_DEVICE)
        return self._devices(count)

    def read_at_leisure(self) -> None:
        """Read the slow figures of one device, and look up holders, for later frames."""
        if self._open:
            figure(lambda: self._traffic.look(self._seen), lost=frozenset())
        if self._open and self._holders:
            self._holders.look()

    def close(self) -> None:
        """Shut NVML down; the library itself stays loaded."""
        if self._open:
            self._open = False
            figure(pynvml.nvmlShutdown, lost=frozenset())

    def _ensure_open(self) -> None:
        if not self._open:
            pynvml.nvmlInit()
            self._open = True

    def _devices(self, count: int) -> Reading:
        gpus: list[GPU] = []
        problems: list[str] = []
        self._seen = []
        index = 0
        for number in range(count):
            try:
                behind = _read_as_it_is_cut(number, index)
            except (pynvml.NVMLError, UnicodeDecodeError) as error:
                problems.append(
                    phrase(
                        "GPU %(number)d cannot be read: %(why)s",
                        number=number,
                        why=_sentence(error),
                    )
                )
                index += 1
                continue
            for device, gpu in behind:
                self._seen.append((gpu.uuid, device))
                gpus.append(self._traffic.on(gpu))
            index += len(behind)
        if not gpus and not problems:
            return self._absent(_NO_SLICE)
        if not problems:
            return Reading(TelemetryState.OK, gpus=self._with_holders(gpus))
        self.close()  # a driver that comes back does so to a fresh nvmlInit
        return Reading(TelemetryState.FAILED, sentences(*problems), self._with_holders(gpus))

    def _with_holders(self, gpus: list[GPU]) -> tuple[GPU, ...]:
        return self._holders.add(tuple(gpus)) if self._holders else tuple(gpus)

    def _unreadable(self, error: Exception) -> Reading:
        if error_code(error) == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND:
            return self._absent(_NO_LIBRARY)
        return Reading(TelemetryState.FAILED, _sentence(error))

    def _absent(self, reason: str) -> Reading:
        if self._expected:
            return Reading(TelemetryState.FAILED, reason)
        return Reading(TelemetryState.NO_GPU, phrase("This session has no GPU."))


def _read_as_it_is_cut(number: int, index: int) -> list[tuple[Device, GPU]]:
    """Read the devices behind a GPU; once more where MIG divided it again meanwhile.

    ``index`` is that of the first. Raises NVMLError.
    """
    try:
        return _read_behind(number, index)
    except pynvml.NVMLError as error:
        if error_code(error) not in _NO_SUCH_SLICE:
            raise
        return _read_behind(number, index)


def _read_behind(number: int, index: int) -> list[tuple[Device, GPU]]:
    devices = [Device(each, handle) for each, handle in enumerate(devices_of(number), index)]
    return [(device, read_device(device)) for device in devices]


def _sentence(error: Exception) -> str:
    return _SENTENCES.get(error_code(error)) or phrase("NVML says: %(error)s.", error=str(error))
