"""What simulated GPUs are doing: values only, no files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from gpucommons_local.gpu.mig import check_cut, check_profile

GPU_COUNT = 4
"""GPUs of the local platform."""
MOST_GPUS = 16
"""GPUs that a machine can have, as a DGX-2 has; gpus.h says the same."""
MEMORY_TOTAL = 143771 << 20
"""Bytes on each GPU, as an H200 reports; gpus.h says the same."""
POWER_LIMIT = 700_000
"""Milliwatts."""
THROTTLES = {"power": 0x4, "thermal": 0x20, "hardware": 0x80, "setting": 0x2}
"""What can hold a clock back, as bits of NVML's clocks event reasons: software power cap,
software thermal slowdown, power brake, application clocks. Source: nvml.h."""
FIGURES = {
    "utilization": 1 << 0,
    "memory": 1 << 1,
    "power": 1 << 2,
    "power-limit": 1 << 3,
    "temperature": 1 << 4,
    "clock": 1 << 5,
    "throttle": 1 << 6,
    "ecc": 1 << 7,
    "pcie": 1 << 8,
    "processes": 1 << 9,
}
"""What a driver may not support, or answer nonsense for, as bits; state.h says the same."""
PROCESS_MEMORY = {"told": 0, "zero": 1, "hidden": 2}
"""What is reported of the memory of a process, as numbers; state.h says the same."""
MAX_PROCESSES = 64
MAX_XIDS = 16
"""Xids remembered; older ones were reported long ago."""

_IDLE_POWER = 75_000
_IDLE_TEMPERATURE, _BUSY_TEMPERATURE = 30, 65
_IDLE_CLOCK, _BUSY_CLOCK, _MEMORY_CLOCK = 345, 1980, 3201
_MEMORY_SHARE_OF_LOAD = 0.6
_MOST_ERRORS = 1_000_000
_MOST_TRAFFIC = 64_000_000
"""KB/s; PCIe 5.0 with 16 lanes has 63 GB/s."""
_LONGEST_DELAY = 60_000


def _check(name: str, value: int, largest: int, unit: str) -> None:
    if not 0 <= value <= largest:
        raise ValueError(f"{name} {value} is out of range: from 0 to {largest} {unit}.")


@dataclass(frozen=True, slots=True)
class GPUState:
    """The figures of one GPU. Raises ValueError when one is impossible."""

    utilization: int = 0  # percent
    memory_utilization: int = 0  # percent
    memory_used: int = 0  # bytes
    power: int = _IDLE_POWER  # milliwatts
    temperature: int = _IDLE_TEMPERATURE  # degrees Celsius
    sm_clock: int = _IDLE_CLOCK  # MHz
    memory_clock: int = _MEMORY_CLOCK  # MHz
    lost: bool = False
    """Whether the GPU fell off the bus: readings then fail with "GPU is lost"."""
    throttle: int = 0
    """What holds the clock back: `THROTTLES`, added up."""
    ecc_errors: int = 0
    """Memory errors that could not be corrected."""
    pcie_received: int = 0  # KB/s
    pcie_sent: int = 0  # KB/s
    delay: int = 0
    """Milliseconds that the driver takes to report the utilization."""
    translates: bool = False
    """Whether processes are listed as drivers from 535.113 on do: to each program by the PIDs of
    its own namespace, and without those that are not in it. Else by the numbers given here."""
    process_memory: int = 0
    """What is reported of a process's memory: a number of `PROCESS_MEMORY`."""
    unsupported: int = 0
    """Figures that the driver says it does not support: `FIGURES`, added up."""
    garbage: int = 0
    """Figures for which it answers a number that cannot be: `FIGURES`, added up."""

    def __post_init__(self) -> None:
        _check("Utilization", self.utilization, 100, "percent")
        _check("Memory utilization", self.memory_utilization, 100, "percent")
        _check("Used memory", self.memory_used, MEMORY_TOTAL, "bytes")
        _check("Power", self.power, POWER_LIMIT, "milliwatts")
        _check("Temperature", self.temperature, 120, "degrees Celsius")
        _check("Clock", self.sm_clock, 10_000, "MHz")
        _check("Memory clock", self.memory_clock, 10_000, "MHz")
        _check("Throttle", self.throttle, sum(THROTTLES.values()), "as bits")
        _check("ECC errors", self.ecc_errors, _MOST_ERRORS, "")
        _check("PCIe traffic", max(self.pcie_received, self.pcie_sent), _MOST_TRAFFIC, "KB/s")
        _check("Delay", self.delay, _LONGEST_DELAY, "milliseconds")
        _check("Memory of processes", self.process_memory, max(PROCESS_MEMORY.values()), "")
        _check("Figures", max(self.unsupported, self.garbage), sum(FIGURES.values()), "as bits")

    def with_load(self, utilization: int) -> "GPUState":
        """Put the GPU under load, with the power, heat and clocks that go with it."""
        _check("Utilization", utilization, 100, "percent")
        share = utilization / 100
        return replace(
            self,
            utilization=utilization,
            memory_utilization=round(utilization * _MEMORY_SHARE_OF_LOAD),
            power=round(_IDLE_POWER + share * (POWER_LIMIT - _IDLE_POWER)),
            temperature=round(_IDLE_TEMPERATURE + share * (_BUSY_TEMPERATURE - _IDLE_TEMPERATURE)),
            sm_clock=_BUSY_CLOCK if utilization else _IDLE_CLOCK,
        )


