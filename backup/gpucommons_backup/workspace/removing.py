"""Deletes folders in which people's files are, whatever these may not be."""

import os
import shutil
from pathlib import Path


def remove(folder: Path) -> None:
    """Delete a folder, although what is in it may be read-only. Nothing happens if it is not there.

    Raises OSError.
    """
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    if not folder.exists():
        return
    folder.chmod(0o700)
    for path, names, _files in os.walk(folder):
        for each in (Path(path, name) for name in names):
            if not each.is_symlink():
                each.chmod(0o700)
    shutil.rmtree(folder)
