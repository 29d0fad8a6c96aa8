"""Counts what takes the room in a home folder, as a process of its own at the lowest priority.

Millions of files take minutes, and the server's threads would wait for Python's lock meanwhile.
It imports nothing but the standard library, so that it starts at once.
"""
# Paths are bytes or text of any encoding, and may be millions:
# ruff: noqa: PTH116, PTH118

import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from stat import S_ISDIR

_BLOCK = 512
"""Bytes of a block in ``st_blocks``. Source: stat(3type)."""


@dataclass
class Counted:
    """Bytes on the disk and files, by the name of the folder; empty: files that are in none."""

    folders: dict[str, tuple[int, int]] = field(default_factory=dict)
    trash: tuple[int, int] = (0, 0)
    complete: bool = True


def count(
    home: str, trash: str, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Counted:
    """Count for so long. Raises OSError where the home folder cannot be read at all.

    The folders take turns, so that each is known in part if the time runs out. Other file systems
    and what links point to are left out, a file with several names counts once.
    """
    counter = _Counter(home, trash, clock() + seconds, clock)
    counter.run()
    return counter.result


class _Counter:
    def __init__(self, home: str, trash: str, end: float, clock: Callable[[], float]) -> None:
        self._home, self._trash = os.path.realpath(home), os.path.realpath(trash)
        self._end, self._clock = end, clock
        self._device = os.stat(home).st_dev
        self._seen: set[int] = set()
        """Files that have several names."""
        self.result = Counted()

    def run(self) -> None:
        with os.scandir(self._home):  # raises what is wrong with it
            pass
        trash = [os.path.join(self._trash, each) for each in ("files", "info")]
        turns = deque([("", [self._home]), (self._trash, trash)])
        while turns:
            if self._clock() >= self._end:
                self.result.complete = False
                return
            top, folders = turns.popleft()
            for path, name in self._scan(top, folders.pop()):
                if top:
                    folders.append(path)
                else:  # one of the home folder's own gets turns of its own
                    turns.append((name, [path]))
            if folders:
                turns.append((top, folders))

    def _scan(self, top: str, folder: str) -> Iterator[tuple[str, str]]:
        """Count what is in a folder, and give the folders in it with their names."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._clock() >= self._end:
                        self.result.complete = False
                        return
                    found = entry.stat(follow_symlinks=False)
                    is_folder = S_ISDIR(found.st_mode)
                    if found.st_dev != self._device or entry.path == self._trash:
                        continue
                    if not is_folder and found.st_nlink > 1:
                        if found.st_ino in self._seen:
                            continue
                        self._seen.add(found.st_ino)
                    owner = entry.name if is_folder and not top else top
                    self._add(owner, found.st_blocks * _BLOCK)
                    if is_folder:
                        yield entry.path, entry.name
        except FileNotFoundError:
            return  # deleted meanwhile
        except OSError:
            self.result.complete = False

    def _add(self, top: str, size: int) -> None:
        if top == self._trash:
            before = self.result.trash
            self.result.trash = (before[0] + size, before[1] + 1)
        else:
            before = self.result.folders.get(top, (0, 0))
            self.result.folders[top] = (before[0] + size, before[1] + 1)


def _main(home: str, trash: str, seconds: str) -> None:
    with suppress(OSError):
        os.nice(19)
    found = count(home, trash, float(seconds))
    said = {"folders": found.folders, "trash": found.trash, "complete": found.complete}
    print(json.dumps(said))  # noqa: T201 -- what the server reads


if __name__ == "__main__":
    _main(*sys.argv[1:])
