"""Folders, and when what is in them is on disk."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk: files that were made, renamed or removed in it.

    Syncing a file does not do that. Raises OSError where there is no such folder, or its file
    system cannot sync one.
    """
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
