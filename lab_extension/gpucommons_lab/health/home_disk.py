"""How full the volume of the home folder is, and a warning before it is full."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from gpucommons_contract import DiskUse, Notice, NoticeLevel

from gpucommons_lab.health.current_notice import CurrentNotice
from gpucommons_lab.health.formatting import format_part

HOME_NOTICE = "home"
"""Id of all that is said of the home folder."""
_ROOT = Path("/")
_URGENT = 95.0
"""Percent from which on a warning says that it is urgent, however much room that leaves."""
_ROOMY = 10 * 2**30
"""Bytes. With more of them free there is no warning below that: volumes can be large."""
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


class DiskCheck:
    """Warns once when it is getting full, once more when little is left, and takes that back."""

    def __init__(
        self,
        read: Callable[[], DiskUse | None],
        warn_at: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``warn_at`` is percent, 0 is never; ``clock`` gives seconds."""
        self._read = read
        self._warn_at = warn_at
        self._level: NoticeLevel | None = None
        self._notice = CurrentNotice(clock)

    def look(self) -> Notice | None:
        """Return the notice that must be shown now, if any."""
        disk = self._read()
        if disk is None or self._warn_at <= 0:
            return self._notice.get()
        level = self._judge(disk)
        if level is not self._level:
            self._level = level
            if level:
                self._notice.show(Notice(HOME_NOTICE, _text(disk, level), level))
            else:
                text = f"There is room in your home folder again: {_use(disk)}."
                self._notice.take_back(Notice(HOME_NOTICE, text))
        return self._notice.get()

    def _judge(self, disk: DiskUse) -> NoticeLevel | None:
        percent = 100 * disk.used / disk.size
        early = self._warn_at - (_RELIEF if self._level else 0)
        urgent = _URGENT - (_RELIEF if self._level is NoticeLevel.ERROR else 0)
        if percent >= max(urgent, early):
            return NoticeLevel.ERROR
        free = disk.size - disk.used
        is_roomy = free >= _ROOMY + (_RELIEF * disk.size / 100 if self._level else 0)
        return NoticeLevel.WARNING if percent >= early and not is_roomy else None


def _text(disk: DiskUse, level: NoticeLevel) -> str:
    how = "nearly full" if level is NoticeLevel.ERROR else "getting full"
    return (
        f"Your home folder is {how}: {_use(disk)}. When it is full, nothing can be saved there. "
        "Delete what you do not need, and empty the trash; or ask your administrator for more room."
    )


def _use(disk: DiskUse) -> str:
    return f"{format_part(disk.used, disk.size)} are in use"
