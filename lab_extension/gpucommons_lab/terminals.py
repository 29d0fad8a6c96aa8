"""Whether a program runs in one of the session's terminals, as the kernel tells it.

See proc_pid_stat(5) and credentials(7) of the Linux manual.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """What of a process tells whether its terminal is busy."""

    pid: int
    parent: int
    group: int
    session: int
    terminal: int  # 0: none
    foreground: int  # the process group that has the terminal; -1: none

    @property
    def waits_for_a_command(self) -> bool:
        """Whether this is a shell, or another leader of a terminal, with nothing in front."""
        return self.foreground in (self.group, -1)


def can_look() -> bool:
    """Whether this system tells of processes the way Linux does."""
    return (_PROC / "self" / "stat").exists()


def busy_terminal(ancestor: int) -> bool:
    """Tell whether below this process something but the shell is in front of a terminal.

    A program in the background is not, nor is one that waits as a stopped job.
    """
    processes = {process.pid: process for process in _processes()}
    return any(
        process.session == process.pid
        and process.terminal
        and not process.waits_for_a_command
        and _descends(process, ancestor, processes)
        for process in processes.values()
    )


def read_stat(line: str) -> Process:
    """Read a line of /proc/PID/stat. A name may hold blanks and brackets: the last one ends it."""
    pid, _, rest = line.partition(" ")
    fields = rest.rpartition(")")[2].split()
    parent, group, session, terminal, foreground = (int(each) for each in fields[1:6])
    return Process(int(pid), parent, group, session, terminal, foreground)


def _processes() -> Iterator[Process]:
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                yield read_stat((folder / "stat").read_text(errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile


def _descends(process: Process, ancestor: int, processes: Mapping[int, Process]) -> bool:
    """Follow the parents up. A list that was read while processes came and went has no loop."""
    current: Process | None = process
    for _ in range(len(processes)):
        if current is None:
            return False
        if current.parent == ancestor:
            return True
        current = processes.get(current.parent)
    return False
