"""All figures of one device: a GPU, or the MIG slice of one that the session was given.

Only calls that the driver answers at once; ``nvml_traffic`` reads what takes time.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pynvml
from gpucommons_contract import GPU, GPUMemory, GPUProcess, Throttle

from gpucommons_lab.gpu.nvml_figure import error_code, figure, number

_SIMULATED = "Simulated"
"""In the names of local/simulated_driver's devices, and of no real one."""
_NAMELESS = "NVIDIA GPU"
"""The name of a device whose own name is not text."""
_MIG_NAME = re.compile(r" MIG (\S+)$")
"""NVML calls a slice by its GPU and its profile: ``NVIDIA H200 MIG 1g.18gb``."""

_THROTTLES = (
    (Throttle.POWER, pynvml.nvmlClocksEventReasonSwPowerCap),
    (
        Throttle.THERMAL,
        pynvml.nvmlClocksEventReasonSwThermalSlowdown
        | pynvml.nvmlClocksEventReasonHwThermalSlowdown,
    ),
    (Throttle.HARDWARE, pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown),
    (
        Throttle.SETTING,
        pynvml.nvmlClocksEventReasonApplicationsClocksSetting
        | pynvml.nvmlClocksEventReasonSyncBoost
        | pynvml.nvmlClocksEventReasonDisplayClockSetting,
    ),
)
_MOST_SLICES = 64
_MOST_WATTS, _MOST_DEGREES, _MOST_MHZ = 100_000, 200, 100_000
_MOST_ERRORS, _MOST_MEMORY = 2**48, 2**48
"""More than any device reaches for years: a driver that says more does not know."""
_ALL_BITS = 2**64 - 1
_NO_MPS = frozenset({pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_FUNCTION_NOT_FOUND})
_HARDWARE_DETAIL = (
    pynvml.nvmlClocksEventReasonHwThermalSlowdown | pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown
)


@dataclass(frozen=True, slots=True)
class Device:
    """A device of this session. ``index`` counts from 0, ``handle`` is NVML's."""

    index: int
    handle: object


def devices_of(gpu: int) -> list[object]:
    """Return the handles behind the GPU of this number: its MIG slices, or the GPU itself.

    Of a GPU that is divided into slices, a session sees those that it was given: none, if the
    GPU was divided again under the session. Raises NVMLError.
    """
    handle = pynvml.nvmlDeviceGetHandleByIndex(gpu)
    mode = figure(lambda: pynvml.nvmlDeviceGetMigMode(handle)[0])
    return list(_slices(handle)) if mode == pynvml.NVML_DEVICE_MIG_ENABLE else [handle]


def _slices(handle: object) -> Iterator[object]:
    most = number(lambda: pynvml.nvmlDeviceGetMaxMigDeviceCount(handle), _MOST_SLICES)
    for place in range(_MOST_SLICES if most is None else most):
        # A place without a slice is "not found"; the others may still be there.
        found = figure(partial(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, place))
        if found is not None:
            yield found


def read_device(device: Device) -> GPU:
    """Read all figures of a device. Raises NVMLError if the device itself is gone."""
    handle = device.handle
    name = _name(handle)
    slice_name = _MIG_NAME.search(name)
    memory = figure(lambda: _memory(handle))
    return GPU(
        index=device.index,
        uuid=pynvml.nvmlDeviceGetUUID(handle),
        name=name,
        utilization=number(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu, 100),
        memory=memory,
        power=_watts(lambda: pynvml.nvmlDeviceGetPowerUsage(handle)),
        power_limit=_watts(lambda: pynvml.nvmlDeviceGetEnforcedPowerLimit(handle), smallest=1),
        temperature=number(lambda: _temperature(handle), _MOST_DEGREES),
        processes=figure(lambda: _processes(handle, memory)),
        clock=number(
            lambda: pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM), _MOST_MHZ
        ),
        clock_limit=number(
            lambda: pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM), _MOST_MHZ, 1
        ),
        throttle=_throttle(handle),
        ecc_errors=number(lambda: _uncorrected(handle), _MOST_ERRORS),
        mig_profile=slice_name[1] if slice_name else None,
        simulated=_SIMULATED in name,
    )


def throttles(reasons: int) -> tuple[Throttle, ...]:
    """Translate NVML's clocks event reasons.

    The bit "hardware slowdown" is also set together with the two that say why: it counts as a
    reason of its own only without them.
    Source: nvml.h, nvmlClocksEventReasons.
    """
    if reasons & pynvml.nvmlClocksEventReasonHwSlowdown and not reasons & _HARDWARE_DETAIL:
        reasons |= pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown
    return tuple(throttle for throttle, bits in _THROTTLES if reasons & bits)


def _throttle(handle: object) -> tuple[Throttle, ...] | None:
    reasons = figure(lambda: int(pynvml.nvmlDeviceGetCurrentClocksEventReasons(handle)))
    if reasons is None:  # drivers before 535 know them by their old name only
        reasons = figure(lambda: int(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)))
    return None if reasons in (None, _ALL_BITS) else throttles(reasons)


def _memory(handle: object) -> GPUMemory | None:
    """Count as nvidia-smi does (without what the driver reserves), where v2 is known."""
    info = figure(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle, version=pynvml.nvmlMemory_v2))
    if info is None:
        info = pynvml.nvmlDeviceGetMemoryInfo(handle)
    known = 0 <= info.used <= info.total and info.total
    return GPUMemory(used=info.used, total=info.total) if known else None


def _name(handle: object) -> str:
    try:
        return str(pynvml.nvmlDeviceGetName(handle))
    except UnicodeDecodeError:
        return _NAMELESS


def _temperature(handle: object) -> int:
    return int(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))


def _processes(handle: object, memory: GPUMemory | None) -> tuple[GPUProcess, ...]:
    """List the compute processes of the device. MPS clients are in a list of their own.

    A process on a device holds some of its memory: if the driver says none, or more than there
    is, it does not know how much, as drivers from 535.113 to 560 do in a pod.
    """
    found = list(pynvml.nvmlDeviceGetComputeRunningProcesses(handle)) + _mps_clients(handle)
    held = {each.pid: each.usedGpuMemory for each in found}
    most = memory.total if memory else _MOST_MEMORY
    return tuple(
        GPUProcess(pid=pid, memory=used if used and 0 < used <= most else None)
        for pid, used in held.items()
    )


def _mps_clients(handle: object) -> list[Any]:
    """List them; none where the driver has no such list.

    Raises NVMLError where the list cannot be read: the device's processes are unknown then.
    """
    try:
        return list(pynvml.nvmlDeviceGetMPSComputeRunningProcesses(handle))
    except pynvml.NVMLError as error:
        if error_code(error) in _NO_MPS:
            return []
        raise


def _uncorrected(handle: object) -> int:
    return int(
        pynvml.nvmlDeviceGetTotalEccErrors(
            handle, pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC
        )
    )


def _watts(read: Callable[[], int], smallest: int = 0) -> float | None:
    milliwatts = number(read, _MOST_WATTS * 1000, smallest)
    return None if milliwatts is None else milliwatts / 1000
