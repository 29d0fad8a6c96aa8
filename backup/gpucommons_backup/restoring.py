"""Puts a whole workspace back beside what is there: into a new folder, and over nothing."""

import errno
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_backup.errors import BackupError
from gpucommons_backup.notes import ABOUT, MANIFEST, WORKSPACE, notes_on
from gpucommons_backup.repository import Repository, Snapshot
from gpucommons_backup.verifying import differences
from gpucommons_backup.workspace import Manifest
from gpucommons_backup.workspace.not_kept import UNFINISHED
from gpucommons_backup.workspace.removing import remove

_MORE = 1.05
"""How much room there must be, of what the files need: folders and blocks take some too."""
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_NAMED = 3
_SHORTEST_ID = 8


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and where."""

    snapshot: str
    """Its id."""
    moment: str
    """When it was taken, in ISO 8601, UTC."""
    folder: str
    """Name of the new folder in the workspace."""
    files: int
    size: int  # bytes
    left_out: int = 0
    """Entries that could not be read when it was taken, and so are not in it."""
    not_compared: bool = False
    """There are no notes on it, as the program that took it was ended before it wrote them: restic
    put back all that it has, and whether that is all that was there, nobody knows."""

    def to_json(self) -> str:
        """Write it as one line that fits a container's termination message."""
        return json.dumps(asdict(self))


def choose(
    snapshots: Sequence[Snapshot], *, identifier: str = "", before: datetime | None = None
) -> Snapshot:
    """Return the snapshot that was asked for, or else the newest, with notes or without.

    ``snapshots`` are those of a repository, notes among them. ``identifier`` is that of a snapshot
    or at least 8 digits of its beginning; ``before``: the newest not after that moment. Raises
    BackupError that says what there is.
    """
    whole = [each for each in snapshots if each.host == WORKSPACE]
    if not whole:
        raise BackupError("There is no snapshot in the repository that could be put back.")
    whole.sort(key=lambda each: each.time)
    found = whole
    if identifier:
        is_long = len(identifier) >= _SHORTEST_ID
        found = [each for each in whole if is_long and each.id.startswith(identifier)]
    elif before:
        found = [each for each in whole if each.time <= before]
    if not found:
        asked = f"with the id {identifier}" if identifier else f"of {_moment(before)} or earlier"
        raise BackupError(
            f"There is no snapshot {asked}. There are {len(whole)}, the oldest of "
            f"{_moment(whole[0].time)}, the newest of {_moment(whole[-1].time)}."
        )
    return found[-1]


def restore(repository: Repository, workspace: Path, snapshot: Snapshot, scratch: Path) -> Restored:
    """Put a snapshot into a new folder of the workspace, named after its moment.

    ``scratch`` is an empty folder elsewhere, for the notes. Raises BackupError, before a byte is
    written where there is no room, and else after what was written is gone again.
    """
    unfinished = workspace / UNFINISHED.decode()
    remove_unfinished(workspace)  # of a try that was killed
    notes = scratch / "notes"
    on_it = notes_on(repository, snapshot)
    if on_it:
        repository.restore(on_it, notes)
        about = json.loads((notes / ABOUT).read_text())
        files, size, entries = _counted(Manifest(notes / MANIFEST))
    else:
        about = {"unreadable": []}
        files, size = snapshot.files or 0, snapshot.size or 0
        entries = files
    _check_room(size, entries, workspace)
    unfinished.mkdir()
    try:
        repository.restore(snapshot, unfinished)
        if on_it:
            _compare(notes, unfinished, snapshot)
        folder = _published(unfinished, workspace, snapshot.time)
    except BaseException:
        remove(unfinished)
        raise
    return Restored(
        snapshot=snapshot.id,
        moment=f"{snapshot.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        folder=folder,
        files=files,
        size=size,
        left_out=len(about["unreadable"]),
        not_compared=on_it is None,
    )


def remove_unfinished(workspace: Path) -> None:
    """Remove what a try that was ended has put back."""
    remove(workspace / UNFINISHED.decode())


def _compare(notes: Path, restored: Path, snapshot: Snapshot) -> None:
    if differ := differences(notes, restored):
        named = ", ".join(f"{os.fsdecode(each.path)!r} {each.what}" for each in differ[:_NAMED])
        raise BackupError(
            f"What came back is not what was there when the snapshot {snapshot.id[:8]} was "
            f"taken, so it was removed again. {len(differ)} entries differ: {named}."
        )


def _counted(manifest: Manifest) -> tuple[int, int, int]:
    """Return how many files, their bytes, and how many entries will be put back."""
    files = size = entries = 0
    for line in manifest.lines():
        entries += 1
        if line.kind == "file" and not line.twin:
            files, size = files + 1, size + line.size
    return files, size, entries


def _check_room(size: int, entries: int, workspace: Path) -> None:
    """Raise BackupError where so many bytes and entries do not fit."""
    room = os.statvfs(workspace)
    needed, free = int(size * _MORE), room.f_bavail * room.f_frsize
    advice = "Delete something there, or let it grow: gpucommons workspace grow."
    if needed > free:
        raise BackupError(
            f"The workspace has no room for it: {_sized(needed)} are needed, {_sized(free)} are "
            f"free. {advice}"
        )
    if room.f_files and entries * _MORE > room.f_favail:
        raise BackupError(
            f"The workspace has no room for so many files: {entries} are needed, and "
            f"{room.f_favail} can be made. {advice}"
        )


def _published(unfinished: Path, workspace: Path, time: datetime) -> str:
    """Give the folder its name, and return that. One that there is already is left alone."""
    wanted = f"restored {time.astimezone(UTC):%Y-%m-%d %H.%M}"
    number = 1
    while True:
        name = wanted if number == 1 else f"{wanted} ({number})"
        number += 1
        try:
            # An empty folder of our own is replaced by the rename, and nothing else ever is.
            (workspace / name).mkdir()
            unfinished.rename(workspace / name)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        else:
            return name


def _moment(time: datetime | None) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if time else ""


def _sized(number: float) -> str:
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {_UNITS[unit]}" if unit == 0 else f"{number:.1f} {_UNITS[unit]}"
