"""Which notebooks, terminals and programs of this session hold its memory."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gpucommons_contract import HolderKind

from gpucommons_lab.processes.kernel_pids import Origin
from gpucommons_lab.processes.own_processes import lineage, program

_RESIDENT, _SHARED = 1, 2
"""Places in /proc/PID/statm, in pages. Source: proc(5)."""
_ENDED = ("Z", "X")
"""States of a process that has ended, and which its parent may not have noticed."""


class MemoryHolders:
    """Looks at this server and all that descends from it. Used by one thread only."""

    def __init__(
        self,
        origins: Callable[[], Mapping[int, Origin]],
        names: Callable[[], Mapping[str, str]],
        proc: Path = Path("/proc"),
        server: int | None = None,
    ) -> None:
        """``origins`` gives kernels and terminals by the PID that each began with.

        ``names`` gives what people call kernels, by their ids.
        """
        self._origins = origins
        self._names = names
        self._proc = proc
        self._server = os.getpid() if server is None else server
        self._kernels: dict[int, str] = {}

    def largest(self) -> list[tuple[str, int]]:
        """Return names with the bytes that only they hold, the largest first."""
        origins, names = self._origins(), self._names()
        held: Counter[str] = Counter()
        for pid in self._pids():
            line = list(lineage(pid, self._proc))
            if self._server not in line or not (memory := self._memory(pid)):
                continue
            origin = next((origins[each] for each in line if each in origins), None)
            held[self._name(pid, origin, names)] += memory
        return held.most_common()

    def remember(self) -> None:
        """Remember which kernels run now."""
        kernels = self._origins().items()
        self._kernels = {pid: each.id for pid, each in kernels if each.kind is HolderKind.KERNEL}

    def ended(self) -> list[str]:
        """Return the names of remembered kernels whose process has ended, where it has a name."""
        gone = [kernel for pid, kernel in self._kernels.items() if not self._lives(pid)]
        names = self._names() if gone else {}
        return [names[kernel] for kernel in gone if kernel in names]

    def _name(self, pid: int, origin: Origin | None, names: Mapping[str, str]) -> str:
        own = "JupyterLab" if pid == self._server else program(pid, self._proc) or "a program"
        if origin is None:
            return own
        if origin.kind is HolderKind.TERMINAL:
            return f"Terminal {origin.id}"
        return names.get(origin.id, own)

    def _pids(self) -> Iterator[int]:
        return (int(each.name) for each in self._proc.iterdir() if each.name.isdecimal())

    def _memory(self, pid: int) -> int:
        """Return bytes without what is shared or read from files; 0 of one that ended."""
        try:
            pages = (self._proc / str(pid) / "statm").read_text().split()
        except OSError:
            return 0
        return (int(pages[_RESIDENT]) - int(pages[_SHARED])) * os.sysconf("SC_PAGE_SIZE")

    def _lives(self, pid: int) -> bool:
        try:
            line = (self._proc / str(pid) / "stat").read_text(errors="replace")
        except OSError:
            return False
        return line.rpartition(")")[2].split()[0] not in _ENDED
