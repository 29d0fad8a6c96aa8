"""How full the volume of the home folder is, and a warning before it is full."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from gpucommons_contract import HOME_NOTICE, DiskUse, Notice, NoticeLevel
from gpucommons_contract.formats.byte_sizes import format_part
from gpucommons_contract.words import phrase, sentences

from gpucommons_lab.health.current_notice import CurrentNotice
from gpucommons_lab.storage.home_space import HomeSpace

_ROOT = Path("/")
_URGENT = 95.0
"""Percent from which on a warning says that it is urgent, however much room that leaves."""
_ROOMY = 10 * 2**30
"""Bytes. With more of them free there is no warning below that: volumes can be large."""
_ROOMY_FILES = 200_000
"""The same of files: an environment of conda or node has up to 100,000."""
_RELIEF = 3.0
"""Percent by which it has to fall below a threshold before that warning is over."""


def read_disk(home: Path, root: Path = _ROOT, *, in_session: bool = True) -> DiskUse | None:
    """Read the file system of a folder; takes as long as that does. None where it is not known.

    In a session, a home folder without a volume of its own is on the node's disk, of which
    nothing is said.
    """
    try:
        if in_session and home.stat().st_dev == root.stat().st_dev:
            return None
        found = os.statvfs(home)
    except OSError:
        return None
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    size = used + found.f_bavail * found.f_frsize  # what is kept for root can be used by nobody
    if not size:
        return None
    # CephFS may not count them, and says that 2**64 - 1 are free.
    if not found.f_files or found.f_ffree > found.f_files:
        return DiskUse(used, size)
    return DiskUse(used, size, found.f_files - found.f_ffree, found.f_files)


class _Fullness:
    """How urgent it is that one thing is used up, of bytes and files."""

    def __init__(self, warn_at: float, roomy: int) -> None:
        self._warn_at, self._roomy = warn_at, roomy
        self.level: NoticeLevel | None = None

    def judge(self, used: int, size: int) -> None:
        """Take up how much of how many are in use."""
        percent, free = 100 * used / size, size - used
        early = self._warn_at - (_RELIEF if self.level else 0)
        urgent = _URGENT - (_RELIEF if self.level is NoticeLevel.ERROR else 0)
        is_roomy = free >= self._roomy + (_RELIEF * size / 100 if self.level else 0)
        if percent >= max(urgent, early):
            self.level = NoticeLevel.ERROR
        elif percent >= early and not is_roomy:
            self.level = NoticeLevel.WARNING
        else:
            self.level = None


class DiskCheck:
    """Warns once when it is getting full, once more when little is left, and takes that back.

    What takes the room is counted first, for some seconds: the warning names it.
    """

    def __init__(
        self,
        read: Callable[[], DiskUse | None],
        warn_at: float,
        space: HomeSpace,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``warn_at`` is percent, 0 is never; ``clock`` gives seconds."""
        self._read = read
        self._warn_at = warn_at
        self._space = space
        self._size, self._files = _Fullness(warn_at, _ROOMY), _Fullness(warn_at, _ROOMY_FILES)
        self._level: NoticeLevel | None = None
        self._said: tuple[NoticeLevel, bool, int] | None = None
        """What the notice is of: how urgent, whether it is for files, what was counted."""
        self._notice = CurrentNotice(clock)
        self.is_known = False
        """Whether the home folder had a volume of its own at the last look, with figures."""

    def look(self) -> Notice | None:
        """Return the notice that must be shown now, if any."""
        disk = self._read()
        self.is_known = disk is not None
        if disk is None or self._warn_at <= 0:
            return self._notice.get()
        level = self._judge(disk)
        if level is None:
            if self._said:
                text = phrase(
                    "There is room in your home folder again: %(use)s are in use.", use=_use(disk)
                )
                self._notice.take_back(Notice(HOME_NOTICE, text))
            self._level = self._said = None
            return self._notice.get()
        self._count(level)
        by_files = self._size.level is not level
        said = (level, by_files, self._space.version)
        if said != self._said and not self._space.is_counting:
            self._said = said
            text = sentences(_fullness(disk, level, by_files), self._space.told(by_files=by_files))
            choices = self._space.choices()
            notice = Notice(HOME_NOTICE, sentences(text, _ADVICE), level, choices=choices)
            self._notice.show(notice)
        return self._notice.get()

    def _judge(self, disk: DiskUse) -> NoticeLevel | None:
        self._size.judge(disk.used, disk.size)
        if disk.files is not None and disk.most_files:
            self._files.judge(disk.files, disk.most_files)
        levels = (self._size.level, self._files.level)
        return next(
            (each for each in (NoticeLevel.ERROR, NoticeLevel.WARNING) if each in levels), None
        )

    def _count(self, level: NoticeLevel) -> None:
        if level is not self._level:
            self._level = level
            self._space.begin()
        else:
            self._space.heed_trash()


_ADVICE = phrase(
    "When it is full, nothing can be saved there. Delete what you do not need, and empty the "
    "trash; or ask your administrator for more room."
)


def _fullness(disk: DiskUse, level: NoticeLevel, by_files: bool) -> str:
    if by_files:
        values = {"files": f"{disk.files:,}", "most": f"{disk.most_files:,}"}
        if level is NoticeLevel.ERROR:
            return phrase(
                "Your home folder is nearly full: it has %(files)s of %(most)s files.", **values
            )
        return phrase(
            "Your home folder is getting full: it has %(files)s of %(most)s files.", **values
        )
    if level is NoticeLevel.ERROR:
        return phrase("Your home folder is nearly full: %(use)s are in use.", use=_use(disk))
    return phrase("Your home folder is getting full: %(use)s are in use.", use=_use(disk))


def _use(disk: DiskUse) -> str:
    return format_part(disk.used, disk.size)
