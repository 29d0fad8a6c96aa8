"""Which of the processes on a GPU are this session's, and their PIDs here.

The numbers by which the driver calls processes depend on its version and on where it is asked, so
they are never assumed: see docs/reference/gpu-drivers.md. A session in the host's PID namespace,
such as JupyterLab installed on a workstation, looks at its own descendants; one in a pod compares
what is listed with what it sees, and may ask the node: see ``pod_processes``.

A process counts as not ours only where that is certain. Otherwise it is unknown.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

NOT_OURS = 0
"""In place of a PID: the process is certainly another's."""

_INITIAL_PID_NAMESPACE = 0xEFFFFFFC
"""Inode of the host's PID namespace. Source: PROC_PID_INIT_INO in linux/proc_ns.h."""
_PARENT = 1
"""Place of the parent's PID in /proc/PID/stat, counted from after the name. Source: proc(5)."""
_GENERATIONS = 64
"""Parents that are followed at most: PIDs are reused, so they may form a circle."""
_PROC = Path("/proc")


class OwnProcesses(Protocol):
    """Separates this session's processes from others'; used by one thread only."""

    def here(self, pid: int) -> int | None:
        """Return the session's PID of what NVML calls ``pid``: `NOT_OURS`, None if unknown."""

    def look(self, pids: Iterable[int]) -> None:
        """Look up those that are not known. This may take a second."""


class UnknownProcesses:
    """Knows nothing, for where the driver's PIDs cannot be interpreted."""

    def here(self, pid: int) -> int | None:  # noqa: ARG002
        """Return that it is unknown."""
        return None

    def look(self, pids: Iterable[int]) -> None:
        """Look up nothing."""


class HostProcesses:
    """The server and all that descends from it, where PIDs here are those that NVML gives."""

    def __init__(self, server: int | None = None, proc: Path = _PROC) -> None:
        """``server`` is the server's PID; this process's without."""
        self._server = os.getpid() if server is None else server
        self._proc = proc

    def here(self, pid: int) -> int | None:
        """Return the same PID if the process descends from the server.

        Unknown is a process that neither descends from it nor started it, but runs in the same
        control group, such as one that a terminal left behind. What has ended is not ours.
        """
        if self._server in lineage(pid, self._proc):
            return pid
        group = self._group(pid)
        if group is None or pid in lineage(self._server, self._proc):
            return NOT_OURS
        return None if group == self._group(self._server) else NOT_OURS

    def look(self, pids: Iterable[int]) -> None:
        """Look up nothing: /proc is read on each call."""

    def _group(self, pid: int) -> str | None:
        try:
            return (self._proc / str(pid) / "cgroup").read_text(errors="replace")
        except OSError:  # it ended, or is another account's and hidden from us
            return None


def pids_are_the_hosts(proc: Path = _PROC) -> bool:
    """Whether PIDs here are those of the host, which every driver uses there."""
    try:
        return (proc / "self/ns/pid").stat().st_ino == _INITIAL_PID_NAMESPACE
    except OSError:
        return False


def proc_is_ours(proc: Path = _PROC) -> bool:
    """Whether /proc shows the PID namespace that we are in, and not one around it."""
    try:
        return (proc / "self").readlink().name == str(os.getpid())
    except OSError:
        return False


def lineage(pid: int, proc: Path = _PROC) -> Iterator[int]:
    """Yield a process, its parent, the parent's parent and so on, as far as they are visible."""
    current: int | None = pid
    for _ in range(_GENERATIONS):
        if not current:
            return
        yield current
        current = _parent(current, proc)


def program(pid: int, proc: Path = _PROC) -> str | None:
    """Return the name of a process's program; None if it ended, or is hidden from us."""
    try:
        return (proc / str(pid) / "comm").read_text(errors="replace").rstrip("\n")
    except OSError:
        return None


def _parent(pid: int, proc: Path) -> int | None:
    try:
        line = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:  # it ended, or is hidden from us
        return None
    # The name is in parentheses and may contain parentheses and spaces.
    return int(line.rpartition(")")[2].split()[_PARENT])
