"""The home folder as it was: versions of a file, folders, what was deleted, and putting back.

All of it blocks: it belongs into threads. Paths are bytes, absolute or relative to the home folder.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote_from_bytes

from gpucommons_contract import (
    EarlierEntry,
    EarlierFolder,
    EarlierSnapshot,
    EarlierSnapshots,
    EarlierVersion,
    EarlierVersions,
    PutBack,
    SessionVariable,
    SnapshotNotes,
    SnapshotWish,
)

from gpucommons_lab.earlier_files.putting_back import put_back, put_beside, workspace_path
from gpucommons_lab.earlier_files.service import (
    Body,
    Entry,
    FilesService,
    NoSuchVersionError,
    Snapshot,
)

_MOST_LOOKED_AT = 10
"""Snapshots in which deleted files are looked for; each costs up to a second."""
_LARGEST_SHOWN = 5_000_000  # bytes
_SAME_TIME_S = 1.0
"""Within which two times of a file count as one: what is put back has whole seconds."""
_COMES_BACK = ("file", "dir")


class OutsideError(Exception):
    """A path is not in the home folder, so snapshots do not have it."""


def team_folder(environment: Mapping[str, str], home: Path) -> bytes:
    """Return where a session has the folder of its team, in the home folder; empty if it has not.

    Also where it is elsewhere: then there are no earlier files of it.
    """
    place = environment.get(SessionVariable.TEAM_FOLDER)
    found = workspace_path(Path(place), home) if place else None
    return found[1] if found else b""


class EarlierWorkspace:
    """What a session's service has of its home folder, and of the team's folder in it."""

    def __init__(self, service: FilesService, home: Path, team_folder: bytes = b"") -> None:
        """``team_folder`` is its path in the home folder; empty if there is none."""
        self._service, self._home, self._team_folder = service, home, team_folder

    def versions(self, path: bytes) -> EarlierVersions:
        """Return the versions of a file. Raises OutsideError, ServiceError."""
        found, complete = self._service.all_versions(self._place(path)[1])
        versions = (EarlierVersion(v.snapshot, v.time.timestamp(), v.size) for v in found)
        return EarlierVersions(tuple(versions), complete)

    def snapshots(self, path: bytes) -> EarlierSnapshots:
        """Return the snapshots of what a path is in. Raises OutsideError, ServiceError."""
        top = self._top(self._place(path)[1])
        return EarlierSnapshots(
            tuple(
                EarlierSnapshot(s.id, s.time.timestamp(), s.files, s.bytes, s.complete)
                for s in self._service.snapshots(top)
            )
        )

    def folder(self, snapshot: str, path: bytes) -> EarlierFolder:
        """Return what a folder had. Raises OutsideError, NoSuchVersionError, ServiceError."""
        folder, inside = self._place(path)
        known = self._service.snapshots(self._top(inside))
        of = next((each for each in known if each.id.startswith(snapshot)), None)
        if of is None:
            raise NoSuchVersionError("there is no such snapshot")
        entries, complete = self._service.folder(snapshot, inside)
        return EarlierFolder(tuple(_entry(each, of, folder) for each in entries), complete)

    def deleted(self, path: bytes) -> EarlierFolder:
        """Return files and folders that a folder had and lacks now, each as it was last.

        Looks into few snapshots, the further back, the further apart. Raises OutsideError,
        ServiceError.
        """
        folder, inside = self._place(path)
        gone: dict[str, EarlierEntry] = {}
        is_complete = True
        for snapshot in _spread(self._service.snapshots(self._top(inside))):
            try:
                entries, complete = self._service.folder(snapshot.id, inside)
            except NoSuchVersionError:
                continue
            is_complete = is_complete and complete
            for entry in (_entry(each, snapshot, folder) for each in entries):
                if entry.kind in _COMES_BACK and not entry.present:
                    gone.setdefault(entry.name, entry)
        return EarlierFolder(tuple(gone[name] for name in sorted(gone)), is_complete)

    def file(self, snapshot: str, path: bytes) -> AbstractContextManager[tuple[int, Body]]:
        """Give what a file contained, as `FilesService.file`. Raises OutsideError."""
        return self._service.file(snapshot, self._place(path)[1])

    def notes(self, snapshot: str, path: bytes) -> SnapshotNotes:
        """Return what is not in a snapshot of what a path is in.

        Raises OutsideError, NoSuchVersionError, ServiceError.
        """
        return self._service.notes(snapshot, self._top(self._place(path)[1]))

    def wish(self, *, anew: bool) -> SnapshotWish:
        """Return what became of the last snapshot that was asked for; ``anew`` asks for one.

        Raises ServiceError.
        """
        return self._service.make_wish() if anew else self._service.wish()

    def now(self, path: bytes) -> bytes:
        """Return what a file contains now, up to 5 MB. Raises OutsideError, OSError."""
        with open(self._place(path)[0], "rb") as file:  # noqa: PTH123 -- bytes
            return file.read(_LARGEST_SHOWN)

    def put_back(self, snapshot: str, path: bytes, beside: str | None) -> PutBack:
        """Write a version beside its file, named with these words, or in its place if None.

        Raises OutsideError and, with the file as it was, all of EXPLAINED.
        """
        file, inside = self._place(path)
        with self._service.file(snapshot, inside) as (size, body):
            if beside is not None:
                return PutBack(_readable(put_beside(file, beside, size, body)), None)
            kept = put_back(file, size, body)
        return PutBack(_readable(file), _readable(kept) if kept else None)

    def _place(self, path: bytes) -> tuple[bytes, bytes]:
        """Return where something is, and its path in snapshots, which is empty for all of home."""
        place = self._home / os.fsdecode(path)
        if found := workspace_path(place, self._home):
            return found
        real, top = (os.path.realpath(os.fsencode(each)) for each in (place, self._home))
        if real == top:
            return real, b""
        raise OutsideError

    def _top(self, inside: bytes) -> bytes:
        """Return the path of the team's folder if something is in it; empty for the home folder."""
        folder = self._team_folder
        return folder if folder and (inside + b"/").startswith(folder + b"/") else b""


def _spread(snapshots: list[Snapshot]) -> Iterator[Snapshot]:
    """Yield a few of them, newest first: each at least twice as long ago as the one before."""
    if not snapshots:
        return
    newest = snapshots[0].time
    last, taken = -1.0, 0
    for each in snapshots:
        age = (newest - each.time).total_seconds()
        if age > 2 * last and taken < _MOST_LOOKED_AT:
            yield each
            last, taken = age, taken + 1


def _entry(each: Entry, snapshot: Snapshot, folder: bytes) -> EarlierEntry:
    now = os.path.join(folder, each.name)  # noqa: PTH118 -- bytes
    present = os.path.lexists(now)
    return EarlierEntry(
        name=quote_from_bytes(each.name, safe=""),
        text=_readable(each.name),
        kind=each.kind,
        size=each.size,
        snapshot=snapshot.id,
        time=snapshot.time.timestamp(),
        present=present,
        changed=present and _is_changed(now, each),
    )


def _is_changed(now: bytes, then: Entry) -> bool:
    try:
        found = os.lstat(now)
    except OSError:  # it cannot be looked at, or went this moment
        return True
    if _kind(found.st_mode) != then.kind:
        return True
    is_other = then.size != found.st_size or (
        abs(found.st_mtime - then.modified.timestamp()) >= _SAME_TIME_S
    )
    return then.kind == "file" and is_other


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "dir"
    return "symlink" if stat.S_ISLNK(mode) else "other"


def _readable(name: bytes) -> str:
    return name.decode(errors="replace")
