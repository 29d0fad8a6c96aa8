"""What is in the trash of the home folder, and how it gets back to where it was."""
# Paths are bytes of any encoding:
# ruff: noqa: PTH103, PTH104, PTH108, PTH118, PTH119, PTH120, PTH123, PTH208

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from gpucommons_contract import TrashedEntry

_INFO = b".trashinfo"
_MOST = 200
_LARGEST_INFO = 16_384  # bytes; a path has up to 4,096, of which each may take three
_PATH = re.compile(rb"^Path=(.+)$", re.MULTILINE)
_DATE = re.compile(rb"^DeletionDate=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", re.MULTILINE)


class NotInTrashError(Exception):
    """There is no such thing any more."""


class Trashed:
    """Reads a trash that is laid out as the FreeDesktop.org specification, version 1.0, says."""

    def __init__(self, home: Path, trash: Path) -> None:
        """``trash`` is the folder that has ``files`` and ``info``."""
        self._home = os.fsencode(home)
        self._files = os.path.join(os.fsencode(trash), b"files")
        self._info = os.path.join(os.fsencode(trash), b"info")

    def listed(self) -> list[TrashedEntry]:
        """List what was in the home folder, the latest first, up to 200."""
        try:
            names = [each for each in os.listdir(self._info) if each.endswith(_INFO)]
        except OSError:
            return []
        found = [entry for each in names if (entry := self._entry(each))]
        return sorted(found, key=lambda each: each.deleted, reverse=True)[:_MOST]

    def put_back(self, identifier: str) -> str:
        """Move it to where it was, or beside what is there now; return its path, quoted.

        Raises NotInTrashError, and OSError where it cannot be written.
        """
        record = unquote_to_bytes(identifier)
        entry = self._entry(record) if record == os.path.basename(record) else None
        if entry is None:
            raise NotInTrashError
        place = os.path.join(self._home, unquote_to_bytes(entry.path))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        name = next(each for each in _names(place) if not os.path.lexists(each))
        os.rename(self._file(record), name)
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(self._info, record))
        return quote_from_bytes(os.path.relpath(name, self._home))

    def _file(self, record: bytes) -> bytes:
        return os.path.join(self._files, record.removesuffix(_INFO))

    def _entry(self, record: bytes) -> TrashedEntry | None:
        """Read a record; None where it is none of the home folder's, or has no file."""
        try:
            now = os.lstat(self._file(record))
            with open(os.path.join(self._info, record), "rb") as file:
                text = file.read(_LARGEST_INFO)
        except OSError:
            return None
        path, date = _PATH.search(text), _DATE.search(text)
        if path is None:
            return None
        place = os.path.normpath(os.path.join(self._home, unquote_to_bytes(path[1].strip())))
        if not place.startswith(self._home.rstrip(b"/") + b"/"):
            return None
        is_folder = stat.S_ISDIR(now.st_mode)
        return TrashedEntry(
            id=quote_from_bytes(record, safe=""),
            path=quote_from_bytes(os.path.relpath(place, self._home)),
            is_folder=is_folder,
            size=None if is_folder else now.st_size,
            deleted=date[1].decode() if date else "",
        )


def _names(place: bytes) -> Iterator[bytes]:
    """Yield the name itself, then ``a/train (2).ipynb``, ..."""
    yield place
    stem, suffix = os.path.splitext(place)  # noqa: PTH122
    for number in count(2):
        yield b"%b (%d)%b" % (stem, number, suffix)