@dataclass(frozen=True, slots=True)
class GPUProcess:
    """A process on a GPU.

    ``pid`` is the number that a driver gives which does not translate, and on the machine.
    ``inside`` and ``namespace``, an inode, are its number and place for one that does; 0 where
    that is not known: it is then listed in no other namespace than the machine's.
    """

    gpu: int
    pid: int
    memory: int  # bytes
    inside: int = 0
    namespace: int = 0

    def __post_init__(self) -> None:
        check_gpu(self.gpu)
        _check("Process id", max(self.pid, self.inside), 2**32 - 1, "")
        _check("Namespace", self.namespace, 2**32 - 1, "")
        _check("Memory of a process", self.memory, MEMORY_TOTAL, "bytes")


@dataclass(frozen=True, slots=True)
class Xid:
    """A critical error that the driver reports once, to everyone who listens.

    sequence grows by one with each, so that a listener knows what is new.
    """

    sequence: int
    gpu: int
    code: int

    def __post_init__(self) -> None:
        check_gpu(self.gpu)
        _check("Xid", self.code, 999, "")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a GPU that is cut by MIG. Its UUID is new each time the GPU is cut."""

    gpu: int
    profile: str
    uuid: str = field(default_factory=lambda: f"MIG-{uuid4()}")

    def __post_init__(self) -> None:
        check_gpu(self.gpu)
        check_profile(self.profile)


def all_idle(count: int = GPU_COUNT) -> tuple[GPUState, ...]:
    """So many GPUs that do nothing."""
    return (GPUState(),) * count


@dataclass(frozen=True, slots=True)
class DriverState:
    """All GPUs at one moment. generation grows with each change."""

    generation: int = 0
    gpus: tuple[GPUState, ...] = field(default_factory=all_idle)
    processes: tuple[GPUProcess, ...] = ()
    xids: tuple[Xid, ...] = ()
    slices: tuple[Slice, ...] = ()
    """Of a GPU without any, MIG is off."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.gpus) <= MOST_GPUS:
            raise ValueError(f"There are 1 to {MOST_GPUS} GPUs, not {len(self.gpus)}.")
        if len(self.processes) > MAX_PROCESSES:
            raise ValueError(f"At most {MAX_PROCESSES} processes can be simulated.")

    def with_gpu(self, number: int, gpu: GPUState) -> "DriverState":
        """Change one GPU."""
        check_gpu(number, len(self.gpus))
        return replace(self, gpus=(*self.gpus[:number], gpu, *self.gpus[number + 1 :]))

    def with_processes(self, number: int, processes: Iterable[GPUProcess]) -> "DriverState":
        """Replace the processes of one GPU."""
        check_gpu(number, len(self.gpus))
        others = tuple(each for each in self.processes if each.gpu != number)
        return replace(self, processes=(*others, *processes))

    def with_cut(self, number: int, profiles: Sequence[str]) -> "DriverState":
        """Cut one GPU into slices of these profiles; without any, it is whole again."""
        check_gpu(number, len(self.gpus))
        check_cut(profiles)
        others = tuple(each for each in self.slices if each.gpu != number)
        return replace(self, slices=(*others, *(Slice(number, name) for name in profiles)))

    def with_xid(self, number: int, code: int) -> "DriverState":
        """Add a critical error on a GPU."""
        check_gpu(number, len(self.gpus))
        sequence = self.xids[-1].sequence + 1 if self.xids else 1
        return replace(self, xids=(*self.xids, Xid(sequence, number, code))[-MAX_XIDS:])

    def reset(self, numbers: Iterable[int] | None = None) -> "DriverState":
        """Make GPUs idle, all unless some are named, without processes and whole.

        Xids stay: a report cannot be taken back.
        """
        state = self
        for number in range(len(self.gpus)) if numbers is None else numbers:
            state = state.with_gpu(number, GPUState()).with_processes(number, ())
            state = state.with_cut(number, ())
        return state


def check_gpu(number: int, count: int = MOST_GPUS) -> None:
    """Raise ValueError unless there is a GPU of this number among that many."""
    if number not in range(count):
        raise ValueError(f"There is no GPU {number}: they are numbered 0 to {count - 1}.")
