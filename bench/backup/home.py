"""Homes for the benchmark of snapshots: a file of 50 MB, a folder of 1 GB, and many small files."""

import os
import random
from pathlib import Path

FILE, FOLDER, MANY = "file.bin", "folder", "project"
FILE_BYTES = 50 * 10**6
_PARTS, _PART_BYTES = 1000, 10**6


def make_home(root: Path, files: int, size: int) -> None:
    """Make one of ``files`` files and ``size`` bytes. Half of the small files' bytes are random."""
    chance = random.Random(19)
    (root / FILE).write_bytes(chance.randbytes(FILE_BYTES))
    (root / FOLDER).mkdir()
    for number in range(_PARTS):
        (root / FOLDER / f"part-{number:04}").write_bytes(chance.randbytes(_PART_BYTES))
    small = files - _PARTS - 1
    make_small_files(root / MANY, small, (size - FILE_BYTES - _PARTS * _PART_BYTES) // small)


def make_small_files(root: Path, files: int, size: int, in_a_folder: int = 200) -> None:
    """Make so many files of ``size`` bytes each."""
    chance = random.Random(7)
    for number in range(files):
        folder = root / f"{number // (50 * in_a_folder)}" / f"{number // in_a_folder}"
        if number % in_a_folder == 0:
            folder.mkdir(parents=True)
        (folder / f"{number}.py").write_text(chance.randbytes(size // 2).hex())


def change(root: Path, share: float, number: int) -> None:
    """Write something new into a share of the small files, at places that ``number`` chooses."""
    found = sorted(each for each in (root / MANY).rglob("*.py"))
    for each in random.Random(number).sample(found, int(len(found) * share)):
        with each.open("a") as file:
            file.write(os.urandom(8).hex())
