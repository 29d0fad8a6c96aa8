"""Reports when memory is nearly full, and when a program of this session was killed for it."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from gpucommons_contract import MEMORY_NOTICE, Notice, NoticeLevel
from gpucommons_contract.formats.byte_sizes import format_bytes, format_part
from gpucommons_contract.formats.wording import joined, moment
from gpucommons_contract.words import phrase, phrases, sentences

from gpucommons_lab.health.control_group import ContainerMemory
from gpucommons_lab.health.current_notice import CurrentNotice
from gpucommons_lab.health.shared_memory import shared_memory

_SHOWN = 3600.0
"""Seconds for which a kill is shown: later, the kernel was restarted long ago."""
_SETTLING = 5.0
"""Seconds after a kill in which it is still looked for who ended: large processes take a while."""
_RELIEF = 5.0
"""Percent by which memory has to fall below the threshold before the warning is over."""
_NAMED = 3
"""Holders of memory that are named."""
_WORTH_NAMING = 0.05
"""Part of the limit that a holder must have to be named."""
_MUCH = 0.25
"""Part of the session's memory; from here on, files in /dev/shm are named as the cause."""


class MemoryHolders(Protocol):
    """Knows who holds the memory of this session; may take a moment."""

    def largest(self) -> Sequence[tuple[str, int]]:
        """Return notebooks, terminals and programs with their bytes, the largest first."""

    def remember(self) -> None:
        """Remember which kernels run now."""

    def ended(self) -> Sequence[str]:
        """Return the names of those remembered whose process has ended."""


class MemoryCheck:
    """Says of memory what is newest: that it is nearly full, that it was, that there is room.

    Of a kill it says which limit, whose kernel, when, and what to do.
    """

    def __init__(
        self,
        read: Callable[[], ContainerMemory | None],
        holders: MemoryHolders,
        warn_at: float,
        shared: Callable[[], tuple[int, int] | None] = shared_memory,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``warn_at`` is percent of the limit, 0 is never.

        ``shared`` gives used and all bytes of /dev/shm; ``clock`` Unix time in seconds.
        """
        self._read = read
        self._holders = holders
        self._warn_at = warn_at
        self._shared = shared
        self._clock = clock
        self._notice = CurrentNotice(clock)
        self._kills: int | None = None  # until the first look, which reports none
        self._count = 0
        self._at = float("-inf")
        self._ended: dict[str, None] = {}  # in the order in which they were found
        self._is_full = False
        self._is_warned = False
        """Whether the notice is the warning, and not a kill."""

    def look(self) -> Notice | None:
        """Return the notice that must be shown now, if any."""
        memory = self._read()
        if memory:
            is_killed = self._look_for_kills(memory)
            self._look_for_fullness(memory, quiet=is_killed)
        return self._notice.get()

    def _look_for_kills(self, memory: ContainerMemory) -> bool:
        """Show what was killed; answer whether that is new."""
        now = self._clock()
        new = 0 if self._kills is None else memory.kills - self._kills
        self._kills = memory.kills
        has_settled = now - self._at > _SETTLING
        if new > 0:
            if has_settled:
                self._count, self._ended = 0, {}
            self._count += new
            self._at = now
        elif has_settled:
            self._holders.remember()
            return False
        known = len(self._ended)
        self._ended.update(dict.fromkeys(self._holders.ended()))
        if new <= 0 and len(self._ended) == known:
            return False
        self._notice.show(Notice(MEMORY_NOTICE, self._kill_text(memory), NoticeLevel.ERROR), _SHOWN)
        self._is_warned = False
        return True

    def _look_for_fullness(self, memory: ContainerMemory, *, quiet: bool) -> None:
        if not memory.limit or memory.used is None or self._warn_at <= 0:
            return
        threshold = self._warn_at - (_RELIEF if self._is_full else 0)
        is_full = 100 * memory.used >= threshold * memory.limit
        if is_full == self._is_full:
            return
        if not quiet:
            self._tell(memory.used, memory.limit, is_full=is_full)
        self._is_full = is_full  # only now: what could not be told is tried again

    def _tell(self, used: int, limit: int, *, is_full: bool) -> None:
        if is_full:
            text = self._full_text(used, limit)
            self._notice.show(Notice(MEMORY_NOTICE, text, NoticeLevel.WARNING))
        elif self._is_warned:
            text = phrase(
                "There is room in memory again: %(use)s are in use.", use=format_part(used, limit)
            )
            all_clear = Notice(MEMORY_NOTICE, text)
            self._notice.take_back(all_clear)
        self._is_warned = is_full

    def _full_text(self, used: int, limit: int) -> str:
        holders = [each for each in self._holders.largest() if each[1] >= _WORTH_NAMING * limit]
        use, limited = format_part(used, limit), self._files_in_shared_memory(limit)
        if holders:
            named = joined([f"{name} ({format_bytes(held)})" for name, held in holders[:_NAMED]])
            full = phrase(
                "Memory is nearly full: %(use)s are in use, most by %(named)s.",
                use=use,
                named=named,
            )
        else:
            full = phrase("Memory is nearly full: %(use)s are in use.", use=use)
        advice = phrase(
            "When it is full, a kernel or program is ended and loses what it has in memory. Shut "
            "down what you do not need, or start a session of a larger size."
        )
        return sentences(full, advice, limited)

    def _kill_text(self, memory: ContainerMemory) -> str:
        advice = self._files_in_shared_memory(memory.limit or 0) or phrase(
            "Load less at once, shut down other kernels, or start a session of a larger size."
        )
        values = {
            "who": self._victims(),
            "moment": moment(datetime.fromtimestamp(self._at, UTC)),
        }
        ran_out = (
            phrase(
                "This session ran out of memory (%(limit)s): %(who)s ended at %(moment)s.",
                limit=format_bytes(memory.limit),
                **values,
            )
            if memory.limit
            else phrase("This session ran out of memory: %(who)s ended at %(moment)s.", **values)
        )
        lost = phrase("What was in its memory is lost, files are kept.")
        return sentences(ran_out, lost, advice)

    def _victims(self) -> str:
        if ended := list(self._ended):
            return phrases(
                "the kernel of %(names)s was",
                "the kernels of %(names)s were",
                len(ended),
                names=joined(ended),
            )
        return phrases("a kernel or program was", "%(count)d programs were", self._count)

    def _files_in_shared_memory(self, limit: int) -> str:
        shared = self._shared()
        if not shared or not limit or shared[0] < _MUCH * limit:
            return ""
        return phrase(
            "%(size)s of it are files in /dev/shm, which stay when programs end: delete what you "
            "do not need there, or it happens again.",
            size=format_bytes(shared[0]),
        )
