"""The snapshots of a team's folder, as its people see them: at a path of their home folder."""

from collections.abc import Mapping
from typing import Any

from gpucommons_backup.repository import Amount, Entry, Sighting, Snapshot
from gpucommons_backup.service.shelf import Listing, Reading, Shelf
from gpucommons_backup.service.work import Pause


class TeamShelf:
    """What a `Shelf` offers, of the folder of a team.

    Who looks at a home folder as it was names a snapshot of that. Of the team's folder it means the
    newest one that is not later.
    """

    def __init__(self, folder: Shelf, home: Shelf | None) -> None:
        """``home`` is the shelf of who asks, None if there is no snapshot of theirs."""
        self._folder = folder
        self._home = home

    @property
    def pause(self) -> Pause:
        """Of the folder's repository."""
        return self._folder.pause

    def listing(self) -> Listing:
        """List the snapshots of the folder."""
        return self._folder.listing()

    def versions(self, path: bytes) -> tuple[list[Sighting], bool]:
        """Return the versions of a file, as a Shelf does."""
        return self._folder.versions(path)

    def folder(self, identifier: str, path: bytes) -> tuple[Entry, ...] | None:
        """Return what a folder had; None if there was none."""
        return self._folder.folder(self._of_folder(identifier), path)

    def file(self, identifier: str, path: bytes) -> tuple[Snapshot, Entry] | None:
        """Return a file and its snapshot; None if there was none."""
        return self._folder.file(self._of_folder(identifier), path)

    def measured(self, identifier: str, path: bytes) -> tuple[Snapshot, Amount] | None:
        """Return a snapshot and how much a folder had in it; None if there was none."""
        return self._folder.measured(self._of_folder(identifier), path)

    def about(self, identifier: str) -> Mapping[str, Any] | None:
        """Return the notes on a snapshot; None if there are none."""
        return self._folder.about(self._of_folder(identifier))

    def open(self, snapshot: Snapshot, path: bytes) -> Reading:
        """Begin to read what a file contains."""
        return self._folder.open(snapshot, path)

    def open_archive(self, snapshot: Snapshot, folder: bytes) -> Reading:
        """Begin to read what a folder had, as tar."""
        return self._folder.open_archive(snapshot, folder)

    def _of_folder(self, identifier: str) -> str:
        if self._home is None or self._folder.snapshot(identifier):
            return identifier
        if (of_home := self._home.snapshot(identifier)) is None:
            return identifier
        not_later = [e for e in self._folder.listing().snapshots if e.time <= of_home.time]
        return not_later[-1].id if not_later else identifier
