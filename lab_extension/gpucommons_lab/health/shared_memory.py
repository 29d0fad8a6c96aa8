"""Reports when /dev/shm has no room, or leaves programs little memory."""

import os
from collections.abc import Callable
from pathlib import Path

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.formats.byte_sizes import format_bytes
from gpucommons_contract.words import phrase, sentences

from gpucommons_lab.health.control_group import ContainerMemory

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- looked at, not written
_MOST = 0.7
"""Part of the session's memory: with more in /dev/shm, the server itself may soon be killed."""
_FULL = 0.05
"""Part of /dev/shm: with less free, the next program that shares memory may fail."""


class SharedMemory:
    """Warns that files in /dev/shm leave no room there, or little memory for programs."""

    def __init__(
        self,
        read: Callable[[], ContainerMemory | None],
        shared: Callable[[], tuple[int, int] | None] | None = None,
    ) -> None:
        """``read`` gives the container's memory, ``shared`` used and all bytes of /dev/shm."""
        self._read = read
        self._shared = shared or shared_memory

    def look(self) -> Notice | None:
        """Return the notice while that is so."""
        shared = self._shared()
        trouble = shared and (_full(*shared) or _in_the_way(shared[0], self._read))
        if not trouble:
            return None
        advice = phrase(
            "Delete what you do not need in /dev/shm: files there stay when programs end."
        )
        return Notice("shared-memory", sentences(trouble, advice), NoticeLevel.WARNING)


def _full(used: int, total: int) -> str | None:
    if not total or total - used >= _FULL * total:
        return None
    return phrase(
        "Shared memory is full: %(used)s of %(total)s in /dev/shm are in use. Programs that share "
        "memory, such as PyTorch's data loaders, fail with 'Bus error'.",
        used=format_bytes(used),
        total=format_bytes(total),
    )


def _in_the_way(used: int, read: Callable[[], ContainerMemory | None]) -> str | None:
    if not used:
        return None
    memory = read()
    if not memory or not memory.limit or used < _MOST * memory.limit:
        return None
    return phrase(
        "Files in /dev/shm take %(used)s of the %(limit)s of memory that this session may use. "
        "Without room, programs are killed.",
        used=format_bytes(used),
        limit=format_bytes(memory.limit),
    )


def shared_memory(folder: Path = SHARED_MEMORY) -> tuple[int, int] | None:
    """Return how many bytes of /dev/shm are in use, and its size; None: not known."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    total = found.f_blocks * found.f_frsize
    return total - found.f_bavail * found.f_frsize, total
