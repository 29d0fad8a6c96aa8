"""Puts an earlier version in a file's place, whole or not at all. What was there stays beside."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from gpucommons_lab.earlier_files.service import Body

_PART = 256 * 1024  # bytes
_SPARE = 1.05
"""Of the size must be free: a folder may need a block more, and others write meanwhile."""
_LONGEST_NAME = 255  # bytes, in Linux's file systems


class NoRoomError(Exception):
    """There is no room for the file. Nothing was written."""


class CutOffError(Exception):
    """Not all of the file came. The one that is there is as it was."""


def put_back(file: bytes, size: int, body: Body) -> bytes | None:
    """Replace a file by what ``body`` gives; return where its own content is now.

    That is None if there was no file, or if it was the same. ``size`` is in bytes. Raises
    NoRoomError, CutOffError, and what reading and writing raise; then nothing has changed.
    """
    with _fetched(file, size, body) as (part, digest):
        if _is_same(file, size, digest):
            return None
        before = _kept_beside(file)
        try:
            os.replace(part, file)  # noqa: PTH105
        except OSError:
            if before:
                os.unlink(before)  # noqa: PTH108
            raise
        return before


def put_beside(file: bytes, words: str, size: int, body: Body) -> bytes:
    """Write what ``body`` gives to a new file beside ``file``, named with ``words``; return which.

    Raises as `put_back` does; then there is no new file.
    """
    with _fetched(file, size, body) as (part, _):
        for name in names_with(file, words):
            try:
                os.link(part, name)
            except FileExistsError:
                continue
            except OSError:  # a file system without hard links
                if os.path.lexists(name):
                    continue
                os.rename(part, name)  # noqa: PTH104
            return name
    raise AssertionError("there is a next number")


@contextlib.contextmanager
def _fetched(file: bytes, size: int, body: Body) -> Iterator[tuple[bytes, str]]:
    """Give a hidden file with all of a version, ready to take a name, and its SHA-256.

    It lies in the folder of ``file``, which is made where it is gone, and looks like ``file``.
    """
    folder = os.path.dirname(file)  # noqa: PTH120 -- names are bytes
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    demand_room(folder, size)
    descriptor, part = tempfile.mkstemp(prefix=b".reverting-", dir=folder)
    try:
        with open(descriptor, "wb") as target:  # noqa: PTH123
            digest = _copy(body, target.fileno(), size)
            _look_alike(file, target.fileno())
            os.fsync(target.fileno())
        yield part, digest
        sync_folder(folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)  # noqa: PTH108


def demand_room(folder: bytes, size: int, entries: int = 1) -> None:
    """Raise NoRoomError where so many bytes and files do not fit."""
    volume = os.statvfs(folder)
    if volume.f_bavail * volume.f_frsize < size * _SPARE:
        raise NoRoomError
    if volume.f_files and volume.f_favail < entries:  # some file systems have no such limit
        raise NoRoomError


def _copy(body: Body, target: int, size: int) -> str:
    """Copy exactly so many bytes, and return their SHA-256."""
    digest, left = hashlib.sha256(), size
    while left:
        part = body.read(min(left, _PART))
        if not part:
            raise CutOffError
        digest.update(part)
        left -= len(part)
        view = memoryview(part)
        while view:
            view = view[os.write(target, view) :]
    return digest.hexdigest()


def _look_alike(file: bytes, target: int) -> None:
    """Give a file the permissions of the one that it replaces, or those of any new one."""
    try:
        os.fchmod(target, os.stat(file).st_mode & 0o7777)  # noqa: PTH116
    except FileNotFoundError:
        os.fchmod(target, 0o644)


def _is_same(file: bytes, size: int, digest: str) -> bool:
    try:
        with open(file, "rb") as present:  # noqa: PTH123
            if os.fstat(present.fileno()).st_size != size:
                return False
            return hashlib.file_digest(present, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False


def _kept_beside(file: bytes) -> bytes | None:
    """Give the present content a second name, under which it stays, and return that."""
    for name in names_beside(file):
        try:
            os.link(file, name)
        except FileExistsError:
            continue
        except FileNotFoundError:
            return None
        except OSError:  # a file system without hard links
            with contextlib.suppress(FileExistsError):
                _copied(file, name)
                return name
            continue
        return name
    raise AssertionError("there is a next number")


def _copied(file: bytes, name: bytes) -> None:
    with open(name, "xb"):  # noqa: PTH123
        pass
    try:
        shutil.copy2(file, name)
    except BaseException:
        os.unlink(name)  # noqa: PTH108
        raise


def names_beside(file: bytes) -> Iterator[bytes]:
    """Yield names: for ``a/notes.txt``, ``a/notes-before-revert.txt``, then ``-2``, ..."""
    return _names(file, lambda n: b"-before-revert" + (b"" if n == 1 else b"-%d" % n))


def names_with(file: bytes, words: str) -> Iterator[bytes]:
    """Yield names: for ``a/notes.txt``, ``a/notes (WORDS).txt``, then ``a/notes (WORDS) (2).txt``.

    ``words`` has no slash.
    """
    said = os.fsencode(f" ({words})")
    return _names(file, lambda n: said + (b"" if n == 1 else b" (%d)" % n))


def _names(file: bytes, addition: Callable[[int], bytes]) -> Iterator[bytes]:
    folder, name = os.path.split(file)
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    for number in count(1):
        end = addition(number) + suffix
        start = stem[: max(_LONGEST_NAME - len(end), 0)]
        yield os.path.join(folder, (start + end)[-_LONGEST_NAME:])  # noqa: PTH118


def sync_folder(folder: bytes) -> None:
    """Have the file's new name outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def workspace_path(file: Path, home: Path) -> tuple[bytes, bytes] | None:
    """Return a file's real path, and its path in snapshots of the workspace; None if not in it.

    ``home`` is where the workspace is.
    """
    real, top = (os.path.realpath(os.fsencode(each)) for each in (file, home))
    above = top.rstrip(b"/") + b"/"
    return (real, real.removeprefix(above)) if real.startswith(above) else None
