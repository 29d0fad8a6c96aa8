"""Shapes of the telemetry that a session serves to its panel: its GPUs, its memory, CPUs and disk.

A figure that the driver does not support, or that is not known, is ``None``, never zero.

Plain dataclasses: a session is started by somebody who waits, and importing
pydantic would take a twentieth of that time. A reader on the other side can
validate with ``pydantic.TypeAdapter(TelemetryFrame).validate_json``.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

WORK_ABOVE_PERCENT = 3.0
"""Percent of utilization above which a GPU counts as working. Reading NVML alone causes up to 1."""
SHARED_GPU_MODES = ("mps", "timeslice", "hami")
"""GPU modes in which other sessions work on the same device; see `SessionVariable.GPU_MODE`."""


class TelemetryState(StrEnum):
    """Whether the session can read its GPUs."""

    OK = "ok"
    NO_GPU = "no-gpu"
    """The session asked for no GPU, and sees none."""
    FAILED = "failed"
    """The session has a GPU, but it or a part of it cannot be read; ``reason`` says why.

    ``gpus`` still contains what could be read.
    """


class Throttle(StrEnum):
    """Why a device runs below its highest clock. Idling does not count."""

    POWER = "power"
    """It is at its power limit; usual under full load."""
    THERMAL = "thermal"
    """It is too hot."""
    HARDWARE = "hardware"
    """The board slows it down: power supply or an external brake."""
    SETTING = "setting"
    """An administrator, or the application, set a lower clock."""


@dataclass(frozen=True, slots=True)
class GPUMemory:
    """Memory of one device in bytes, as NVML counts it."""

    used: int
    total: int
    mine: int | None = None
    """What this session's processes use; None where unknown, 0 where none is on the device."""


@dataclass(frozen=True, slots=True)
class GPUPeak:
    """The most memory seen in use on a device, in bytes, while it was read."""

    memory: int
    since_start: int
    """As ``memory``, but never reset by the person."""


@dataclass(frozen=True, slots=True)
class GPUTraffic:
    """Bytes per second over a link, as the device sees it."""

    received: int
    sent: int


class HolderKind(StrEnum):
    """Which part of a session a process belongs to."""

    KERNEL = "kernel"
    TERMINAL = "terminal"
    OTHER = "other"
    """Anything else in the session, such as VS Code."""


@dataclass(frozen=True, slots=True)
class GPUHolder:
    """The part of this session that a process on a device is, or descends from."""

    kind: HolderKind
    id: str | None
    """The kernel's id or the terminal's name, as Jupyter Server's API gives them."""
    pid: int
    """The process's number as the session's own terminals show it."""
    program: str
    """The process's name, such as ``python``."""


@dataclass(frozen=True, slots=True)
class GPUProcess:
    """One process on a device. ``pid`` is the number that NVML gives."""

    pid: int
    memory: int | None = None  # bytes
    holder: GPUHolder | None = None
    """None: it does not belong to this session, or its owner is unknown."""


@dataclass(frozen=True, slots=True)
class GPU:
    """One device that the session sees."""

    index: int
    uuid: str
    name: str
    utilization: int | None = None  # percent
    memory: GPUMemory | None = None
    power: float | None = None  # watts
    power_limit: float | None = None  # watts
    temperature: int | None = None  # degrees Celsius
    processes: tuple[GPUProcess, ...] | None = None
    clock: int | None = None  # MHz, of the multiprocessors
    clock_limit: int | None = None  # MHz
    throttle: tuple[Throttle, ...] | None = None  # empty: nothing reduces the clock
    ecc_errors: int | None = None  # memory errors since the driver was loaded, not corrected
    pcie: GPUTraffic | None = None
    nvlink: GPUTraffic | None = None  # over all links
    mig_profile: str | None = None  # such as ``1g.10gb``: the device is this slice
    peak: GPUPeak | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class GPUShare:
    """The part of each device that this session may use, where that is less than all of it."""

    memory: int | None = None  # bytes
    threads: int | None = None  # percent of the multiprocessors


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Memory of a session's container, in bytes."""

    used: int
    """What programs use; the kernel's cache of files, which it can give up, does not count."""
    limit: int | None = None
    """Above it, a program is killed. None: there is no limit, or it is unknown."""


@dataclass(frozen=True, slots=True)
class CPUUse:
    """What a session's container computes, in cores."""

    used: float
    """Mean over the last seconds."""
    limit: float | None = None
    """None: there is no limit, or it is unknown."""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """The volume of a session's home folder, including what others keep on it."""

    used: int  # bytes
    size: int  # bytes that can be used in total
    files: int | None = None
    """How many files there are; None where the file system does not count them."""
    most_files: int | None = None


@dataclass(frozen=True, slots=True)
class SessionUse:
    """What a session uses of its container and its home folder; never the node's figures.

    Unknown figures are None.
    """

    memory: MemoryUse | None = None
    cpu: CPUUse | None = None
    disk: DiskUse | None = None


@dataclass(frozen=True, slots=True)
class TelemetryFrame:
    """All GPUs of a session at one moment, and what else it uses.

    reason is a sentence for the person, unless the state is ok; gpu_mode comes
    from the session's label.
    """

    time: float  # seconds since the Unix epoch
    state: TelemetryState
    interval: float  # seconds until the next frame
    reason: str | None = None
    gpu_mode: str | None = None
    gpus: tuple[GPU, ...] = ()
    share: GPUShare | None = None
    use: SessionUse | None = None

    def to_json(self) -> str:
        """Write the frame as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class GPUSeries:
    """The past of one device: a value for each of the history's times, None where unknown."""

    utilization: tuple[float | None, ...]  # percent, mean over the step
    memory: tuple[int | None, ...]  # bytes in use, highest in the step
    power: tuple[float | None, ...]  # watts, mean over the step


@dataclass(frozen=True, slots=True)
class TelemetryHistory:
    """What was read of a session's GPUs over some time, by the devices' UUIDs."""

    step: float  # seconds covered by one value
    times: tuple[float, ...]  # seconds since the Unix epoch, ascending
    gpus: dict[str, GPUSeries]

    def to_json(self) -> str:
        """Write the history as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class GPUUsage:
    """What all devices of a session did between two moments, whoever made them do it.

    Of steps that are only partly in the span, utilization counts in proportion, a peak in full.
    So what is shorter than ``step`` cannot be distinguished from its neighbours.
    """

    since: float  # seconds since the Unix epoch
    until: float
    step: float  # seconds covered by one value of the history
    gpu_seconds: float | None  # utilization over time, summed over the devices; None if unknown
    memory_peak: int | None  # bytes in use, the most on any one device
    covered: float  # the part of the span that is known, 0 to 1, of the device known best

    def to_json(self) -> str:
        """Write the usage as one line of JSON."""
        return json.dumps(asdict(self))
