"""All figures of one device: a GPU, or the MIG slice of one that the session was given.

Only calls that the driver answers at once. What takes time is read by ``nvml_traffic``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pynvml
from gpucommons_contract import GPU, GPUMemory, GPUProcess, Throttle

from gpucommons_lab.nvml_figure import figure

_SIMULATED = "Simulated"
"""In the names of the devices of local/simulated_driver, and in no real one's."""
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
_HARDWARE_DETAIL = (
    pynvml.nvmlClocksEventReasonHwThermalSlowdown | pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown
)


@dataclass(frozen=True, slots=True)
class Device:
    """A device of this session. ``index`` counts from 0, ``handle`` is NVML's."""

    index: int
    handle: object


def devices_of(gpu: int) -> list[object]:
    """Answer the handles behind the GPU of this number: its MIG slices, or the GPU itself.

    Of a GPU that is cut into slices, a session sees those that it was given: none, if it was
    cut anew under the session. Raises NVMLError.
    """
    handle = pynvml.nvmlDeviceGetHandleByIndex(gpu)
    mode = figure(lambda: pynvml.nvmlDeviceGetMigMode(handle)[0])
    return list(_slices(handle)) if mode == pynvml.NVML_DEVICE_MIG_ENABLE else [handle]


def _slices(handle: object) -> Iterator[object]:
    most = figure(lambda: int(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle))) or 0
    for number in range(most):
        # A number without a slice is "not found"; the others may still be there.
        found = figure(partial(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number))
        if found is not None:
            yield found


def read_device(device: Device) -> GPU:
    """Read all figures of a device. Raises NVMLError if the device itself is gone."""
    handle = device.handle
    name = pynvml.nvmlDeviceGetName(handle)
    slice_name = _MIG_NAME.search(name)
    return GPU(
        index=device.index,
        uuid=pynvml.nvmlDeviceGetUUID(handle),
        name=name,
        utilization=figure(lambda: int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
        memory=figure(lambda: _memory(handle)),
        power=figure(lambda: _watts(pynvml.nvmlDeviceGetPowerUsage(handle))),
        power_limit=figure(lambda: _watts(pynvml.nvmlDeviceGetEnforcedPowerLimit(handle))),
        temperature=figure(lambda: _temperature(handle)),
        processes=figure(lambda: _processes(handle)),
        clock=figure(lambda: int(pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM))),
        clock_limit=figure(
            lambda: int(pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM))
        ),
        throttle=_throttle(handle),
        ecc_errors=figure(lambda: _uncorrected(handle)),
        mig_profile=slice_name[1] if slice_name else None,
        simulated=_SIMULATED in name,
    )


def throttles(reasons: int) -> tuple[Throttle, ...]:
    """Translate NVML's clocks event reasons.

    The bit "hardware slowdown" is also set beside the two that say why: it counts as a
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
    return None if reasons is None else throttles(reasons)


def _memory(handle: object) -> GPUMemory | None:
    """Count as nvidia-smi does (without what the driver reserves), where v2 is known."""
    info = figure(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle, version=pynvml.nvmlMemory_v2))
    if info is None:
        info = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return GPUMemory(used=info.used, total=info.total) if info.total else None


def _temperature(handle: object) -> int:
    return int(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))


def _processes(handle: object) -> tuple[GPUProcess, ...]:
    """List what computes on the device. Clients of MPS are in a list of their own."""
    found = list(pynvml.nvmlDeviceGetComputeRunningProcesses(handle))
    found += figure(lambda: list(pynvml.nvmlDeviceGetMPSComputeRunningProcesses(handle))) or []
    memory = {each.pid: each.usedGpuMemory for each in found}
    return tuple(GPUProcess(pid=pid, memory=held) for pid, held in memory.items())


def _uncorrected(handle: object) -> int:
    return int(
        pynvml.nvmlDeviceGetTotalEccErrors(
            handle, pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC
        )
    )


def _watts(milliwatts: int) -> float:
    return milliwatts / 1000
