"""The trash of the home folder, where JupyterLab and VS Code put what is deleted."""
# Paths are bytes or text of any encoding, and may be millions:
# ruff: noqa: PTH101, PTH106, PTH108, PTH114, PTH118, PTH208

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gpucommons_contract import TrashEmptied
from gpucommons_contract.words import phrase

_BLOCK = 512
"""Bytes of a block in ``st_blocks``. Source: stat(3type)."""
_INFO = b".trashinfo"


class Trash:
    """Laid out as the FreeDesktop.org Trash specification, version 1.0, says."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        """``environ`` is the server's: it may say that data of programs is elsewhere."""
        data = Path(environ.get("XDG_DATA_HOME", ""))
        self.folder = (data if data.is_absolute() else home / ".local/share") / "Trash"
        self._folder = os.fsencode(self.folder)

    def has_something(self) -> bool:
        """Whether there is anything to delete; False where that cannot be known."""
        return any(_has_any(self._inner(each)) for each in (b"files", b"info"))

    def empty(self) -> TrashEmptied:
        """Delete all that is in it for good, as far as possible. Takes a while."""
        for folder in (self._folder, *map(self._inner, (b"files", b"info"))):
            if os.path.islink(folder):
                where = os.fsencode(folder).decode(errors="replace")
                return TrashEmptied(0, 1, phrase("%(folder)s is a link", folder=where))
        records = _names(self._inner(b"info"))
        emptying = _Emptying()
        for name in _names(self._inner(b"files")):
            emptying.delete(os.path.join(self._inner(b"files"), name))
        for record in records:
            file = os.path.join(self._inner(b"files"), record.removesuffix(_INFO))
            if not os.path.lexists(file):
                emptying.delete(os.path.join(self._inner(b"info"), record))
        with suppress(OSError):
            os.unlink(self._inner(b"directorysizes"))
        return TrashEmptied(emptying.freed, emptying.left, emptying.reason)

    def _inner(self, name: bytes) -> bytes:
        return os.path.join(self._folder, name)


class _Emptying:
    """Deletes files and folders, and remembers what could not be."""

    def __init__(self) -> None:
        self.freed, self.left = 0, 0
        self.reason: str | None = None

    def delete(self, path: bytes) -> None:
        """Delete a file, or a folder with all that is in it. Links are not followed."""
        waiting = [(path, False)]  # a folder comes again, after what was in it
        while waiting:
            path, is_emptied = waiting.pop()
            try:
                found = os.lstat(path)
                if not stat.S_ISDIR(found.st_mode):
                    os.unlink(path)
                    self.freed += found.st_blocks * _BLOCK if found.st_nlink == 1 else 0
                elif is_emptied:
                    os.rmdir(path)
                    self.freed += found.st_blocks * _BLOCK
                else:
                    _open_up(path, found.st_mode)
                    waiting.append((path, True))
                    waiting += [(os.path.join(path, each), False) for each in os.listdir(path)]
            except FileNotFoundError:
                continue  # somebody else was faster
            except OSError as error:
                if not (is_emptied and error.errno == errno.ENOTEMPTY):  # what is in it counts
                    self.left += 1
                    self.reason = self.reason or error.strerror or str(error)


def _open_up(folder: bytes, mode: int) -> None:
    """Let a folder's owner delete what is in it, as one that was read-only when it was deleted."""
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        with suppress(OSError):  # deleting says what is wrong
            os.chmod(folder, stat.S_IRWXU)


def _names(folder: bytes) -> list[bytes]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _has_any(folder: bytes) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(True for _ in entries)
    except OSError:
        return False
