"""One GPU, as dcgm-exporter measures it: for whoever looks into a complaint."""

from gpucommons_config.dashboards.board import Choice, Dashboard, Query, Row, Unit, graph, table
from gpucommons_config.dashboards.queries import MIB, PLACE, by_pod

_THIS = '{UUID="$gpu"}'
_SLICE = "{{GPU_I_PROFILE}}{{GPU_I_ID}}"
"""Of a GPU that is one whole, nothing."""


def _of_slices(metric: str, factor: str = "") -> str:
    return f"max by (GPU_I_PROFILE, GPU_I_ID) ({metric}{_THIS}{factor})"


def _whole(metric: str, factor: str = "") -> str:
    return f"max({metric}{_THIS}{factor})"


_WHICH = Row(
    "Which it is",
    (
        table(
            "The GPU",
            "Its node, its number there, its model and address, with its temperature now.",
            "Temperature",
            Unit.CELSIUS,
            f"max by ({PLACE}, modelName, pci_bus_id) (DCGM_FI_DEV_GPU_TEMP{_THIS})",
            width=12,
        ),
        table(
            "Sessions on it",
            "Pods that hold it now; several where it is shared. Of a shared GPU each says how busy "
            "the whole is.",
            "At work",
            Unit.SHARE,
            "max by (team_namespace, session, GPU_I_PROFILE, GPU_I_ID) "
            f"({by_pod(f'DCGM_FI_PROF_GR_ENGINE_ACTIVE{_THIS}')})",
            width=12,
        ),
    ),
)
_WORK = Row(
    "What it does",
    (
        graph(
            "At work",
            "Share of the time in which it had something to do, in which tensor cores computed, "
            "and in which its memory was read or written.",
            Unit.SHARE,
            Query(_of_slices("DCGM_FI_PROF_GR_ENGINE_ACTIVE"), f"at work {_SLICE}"),
            Query(_of_slices("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"), f"tensor cores {_SLICE}"),
            Query(_of_slices("DCGM_FI_PROF_DRAM_ACTIVE"), f"memory {_SLICE}"),
        ),
        graph(
            "Memory",
            "In use and free. Sessions fail where nothing is free.",
            Unit.BYTES,
            Query(_of_slices("DCGM_FI_DEV_FB_USED", f" * {MIB}"), f"used {_SLICE}"),
            Query(_of_slices("DCGM_FI_DEV_FB_FREE", f" * {MIB}"), f"free {_SLICE}"),
        ),
        graph(
            "PCIe",
            "Data to the GPU and from it. A GPU that waits for data works little and reads much.",
            Unit.BYTES_PER_SECOND,
            Query(_whole("DCGM_FI_PROF_PCIE_RX_BYTES"), "to the GPU"),
            Query(_whole("DCGM_FI_PROF_PCIE_TX_BYTES"), "from it"),
        ),
    ),
)
_STATE = Row(
    "How it is",
    (
        graph(
            "Temperature",
            "Of the GPU and of its memory.",
            Unit.CELSIUS,
            Query(_whole("DCGM_FI_DEV_GPU_TEMP"), "GPU"),
            Query(_whole("DCGM_FI_DEV_MEMORY_TEMP"), "memory"),
        ),
        graph(
            "Power",
            "What it draws. At its limit it slows down.",
            Unit.WATTS,
            Query(_whole("DCGM_FI_DEV_POWER_USAGE"), "power"),
        ),
        graph(
            "Clocks",
            "Of its multiprocessors and of its memory. They fall where it rests or is slowed down.",
            Unit.HERTZ,
            Query(_whole("DCGM_FI_DEV_SM_CLOCK", " * 1e6"), "multiprocessors"),
            Query(_whole("DCGM_FI_DEV_MEM_CLOCK", " * 1e6"), "memory"),
        ),
        graph(
            "Last Xid error",
            "The number of the last error that the driver reported; 0 if there was none. NVIDIA's "
            "list of Xid errors says what each means.",
            Unit.COUNT,
            Query(_whole("DCGM_FI_DEV_XID_ERRORS"), "Xid"),
        ),
    ),
)
ONE_GPU = Dashboard(
    "gpu",
    "One GPU",
    "What one GPU does and how it is, by dcgm-exporter.",
    (_WHICH, _WORK, _STATE),
    (
        Choice(
            "gpu",
            "GPU",
            "Its UUID, as nvidia-smi -L and the panel in a session have it.",
            "DCGM_FI_DEV_GPU_TEMP",
            "UUID",
        ),
    ),
)
