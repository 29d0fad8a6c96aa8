"""Reads GPUs through NVML, the NVIDIA driver's monitoring library.

Nothing here runs on the event loop: a call may take 200 ms, or never return.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pynvml
from gpucommons_contract import GPU, GPUMemory, GPUProcess, SessionVariable, TelemetryState

from gpucommons_lab.reading import Reading

T = TypeVar("T")

_LOST = frozenset(
    {
        pynvml.NVML_ERROR_UNINITIALIZED,
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
        pynvml.NVML_ERROR_GPU_IS_LOST,
        pynvml.NVML_ERROR_RESET_REQUIRED,
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
    }
)
"""Errors that speak of the device or the driver; any other only of one figure."""

_SENTENCES: Mapping[int, str] = {
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "The NVIDIA driver is not loaded on this node.",
    pynvml.NVML_ERROR_NO_PERMISSION: "The NVIDIA driver refuses this session access to its GPU.",
    pynvml.NVML_ERROR_GPU_IS_LOST: "it fell off the bus. Restart the session to get another one.",
    pynvml.NVML_ERROR_RESET_REQUIRED: "it needs a reset. Restart the session to get another one.",
    pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: (
        "The NVIDIA driver was updated under this session. Restart the session."
    ),
}
_NO_LIBRARY = (
    "This session has a GPU, but the driver's library libnvidia-ml.so.1 is missing in it. "
    "Tell your administrator: the NVIDIA container toolkit did not add it."
)
_NO_DEVICE = (
    "This session was given a GPU, but its driver shows none. "
    "Restart the session; if that does not help, tell your administrator."
)


def gpu_expected(environ: Mapping[str, str], devices: Path = Path("/dev")) -> bool:
    """Whether this session should have a GPU, whatever NVML says.

    The spawner's word counts; without it, device files speak. NVIDIA_VISIBLE_DEVICES
    does not: CUDA images carry ``all`` without a GPU, CDI sets ``void`` with one.
    """
    if units := environ.get(SessionVariable.GPU_UNITS):
        return float(units) > 0
    return any(devices.glob("nvidia[0-9]*"))


class NVMLReader:
    """The driver's view of the GPUs in this session."""

    def __init__(self, *, expected: bool) -> None:
        """Take ``expected``, which tells a session without GPU from one that lost it."""
        self._expected = expected
        self._open = False

    def read(self) -> Reading:
        """Read all devices; the driver is opened first if need be."""
        try:
            self._ensure_open()
            count = pynvml.nvmlDeviceGetCount()
        except pynvml.NVMLError as error:
            self.close()
            return self._unreadable(error)
        if count == 0:
            return self._absent(_NO_DEVICE)
        return self._devices(count)

    def close(self) -> None:
        """Shut NVML down; the library itself stays loaded."""
        if self._open:
            self._open = False
            _figure(pynvml.nvmlShutdown, lost=frozenset())

    def _ensure_open(self) -> None:
        if not self._open:
            pynvml.nvmlInit()
            self._open = True

    def _devices(self, count: int) -> Reading:
        gpus: list[GPU] = []
        problems: list[str] = []
        for index in range(count):
            try:
                gpus.append(_read_device(index))
            except pynvml.NVMLError as error:
                problems.append(f"GPU {index} cannot be read: {_sentence(error)}")
        if not problems:
            return Reading(TelemetryState.OK, gpus=tuple(gpus))
        self.close()  # a driver that comes back does so to a fresh nvmlInit
        return Reading(TelemetryState.FAILED, " ".join(problems), tuple(gpus))

    def _unreadable(self, error: Exception) -> Reading:
        if _code(error) == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND:
            return self._absent(_NO_LIBRARY)
        return Reading(TelemetryState.FAILED, _sentence(error))

    def _absent(self, reason: str) -> Reading:
        if self._expected:
            return Reading(TelemetryState.FAILED, reason)
        return Reading(TelemetryState.NO_GPU, "This session has no GPU.")


def _read_device(index: int) -> GPU:
    """All figures of one device. Raises NVMLError if the device itself is gone."""
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    return GPU(
        index=index,
        uuid=pynvml.nvmlDeviceGetUUID(handle),
        name=pynvml.nvmlDeviceGetName(handle),
        utilization=_figure(lambda: int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
        memory=_figure(lambda: _memory(handle)),
        power=_figure(lambda: _watts(pynvml.nvmlDeviceGetPowerUsage(handle))),
        power_limit=_figure(lambda: _watts(pynvml.nvmlDeviceGetEnforcedPowerLimit(handle))),
        temperature=_figure(lambda: _temperature(handle)),
        processes=_figure(lambda: _processes(handle)),
    )


def _figure(read: Callable[[], T], lost: frozenset[int] = _LOST) -> T | None:
    """One figure, or None where this driver, device or permission does not give it."""
    try:
        return read()
    except pynvml.NVMLError as error:
        if _code(error) in lost:
            raise
        return None


def _memory(handle: object) -> GPUMemory | None:
    """Count as nvidia-smi does (without what the driver reserves), where v2 is known."""
    info = _figure(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle, version=pynvml.nvmlMemory_v2))
    if info is None:
        info = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return GPUMemory(used=info.used, total=info.total) if info.total else None


def _temperature(handle: object) -> int:
    return int(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))


def _processes(handle: object) -> tuple[GPUProcess, ...]:
    found = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
    return tuple(GPUProcess(pid=each.pid, memory=each.usedGpuMemory) for each in found)


def _watts(milliwatts: int) -> float:
    return milliwatts / 1000


def _code(error: Exception) -> int:
    return int(getattr(error, "value", pynvml.NVML_ERROR_UNKNOWN))


def _sentence(error: Exception) -> str:
    return _SENTENCES.get(_code(error), f"NVML says: {error}.")
