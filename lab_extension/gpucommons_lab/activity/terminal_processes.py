"""Which of the session's terminals run a program, as the Linux kernel reports it.

See proc_pid_stat(5) and credentials(7) of the Linux manual.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TERMINALS = Path("/dev/pts")
_SHELLS = frozenset({"bash", "dash", "fish", "ksh", "sh", "zsh"})
_INTERACTIVE = frozenset({"-i", "-l", "--login", "--interactive", "--norc", "--noprofile"})
"""Options with which these shells read commands from the terminal."""


@dataclass(frozen=True, slots=True)
class Process:
    """The part of a process's state that shows whether its terminal is busy."""

    pid: int
    name: str
    parent: int
    group: int
    session: int
    terminal: int  # 0: none
    foreground: int  # the process group that has the terminal; -1: none

    @property
    def waits_for_a_command(self) -> bool:
        """Whether this is a terminal's leader, usually a shell, with nothing in front."""
        return self.foreground in (self.group, -1)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal and what runs in it in addition to its leader, usually a shell."""

    leader: int
    """PID of the shell."""
    device: Path
    busy: bool
    program: str | None
    """Name of the program in front; None if there is none, or it has just ended."""


def can_look() -> bool:
    """Whether this system shows processes the way Linux does."""
    return (_PROC / "self" / "stat").exists()


def busy_terminal(ancestor: int) -> bool:
    """Return whether a program other than the shell is in front of a terminal below this process.

    A program in the background does not count, nor does a stopped job.
    """
    return any(terminal.busy for terminal in terminals_below(ancestor))


def terminals_below(ancestor: int) -> tuple[Terminal, ...]:
    """Look at all terminals whose shell descends from this process. May raise OSError."""
    processes = {process.pid: process for process in _processes()}
    return tuple(
        _terminal(process, processes)
        for process in processes.values()
        if process.session == process.pid
        and process.terminal
        and _descends(process, ancestor, processes)
    )


def read_stat(line: str) -> Process:
    """Read a line of /proc/PID/stat. A name may contain blanks and brackets: the last ends it."""
    pid, _, rest = line.partition(" ")
    name, _, state = rest.rpartition(")")
    parent, group, session, terminal, foreground = (int(each) for each in state.split()[1:6])
    return Process(int(pid), name.removeprefix("("), parent, group, session, terminal, foreground)


def _terminal(leader: Process, processes: Mapping[int, Process]) -> Terminal:
    group = [each for each in processes.values() if each.group == leader.foreground]
    busy = not leader.waits_for_a_command and not _is_shell_at_prompt(group)
    # The first program of a pipe leads its group, and may be the first to end.
    group.sort(key=lambda each: each.pid != leader.foreground)
    return Terminal(
        leader=leader.pid,
        device=_TERMINALS / str(os.minor(leader.terminal)),
        busy=busy,
        program=group[0].name if busy and group else None,
    )


def _is_shell_at_prompt(group: Sequence[Process]) -> bool:
    """Whether what is in front is a shell started in a shell, waiting for a command.

    A shell that runs a program puts it in front in a group of its own. A shell with a script or a
    command counts as a program, and so does whatever is not certain.
    """
    if len(group) != 1 or group[0].name not in _SHELLS:
        return False
    try:
        line = (_PROC / str(group[0].pid) / "cmdline").read_text(errors="replace")
    except OSError:  # it has just ended
        return False
    first, *options = line.rstrip("\0").split("\0")
    return bool(first) and all(each in _INTERACTIVE for each in options)


def _processes() -> Iterator[Process]:
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                yield read_stat((folder / "stat").read_text(errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile


def _descends(process: Process, ancestor: int, processes: Mapping[int, Process]) -> bool:
    """Follow the parents up. A list read while processes came and went cannot make it loop."""
    current: Process | None = process
    for _ in range(len(processes)):
        if current is None:
            return False
        if current.parent == ancestor:
            return True
        current = processes.get(current.parent)
    return False
