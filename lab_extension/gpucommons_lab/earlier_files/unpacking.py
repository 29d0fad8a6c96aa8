"""Writes an archive of a folder to the disk, where nobody looks for it until it is whole."""
# Paths are bytes of any encoding:
# ruff: noqa: PTH101

import ctypes
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from gpucommons_lab.earlier_files.putting_back import CutOffError, demand_room
from gpucommons_lab.earlier_files.service import Archive, Body
from gpucommons_lab.earlier_files.unfinished import remove

_PART = 256 * 1024  # bytes


class Counted:
    """Tells how much was read."""

    def __init__(self, body: Body, tell: Callable[[int], None]) -> None:
        """``tell`` is called with the number of bytes of each part; it may raise."""
        self._body, self._tell = body, tell

    def read(self, amount: int, /) -> bytes:
        """Read a part."""
        part = self._body.read(amount)
        self._tell(len(part))
        return part


@contextmanager
def unpacked(made: bytes, archive: Archive, tell: Callable[[int], None]) -> Iterator[bytes]:
    """Give an empty folder with all of an archive, which is deleted unless it was moved away.

    Raises NoRoomError before the first byte, CutOffError, and what reading and writing raise.
    """
    try:
        demand_room(made, archive.size, archive.entries)
        taken = _extract(Counted(archive.body, tell), os.fsdecode(made))
        _sync_volume(made)
        if _entries(made) < taken:  # somebody has deleted some meanwhile
            raise CutOffError
        yield made
    finally:
        remove(made)


def _extract(body: Counted, folder: str) -> int:
    """Write what people have in folders, and nothing outside of this one; return how much."""
    taken = 0

    def inside(member: tarfile.TarInfo, _folder: str) -> tarfile.TarInfo | None:
        nonlocal taken
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise CutOffError
        if not (member.isfile() or member.isdir() or member.issym()):
            return None
        taken += bool(path.parts)
        return member

    os.chmod(folder, 0o755)  # noqa: S103 -- as any new one
    stream: Any = body  # of which only ``read`` is called
    try:
        with tarfile.open(
            fileobj=stream,
            mode="r|",
            bufsize=_PART,
            encoding="utf-8",
            errors="surrogateescape",
        ) as archive:
            archive.extractall(folder, numeric_owner=True, filter=inside)  # noqa: S202
    except tarfile.ReadError as error:
        raise CutOffError from error
    while body.read(_PART):  # to its end, which says whether it was all
        pass
    return taken


def _entries(folder: bytes) -> int:
    return sum(len(names) + len(files) for _path, names, files in os.walk(folder))


def _sync_volume(folder: bytes) -> None:
    """Have all that was written outlive a power cut: one by one takes minutes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)
