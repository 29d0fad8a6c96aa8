"""Reports when memory is full: a program of this session was killed, /dev/shm has no room.

What the kernel counts of a container's memory is in control groups of version 2 or 1. See
https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.events, memory.max) and
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (memory.oom_control).
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.wording import moment

from gpucommons_lab.health.formatting import format_bytes

_ROOT = Path("/sys/fs/cgroup")
_PROC = Path("/proc/self/cgroup")
_KILLS = "oom_kill"
_UNLIMITED = 2**50
"""Bytes. Version 1 writes a number near 2**63 where there is no limit."""


@dataclass(frozen=True, slots=True)
class ContainerMemory:
    """What was read at one moment. ``limit`` and ``used`` are bytes, None where unknown."""

    kills: int
    """How many of its processes were killed because memory was full, since it began."""
    limit: int | None
    used: int | None


def read_memory(root: Path = _ROOT, own: Path = _PROC) -> ContainerMemory | None:
    """Read this container's memory; None where the kernel does not count kills."""
    groups = _groups(own)
    for folder, names in (
        (root, ("memory.events", "memory.max", "memory.current")),
        (
            root / "memory",
            ("memory.oom_control", "memory.limit_in_bytes", "memory.usage_in_bytes"),
        ),
    ):
        # In a container its group is usually mounted as the root; else it is named as ours.
        for group in (folder / each for each in (*groups, "")):
            kills = _kills(group / names[0])
            if kills is not None:
                limit = _number(group / names[1])
                known = limit if limit is not None and limit < _UNLIMITED else None
                return ContainerMemory(kills, known, _number(group / names[2]))
    return None


def _groups(own: Path) -> list[str]:
    """Return the control groups of this process: of version 2, and of version 1's memory."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    parts = (line.split(":", 2) for line in lines if line.count(":") >= 2)
    named = [path for _, kinds, path in parts if not kinds or "memory" in kinds.split(",")]
    return [path.strip("/") for path in named if path != "/"]


def _kills(file: Path) -> int | None:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    counts = dict(line.split(" ", 1) for line in lines if " " in line)
    count = counts.get(_KILLS, "").strip()
    return int(count) if count.isdecimal() else None


def _number(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- looked at, not written
_SHOWN = 3600.0
"""Seconds for which a kill is shown: later, the kernel was restarted long ago."""
_MUCH = 0.25
"""Part of the session's memory; from here on, files in /dev/shm are named as the cause."""
_MOST = 0.7
"""Part of the session's memory: with more in /dev/shm, the server itself may soon be killed."""
_FULL = 0.05
"""Part of /dev/shm: with less free, the next program that shares memory may fail."""


class MemoryKills:
    """Warns that the kernel killed a program: which limit, when, and what to do."""

    def __init__(
        self,
        read: Callable[[], ContainerMemory | None] = read_memory,
        shared: Callable[[], tuple[int, int] | None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``shared`` gives used and all bytes of /dev/shm; ``clock`` Unix time in seconds."""
        self._read = read
        self._shared = shared or shared_memory
        self._clock = clock
        self._seen: int | None = None  # until the first look, which reports nothing
        self._count = 0
        self._notice: Notice | None = None
        self._at = 0.0

    def look(self) -> Notice | None:
        """Return the notice that must be shown now, if any."""
        now = self._clock()
        memory = self._read()
        if memory and self._seen is not None and memory.kills > self._seen:
            self._count += memory.kills - self._seen
            self._at = now
            self._notice = Notice("memory-kills", self._text(memory), NoticeLevel.ERROR)
        if memory:
            self._seen = memory.kills
        if now - self._at > _SHOWN:
            self._notice, self._count = None, 0
        return self._notice

    def _text(self, memory: ContainerMemory) -> str:
        when = moment(datetime.fromtimestamp(self._at, UTC))
        what = "A kernel or program was" if self._count == 1 else f"{self._count} programs were"
        limit = f"This session may use {format_bytes(memory.limit)}. " if memory.limit else ""
        return (
            f"Memory was full: {what} killed at {when}. {limit}What it had in memory is lost, "
            f"files are kept. {self._advice(memory)}"
        )

    def _advice(self, memory: ContainerMemory) -> str:
        shared = self._shared()
        if shared and memory.limit and shared[0] >= _MUCH * memory.limit:
            return (
                f"{format_bytes(shared[0])} of it are files in /dev/shm, which stay when programs "
                "end: delete what you do not need there, or it happens again."
            )
        return "Load less at once, shut down other kernels, or start a session of a larger size."


class SharedMemory:
    """Warns that files in /dev/shm leave no room there, or little memory for programs."""

    def __init__(
        self,
        shared: Callable[[], tuple[int, int] | None] | None = None,
        read: Callable[[], ContainerMemory | None] = read_memory,
    ) -> None:
        """``shared`` gives used and all bytes of /dev/shm."""
        self._shared = shared or shared_memory
        self._read = read

    def look(self) -> Notice | None:
        """Return the notice while that is so."""
        shared = self._shared()
        trouble = shared and (_full(*shared) or _in_the_way(shared[0], self._read()))
        if not trouble:
            return None
        advice = "Delete what you do not need in /dev/shm: files there stay when programs end."
        return Notice("shared-memory", f"{trouble} {advice}", NoticeLevel.WARNING)


def _full(used: int, total: int) -> str | None:
    if not total or total - used >= _FULL * total:
        return None
    return (
        f"Shared memory is full: {format_bytes(used)} of {format_bytes(total)} in /dev/shm are in "
        "use. Programs that share memory, such as PyTorch's data loaders, fail with 'Bus error'."
    )


def _in_the_way(used: int, memory: ContainerMemory | None) -> str | None:
    if not memory or not memory.limit or used < _MOST * memory.limit:
        return None
    return (
        f"Files in /dev/shm take {format_bytes(used)} of the {format_bytes(memory.limit)} of "
        "memory that this session may use. Without room, programs are killed."
    )


def shared_memory(folder: Path = SHARED_MEMORY) -> tuple[int, int] | None:
    """Return how many bytes of /dev/shm are in use, and its size; None: not known."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    total = found.f_blocks * found.f_frsize
    return total - found.f_bavail * found.f_frsize, total
