"""Who in this session holds memory of a GPU: which kernel, which terminal."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gpucommons_contract import GPU, GPUHolder, GPUProcess, HolderKind

from gpucommons_lab.origins import Origin
from gpucommons_lab.own_processes import NOT_OURS, OwnProcesses, lineage, program


class Holders:
    """Adds to the processes on GPUs whose they are. On the sampling thread."""

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
        """Say of each process whose it is, and of each GPU how much is this session's."""
        listed = (process.pid for gpu in gpus for process in gpu.processes or ())
        self._listed = frozenset(listed)
        here = {pid: self._own.here(pid) for pid in self._listed}
        own = {pid: number for pid, number in here.items() if number}
        origins = self._origins() if own else {}
        holders = {pid: self._holder(number, origins) for pid, number in own.items()}
        return tuple(_on(gpu, here, holders) for gpu in gpus)

    def look(self) -> None:
        """Find out about processes that were listed and are not known yet; may take a second."""
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
    """Add up what is this session's; None if that cannot be told of one of them."""
    if any(here[each.pid] is None for each in processes):
        return None
    held = [each.memory for each in processes if here[each.pid] != NOT_OURS]
    known = [memory for memory in held if memory is not None]
    return sum(known) if len(known) == len(held) else None
