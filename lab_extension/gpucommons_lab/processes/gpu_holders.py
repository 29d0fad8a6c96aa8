"""Which kernel or terminal of this session holds memory of a GPU."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gpucommons_contract import GPU, GPUHolder, GPUProcess, HolderKind

from gpucommons_lab.processes.kernel_pids import Origin
from gpucommons_lab.processes.own_processes import NOT_OURS, OwnProcesses, lineage, program


class GPUHolders:
    """Adds its holder to each process on a GPU. Used on the sampling thread."""

    def __init__(
        self,
        own: OwnProcesses,
        origins: Callable[[], Mapping[int, Origin]],
        proc: Path = Path("/proc"),
    ) -> None:
        """``origins`` gives kernels and terminals by the PID that each began with."""
        self._own = own
        self._origins = origins
        self._proc = proc
        self._listed: frozenset[int] = frozenset()

    def add(self, gpus: tuple[GPU, ...]) -> tuple[GPU, ...]:
        """Add the holder to each process, and this session's share of memory to each GPU."""
        listed = (process.pid for gpu in gpus for process in gpu.processes or ())
        self._listed = frozenset(listed)
        here = {pid: self._own.here(pid) for pid in self._listed}
        own = {pid: number for pid, number in here.items() if number}
        origins = self._origins() if own else {}
        holders = {pid: self._holder(number, origins) for pid, number in own.items()}
        return tuple(_on(gpu, here, holders) for gpu in gpus)

    def look(self) -> None:
        """Look up processes that were listed and are not known yet; may take a second."""
        self._own.look(self._listed)

    def _holder(self, pid: int, origins: Mapping[int, Origin]) -> GPUHolder | None:
        name = program(pid, self._proc)
        if name is None:  # it ended since NVML listed it
            return None
        found = (origins[each] for each in lineage(pid, self._proc) if each in origins)
        origin = next(found, None)
        if origin is None:
            return GPUHolder(HolderKind.OTHER, None, pid, name)
        return GPUHolder(origin.kind, origin.id, pid, name)


def _on(gpu: GPU, here: Mapping[int, int | None], holders: Mapping[int, GPUHolder | None]) -> GPU:
    if gpu.processes is None:
        return gpu
    processes = tuple(replace(each, holder=holders.get(each.pid)) for each in gpu.processes)
    memory = gpu.memory and replace(gpu.memory, mine=_mine(processes, here))
    return replace(gpu, processes=processes, memory=memory)


def _mine(processes: tuple[GPUProcess, ...], here: Mapping[int, int | None]) -> int | None:
    """Add up what is this session's; None if one of them is unknown.

    So 0 means that none of them is: every process on a GPU holds memory of it.
    """
    if any(here[each.pid] is None for each in processes):
        return None
    held = [each.memory for each in processes if here[each.pid] != NOT_OURS]
    known = [memory for memory in held if memory]
    return sum(known) if len(known) == len(held) else None
