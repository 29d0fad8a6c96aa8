"""Verifies what a store has of a workspace: reads it, and compares the newest snapshot.

Unlike `verify`, it needs no room for the workspace: the snapshot is compared while it is read.
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, cast

from gpucommons_backup.errors import (
    BackupError,
    DamagedError,
    RepositoryLockedError,
    RepositoryUnreachableError,
)
from gpucommons_backup.notes import ABOUT, MANIFEST, WORKSPACE, notes_on
from gpucommons_backup.repository import Output, Repository, Snapshot
from gpucommons_backup.verifying import came_and_went
from gpucommons_backup.workspace import Difference, Line, Manifest, compare

WHOLE = "100%"
_NAMED = 3
_SECOND = 10**9  # nanoseconds
_PART = 2**20  # bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found to be as it should be."""

    snapshot: str
    """Id of the one that was compared; empty where there is none."""
    not_compared: bool = False
    """It has no notes, as the program that took it was ended before it wrote them."""

    def to_json(self) -> str:
        """Write it as one line that fits a container's termination message."""
        return json.dumps(asdict(self))


def check(repository: Repository, scratch: Path, part: str, expected: str = "") -> Checked:
    """Read ``part`` of the files' contents, such as "5%", and compare the newest snapshot.

    ``scratch`` is an empty folder, for notes. ``expected``: id of a snapshot that must be there.
    Raises DamagedError that says what differs, and BackupError where that cannot be found out.
    """
    try:
        snapshots = repository.snapshots()
        if expected and not any(each.id == expected for each in snapshots):
            raise DamagedError(
                f"The repository has no snapshot {expected[:8]}, which was the last one: it is "
                "another one, or an older copy of itself."
            )
        repository.check(part)
        whole = [each for each in snapshots if each.host == WORKSPACE]
        return _compared(repository, whole[-1], scratch) if whole else Checked("")
    except (DamagedError, RepositoryLockedError, RepositoryUnreachableError):
        raise
    except BackupError as error:
        raise DamagedError(f"{error}") from error


def _compared(repository: Repository, snapshot: Snapshot, scratch: Path) -> Checked:
    on_it = notes_on(repository, snapshot)
    if on_it is None:
        return Checked(snapshot.id, not_compared=True)
    repository.restore(on_it, scratch)
    if differ := differences_in(repository, snapshot, scratch):
        named = ", ".join(f"{os.fsdecode(each.path)!r} {each.what}" for each in differ[:_NAMED])
        raise DamagedError(
            f"The snapshot {snapshot.id[:8]} is not what was there when it was taken: "
            f"{len(differ)} entries differ: {named}."
        )
    return Checked(snapshot.id)


def differences_in(repository: Repository, snapshot: Snapshot, notes: Path) -> list[Difference]:
    """Compare a snapshot with the notes on it, which are in a folder.

    Moments are compared by the second. Not compared are which names are of one file, special
    files such as named pipes, and what changed while the snapshot was taken.
    """
    about = json.loads((notes / ABOUT).read_text())
    uncertain = {os.fsencode(each) for each in (*about["moving"], *about["unreadable"])}
    special = {each.path for each in Manifest(notes / MANIFEST).lines() if each.kind == "other"}
    passed_over = uncertain | special
    expected = (
        _as_in_archive(each)
        for each in Manifest(notes / MANIFEST).lines()
        if each.path not in passed_over
    )
    with repository.archive(snapshot) as archive:
        try:
            found = (each for each in _lines(archive) if each.path not in passed_over)
            differ = list(compare(expected, found))
        except tarfile.TarError:
            differ = [Difference(b"", "cannot be read")]
        while archive.read(_PART):  # to its end: then restic says whether that was all
            pass
    return [each for each in differ if not came_and_went(each, uncertain)]


def _as_in_archive(line: Line) -> Line:
    """Return what a tar file says of an entry of the manifest."""
    half = _SECOND // 2
    return line._replace(modified=(line.modified + half) // _SECOND * _SECOND, twin=None)


def _lines(archive: Output) -> Iterator[Line]:
    """Read a tar file as lines of a manifest, each file with its content."""
    stream = cast("IO[bytes]", archive)  # of which it only reads
    with tarfile.open(
        fileobj=stream, mode="r|", encoding="utf-8", errors="surrogateescape"
    ) as found:
        while (each := found.next()) is not None:
            found.members.clear()  # type: ignore[attr-defined]  # which would all be kept
            path = _bytes(each.name).strip(b"/").removeprefix(b"./")
            if path not in (b"", b"."):
                yield _line(found, each, path)


def _line(archive: tarfile.TarFile, each: tarfile.TarInfo, path: bytes) -> Line:
    modified = round(each.mtime) * _SECOND
    mode = each.mode & 0o7777
    if each.issym():
        return Line(path, "symlink", mode, 0, target=_bytes(each.linkname))
    if each.isdir():
        return Line(path, "dir", mode, modified)
    content = archive.extractfile(each)
    digest = hashlib.sha256()
    while content and (part := content.read(_PART)):
        digest.update(part)
    return Line(path, "file", mode, modified, each.size, sha256=digest.hexdigest())


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
