"""Which of the processes on a GPU are this session's, and their PIDs here.

NVML gives the PIDs of the host's PID namespace. In any other, as in a pod, the number 4242 may
be the host's name of somebody else's process and the session's name of a notebook: there they
are never compared. A session that runs in the host's namespace, such as JupyterLab installed on
a workstation, looks at its own descendants; one in a pod asks the node, see ``node_processes``.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

NOT_OURS = 0
"""In the place of a PID: the process is not this session's."""

_INITIAL_PID_NAMESPACE = 0xEFFFFFFC
"""Inode of the host's PID namespace. Source: PROC_PID_INIT_INO in linux/proc_ns.h."""
_PARENT = 1
"""Place of the parent's PID in /proc/PID/stat, counted from after the name. Source: proc(5)."""
_GENERATIONS = 64
"""Parents that are asked for at most: PIDs are used again, so what is read may be a circle."""
_PROC = Path("/proc")


class OwnProcesses(Protocol):
    """Tells this session's processes from others'; used by one thread only."""

    def here(self, pid: int) -> int | None:
        """Answer the session's PID of what NVML calls ``pid``: `NOT_OURS`, None if unknown."""

    def look(self, pids: Iterable[int]) -> None:
        """Find out about those that are not known. This may take a second."""


class UntoldProcesses:
    """Where nothing can be told: PIDs are not the host's, and nobody translates them."""

    def here(self, pid: int) -> int | None:  # noqa: ARG002
        """Answer that it is unknown."""
        return None

    def look(self, pids: Iterable[int]) -> None:
        """Find out nothing."""


class HostProcesses:
    """The server and all that descends from it, where PIDs here are those that NVML gives."""

    def __init__(self, server: int | None = None, proc: Path = _PROC) -> None:
        """``server`` is the server's PID; this process's without."""
        self._server = os.getpid() if server is None else server
        self._proc = proc

    def here(self, pid: int) -> int | None:
        """Answer the same PID if it descends from the server."""
        return pid if self._server in lineage(pid, self._proc) else NOT_OURS

    def look(self, pids: Iterable[int]) -> None:
        """Find out nothing: /proc is read when it is asked."""


def pids_are_the_hosts(proc: Path = _PROC) -> bool:
    """Whether PIDs here are those that NVML gives."""
    try:
        return (proc / "self/ns/pid").stat().st_ino == _INITIAL_PID_NAMESPACE
    except OSError:
        return False


def lineage(pid: int, proc: Path = _PROC) -> Iterator[int]:
    """Give a process, its parent, the parent's parent and so on, as far as they are seen."""
    current: int | None = pid
    for _ in range(_GENERATIONS):
        if not current:
            return
        yield current
        current = _parent(current, proc)


def program(pid: int, proc: Path = _PROC) -> str | None:
    """Name what a process runs; None if it ended, or is hidden from us."""
    try:
        return (proc / str(pid) / "comm").read_text(errors="replace").rstrip("\n")
    except OSError:
        return None


def _parent(pid: int, proc: Path) -> int | None:
    try:
        line = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:  # it ended, or is hidden from us
        return None
    # The name stands in parentheses and may hold both these and spaces.
    return int(line.rpartition(")")[2].split()[_PARENT])
