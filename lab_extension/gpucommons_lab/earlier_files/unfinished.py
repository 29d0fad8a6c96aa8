"""Where folders that are put back lie until they are whole: on the volume where they belong.

A home folder is that of all sessions of a person in a team, and the team's folder that of many
people: the name of such a folder says of which server it is.
"""
# Paths are bytes of any encoding:
# ruff: noqa: PTH101, PTH112, PTH114, PTH118, PTH120

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import mkdtemp

_NAME = b".gpucommons-putting-back-"
"""How names begin at the top of a volume that snapshots leave out."""
_MOUNT = re.compile("^mnt_id:\\s*([0-9]+)$", re.MULTILINE)


def mark_of_server(environment: Mapping[str, str]) -> str:
    """Return what names folders of a person's server, in the home folder and in the team's."""
    names = (environment.get(f"JUPYTERHUB_{each}", "") for each in ("USER", "SERVER_NAME"))
    return hashlib.sha256("/".join(names).encode()).hexdigest()[:16]


class Unfinished:
    """The folders of one server."""

    def __init__(self, home: bytes, mark: str) -> None:
        """``mark`` is of this server alone, see `mark_of_server`."""
        self._home, self._start = home, _NAME + os.fsencode(mark) + b"-"

    def new(self, place: bytes) -> bytes:
        """Make an empty folder that can be moved to ``place``, and return it."""
        return mkdtemp(prefix=self._start, dir=self._top(os.path.dirname(place)))

    def clear(self) -> None:
        """Delete what this server has left if it was killed. Only before anything is begun."""
        for top in self._tops():
            with contextlib.suppress(OSError), os.scandir(top) as found:
                for each in found:
                    if each.name.startswith(self._start):
                        remove(each.path)

    def _top(self, folder: bytes) -> bytes:
        """Return the highest folder of the same volume that can be written to, or the home folder.

        Where there is no such folder yet, that of the nearest one above it that is there.
        """
        folder, home = os.path.realpath(folder), os.path.realpath(self._home)
        while not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        volume = _volume(folder)
        while folder not in (home, above := os.path.dirname(folder)):
            if _volume(above) != volume or not os.access(above, os.W_OK | os.X_OK):
                break
            folder = above
        return folder

    def _tops(self) -> Iterator[bytes]:
        """Yield the home folder, and volumes in it."""
        yield self._home
        with contextlib.suppress(OSError), os.scandir(self._home) as found:
            of_home = _volume(self._home)
            folders = [each.path for each in found if each.is_dir(follow_symlinks=False)]
            yield from (each for each in folders if _volume(each) != of_home)


def remove(folder: bytes) -> None:
    """Delete a folder, if it is there, although what is in it may be read-only."""
    if not os.path.isdir(folder) or os.path.islink(folder):
        return
    os.chmod(folder, 0o700)
    for path, names, _files in os.walk(folder):
        for each in (os.path.join(path, name) for name in names):
            if not os.path.islink(each):
                os.chmod(each, 0o700)
    shutil.rmtree(folder)


def _volume(folder: bytes) -> tuple[int, str] | None:
    """Return what tells apart volumes between which nothing can be moved; None if it is closed.

    A number of the device does not say it all: two mounts may be of one.
    """
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        found = _MOUNT.search(Path(f"/proc/self/fdinfo/{descriptor}").read_text())
        return os.fstat(descriptor).st_dev, found[1] if found else ""
    finally:
        os.close(descriptor)
