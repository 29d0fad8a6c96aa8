"""One person's snapshots, with what was read of them a moment ago; and all of these at hand."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from gpucommons_backup.errors import FolderTooLargeError
from gpucommons_backup.notes import ABOUT, NOTES, OF, STATE, UNREAD, WORKSPACE
from gpucommons_backup.repository import (
    Amount,
    Browser,
    Entry,
    EntryKind,
    Output,
    Repository,
    Sighting,
    Snapshot,
    versions,
)
from gpucommons_backup.service.records import Record
from gpucommons_backup.service.settings import ServiceSettings
from gpucommons_backup.service.work import Pause

_FRESH_S = 10.0
_MOST_SHELVES = 32
"""Repositories whose folders are remembered: up to 10 MB each."""
_MOST_SNAPSHOTS = 100
"""In which a file is looked for."""
_PATIENCE_S = 20.0
"""Of one call of restic, which waits for a store that is away."""
_LARGEST_NOTES = 32_000_000
"""Bytes of a list of what is not kept: some 100 for each entry."""
_LOOK_S = 3.0
"""For which contents of versions are compared."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The snapshots of a workspace, oldest first, and whether each has all of it."""

    snapshots: tuple[Snapshot, ...]
    complete: Mapping[str, bool]
    """By id; it lacks those of which that is not known."""
    notes: Mapping[str, Snapshot] = field(default_factory=dict)
    """Notes by the id of the snapshot that they are on."""


class Shelf:
    """Reads one repository. Its methods block and raise BackupError; any thread may call them.

    ``pause`` is for whoever calls them from an event loop, when this repository took too long.
    """

    def __init__(self, repository: Repository, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: gives seconds."""
        self._repository = repository
        self._browser = Browser(repository)
        self._clock = clock
        self._lock = Lock()
        self._listed = float("-inf")
        self._listing = Listing((), {})
        self.pause = Pause()

    def listing(self) -> Listing:
        """List the snapshots, as they were at most ten seconds ago."""
        with self._lock:  # whoever comes meanwhile gets the same
            if self._clock() >= self._listed + _FRESH_S:
                self._listing = _listing(self._repository.snapshots())
                self._listed = self._clock()
            return self._listing

    def snapshot(self, identifier: str) -> Snapshot | None:
        """Return a snapshot of this workspace by the beginning of its id; None for any other."""
        found = [each for each in self.listing().snapshots if each.id.startswith(identifier)]
        return found[0] if len(found) == 1 else None

    def versions(self, path: bytes) -> tuple[list[Sighting], bool]:
        """Return the versions of a file, newest first, and whether all snapshots were looked at."""
        snapshots = self.listing().snapshots
        deadline = self._clock() + _LOOK_S
        found = versions(
            self._repository,
            self._browser,
            snapshots[-_MOST_SNAPSHOTS:],
            path,
            lambda: self._clock() < deadline,
        )
        return found, len(snapshots) <= _MOST_SNAPSHOTS

    def folder(self, identifier: str, path: bytes) -> tuple[Entry, ...] | None:
        """Return what a folder had; None if there was none."""
        snapshot = self.snapshot(identifier)
        return self._browser.folder(snapshot, path) if snapshot else None

    def file(self, identifier: str, path: bytes) -> tuple[Snapshot, Entry] | None:
        """Return a file and its snapshot; None if there was none."""
        snapshot = self.snapshot(identifier)
        entry = self._browser.entry(snapshot, path) if snapshot else None
        return (snapshot, entry) if snapshot and entry and entry.kind is EntryKind.FILE else None

    def measured(self, identifier: str, path: bytes) -> tuple[Snapshot, Amount] | None:
        """Return a snapshot and how much a folder had in it; None if there was none.

        Without a path it is the whole workspace.
        """
        snapshot = self.snapshot(identifier)
        entry = self._browser.entry(snapshot, path) if snapshot and path else None
        if snapshot is None or (path and (entry is None or entry.kind is not EntryKind.FOLDER)):
            return None
        return snapshot, self._repository.amount(snapshot, path)

    def about(self, identifier: str) -> Mapping[str, Any] | None:
        """Return the notes on a snapshot: what is not in it; None if there are none."""
        snapshot = self.snapshot(identifier)
        notes = self.listing().notes.get(snapshot.id) if snapshot else None
        if notes is None:
            return None
        text = self._repository.content(notes, ABOUT.encode(), _LARGEST_NOTES)
        if text is None:
            raise FolderTooLargeError("The list of what is not in a snapshot is too long.")
        said: Mapping[str, Any] = json.loads(text)
        return said

    def open(self, snapshot: Snapshot, path: bytes) -> "Reading":
        """Begin to read what a file contains."""
        return Reading(self._repository.file(snapshot, path))

    def open_archive(self, snapshot: Snapshot, folder: bytes) -> "Reading":
        """Begin to read what a folder had, as tar."""
        return Reading(self._repository.archive(snapshot, folder))


class Reading:
    """What a file contains, or a folder as tar, as it comes. To be closed or abandoned."""

    def __init__(self, output: AbstractContextManager[Output]) -> None:
        self._context = output
        self._output: Output = self._context.__enter__()

    def read(self, size: int) -> bytes:
        """Wait for up to so many bytes; none means that this was all."""
        return self._output.read(size)

    def stop(self) -> None:
        """End the program that reads, whatever another thread does with it."""
        self._output.stop()

    def close(self) -> None:
        """Say that all was read. Raises BackupError if that was not all of the file."""
        self._context.__exit__(None, None, None)

    def abandon(self) -> None:
        """Give up."""
        self._context.__exit__(GeneratorExit, GeneratorExit(), None)


class Shelves:
    """Shelves by their records; those that were used last are kept."""

    def __init__(self, settings: ServiceSettings, login: Mapping[str, str]) -> None:
        """``login`` is the store's."""
        self._settings = settings
        self._login = dict(login)
        self._open: OrderedDict[Record, Shelf] = OrderedDict()

    def of(self, record: Record) -> Shelf:
        """Return one. Reads nothing yet."""
        shelf = self._open.pop(record, None) or Shelf(self._repository(record))
        self._open[record] = shelf
        while len(self._open) > _MOST_SHELVES:
            self._open.popitem(last=False)
        return shelf

    def _repository(self, record: Record) -> Repository:
        environment = self._login | {
            "RESTIC_REPOSITORY": f"{self._settings.store}{record.name}/",
            "RESTIC_PASSWORD": record.password,
            "GOGC": "20",  # less memory for more work: many run at once
        }
        if self._settings.cache:
            environment["RESTIC_CACHE_DIR"] = str(self._settings.cache)
        return Repository(environment, patience_s=_PATIENCE_S)


def _listing(snapshots: list[Snapshot]) -> Listing:
    notes = {
        of: each for each in snapshots if each.host == NOTES and (of := each.value(OF)) is not None
    }
    complete = {
        of: each.value(STATE) is not None
        for of, each in notes.items()
        if each.value(STATE) is not None or UNREAD in each.tags
    }
    workspaces = tuple(each for each in snapshots if each.host == WORKSPACE)
    return Listing(workspaces, complete, notes)
