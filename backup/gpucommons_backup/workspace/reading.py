"""Reads of a workspace's files, whatever somebody has put in their place."""

import os
import stat
from pathlib import Path


def start_of(file: Path | bytes, size: int) -> bytes:
    """Return up to ``size`` bytes of a file. Raises OSError if it is no regular file, or a link.

    Whoever owns the workspace may have made a pipe of that name, which would wait for ever.
    """
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as opened:  # noqa: PTH123 -- of a handle
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{os.fsdecode(file)} is no regular file")
        return opened.read(size)


def small_file(file: Path, folder: Path, most: int) -> bytes:
    """Return a file of at most ``most`` bytes.

    Raises OSError if it has more, or is not in ``folder`` when links are followed.
    """
    if not file.resolve().is_relative_to(folder.resolve()):
        raise OSError(f"{file} is outside of {folder}")
    content = start_of(file, most + 1)
    if len(content) > most:
        raise OSError(f"{file} has more than {most} bytes")
    return content
