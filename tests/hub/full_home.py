"""A home folder on a small file system of its own, which can be filled."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.waiting import until


class FullHome:
    """A small ext4 of its own, with a home folder in it."""

    def __init__(self, folder: Path, size: int, files: int) -> None:
        self.mount = folder / "mounted"
        self.home = self.mount / "home"
        self.mount.mkdir()
        image = folder / "disk"
        with image.open("wb") as file:
            file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-N", str(files), "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self.mount], check=True)
        self.home.mkdir()

    def fill_blocks(self) -> None:
        self.write_until_full("big", 2**16)
        # Until all is on the disk, ext4 keeps blocks back, which are free again later.
        subprocess.run(["sync", "-f", self.mount], check=True)
        self.write_until_full("rest", 1)

    def write_until_full(self, name: str, size: int) -> None:
        with suppress(OSError), (self.home / name).open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * size)

    def fill_inodes(self) -> None:
        with suppress(OSError):
            for number in range(100):
                (self.home / f"big{number or ''}").touch()

    def make_read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", self.mount], check=True)

    def close(self) -> None:
        """Unmount it, once all that the server had started has ended too."""
        until(self._unmounted)

    def _unmounted(self) -> bool:
        return subprocess.run(["umount", self.mount], check=False).returncode == 0


@contextmanager
def small_home(folder: Path, size: int = 4 * 2**20, files: int = 64) -> Iterator[FullHome]:
    """Mount one of so many bytes and files below a folder; skip where that is impossible."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    try:
        home = FullHome(folder, size, files)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small file system can be mounted here: {error}")
    try:
        yield home
    finally:
        home.close()
