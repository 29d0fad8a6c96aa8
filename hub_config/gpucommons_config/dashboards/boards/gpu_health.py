"""Health of all GPUs by dcgm-exporter: errors, memory that wears out, and what slows them down.

Source of names, and which are on by default:
https://github.com/NVIDIA/dcgm-exporter/blob/main/etc/default-counters.csv
"""

from gpucommons_config.dashboards.board import (
    Dashboard,
    Query,
    Row,
    Unit,
    figure,
    graph,
    table,
)
from gpucommons_config.dashboards.queries import AT_PLACE, PLACE, RANGE, RATE

_TO_ADD = "Not among the exporter's default counters: add its line to them."


def _each(series: str, *more: str) -> str:
    return f"max by ({', '.join((PLACE, *more))}) ({series})"


_GPUS = "count(count by (UUID) (DCGM_FI_DEV_GPU_TEMP))"
_NOW = Row(
    "Now",
    (
        figure(
            "GPUs that are measured",
            "Fewer than there are: an exporter is away, or a GPU has fallen off its bus.",
            Unit.GPUS,
            _GPUS,
            width=6,
        ),
        figure(
            "With an Xid error",
            "GPUs of which the driver has reported one.",
            Unit.GPUS,
            "count(max by (UUID) (DCGM_FI_DEV_XID_ERRORS) > 0) or vector(0)",
            width=6,
            bad_from=1,
        ),
        figure(
            "With memory past repair",
            "GPUs that could not replace a broken row of memory: have them exchanged.",
            Unit.GPUS,
            "count(max by (UUID) (DCGM_FI_DEV_ROW_REMAP_FAILURE) > 0) or vector(0)",
            width=6,
            bad_from=1,
        ),
        figure(
            "Hottest",
            "The temperature of the hottest GPU.",
            Unit.CELSIUS,
            "max(DCGM_FI_DEV_GPU_TEMP)",
            width=6,
            bad_from=85,
        ),
    ),
)
_ERRORS = Row(
    "Errors",
    (
        table(
            "Last Xid error of each GPU",
            "The number is NVIDIA's. 48, 63, 64, 79, 94 and 95 are about hardware; 13, 31 and 43 "
            "mostly about a program. Older exporters have no text.",
            "Xid",
            Unit.COUNT,
            _each("DCGM_FI_DEV_XID_ERRORS > 0", "UUID", "err_code", "err_msg"),
        ),
        graph(
            "Rows of memory that were replaced",
            "After errors that could not be corrected, and after many that could. Each GPU has "
            "few spare ones.",
            Unit.COUNT,
            Query(_each("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS"), f"{AT_PLACE}, not corrected"),
            Query(_each("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS"), f"{AT_PLACE}, corrected"),
        ),
        graph(
            "PCIe retries",
            "In a second. A GPU that retries much sits badly in its slot.",
            Unit.COUNT,
            Query(_each(f"rate(DCGM_FI_DEV_PCIE_REPLAY_COUNTER[{RATE}])"), AT_PLACE),
        ),
        graph(
            "ECC errors that were not corrected",
            "Of memory, since the driver was loaded: what computes there fails. "
            f"{_TO_ADD} DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
            Unit.COUNT,
            Query(_each("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL"), AT_PLACE),
        ),
        graph(
            "ECC errors that were corrected",
            "In the time that is shown. Many on one GPU go before others. "
            f"{_TO_ADD} DCGM_FI_DEV_ECC_SBE_VOL_TOTAL",
            Unit.COUNT,
            Query(_each(f"increase(DCGM_FI_DEV_ECC_SBE_VOL_TOTAL[{RANGE}])"), AT_PLACE),
        ),
    ),
)
_SLOWED = Row(
    "Heat and throttling",
    (
        graph(
            "Temperature",
            "Of each GPU.",
            Unit.CELSIUS,
            Query(_each("DCGM_FI_DEV_GPU_TEMP"), AT_PLACE),
        ),
        graph(
            "Temperature of memory",
            "Of each GPU that reports it.",
            Unit.CELSIUS,
            Query(_each("DCGM_FI_DEV_MEMORY_TEMP"), AT_PLACE),
        ),
        graph(
            "Power",
            "What each GPU draws.",
            Unit.WATTS,
            Query(_each("DCGM_FI_DEV_POWER_USAGE"), AT_PLACE),
        ),
        graph(
            "Clock",
            "Of the multiprocessors. One that is low while its GPU is at work is slowed down.",
            Unit.HERTZ,
            Query(_each("DCGM_FI_DEV_SM_CLOCK * 1e6"), AT_PLACE),
        ),
        graph(
            "Throttled, by what",
            "How often in the exporter's window (5 minutes by default) something held the clock "
            "down: power_cap is usual under load; hw_thermal, hw_slowdown and hw_power_brake are "
            f"not. {_TO_ADD} DCGM_EXP_CLOCK_EVENTS_COUNT",
            Unit.COUNT,
            Query(
                _each('DCGM_EXP_CLOCK_EVENTS_COUNT{clock_event!="gpu_idle"}', "clock_event"),
                f"{AT_PLACE}, {{{{clock_event}}}}",
            ),
            width=24,
        ),
    ),
)
GPU_HEALTH = Dashboard(
    "gpu-health",
    "GPU health",
    "Errors of GPUs, memory that wears out, heat and throttling, by dcgm-exporter.",
    (_NOW, _ERRORS, _SLOWED),
)
