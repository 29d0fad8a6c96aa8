"""Looks into snapshots one folder at a time, and remembers folders that it has seen."""

from collections import OrderedDict
from threading import Lock
from typing import Protocol

from gpucommons_backup.repository.snapshot import Snapshot
from gpucommons_backup.repository.tree import Entry, EntryKind, parse_tree

_REMEMBERED = 10_000
"""Entries of folders, about a kilobyte each. A folder never changes under its id, and each look at
the store costs a third of a second."""


class _Trees(Protocol):
    def tree(self, identifier: str) -> bytes: ...


class Browser:
    """The folders of one repository's snapshots. Safe to use from several threads."""

    def __init__(self, repository: _Trees) -> None:
        self._repository = repository
        self._seen: OrderedDict[str, tuple[Entry, ...]] = OrderedDict()
        self._entries = 0
        self._lock = Lock()

    def folder(self, snapshot: Snapshot, path: bytes = b"") -> tuple[Entry, ...] | None:
        """Return what a folder had; None if there was none at that path.

        ``path`` is relative to the workspace, without a slash at its ends.
        """
        if not path:
            return self._tree(snapshot.tree)
        entry = self.entry(snapshot, path)
        return self._tree(entry.tree) if entry and entry.tree else None

    def entry(self, snapshot: Snapshot, path: bytes) -> Entry | None:
        """Return what was at a path; None if nothing."""
        *folders, name = path.split(b"/")
        entries = self._tree(snapshot.tree)
        for each in folders:
            folder = _named(entries, each)
            if folder is None or folder.kind is not EntryKind.FOLDER or not folder.tree:
                return None
            entries = self._tree(folder.tree)
        return _named(entries, name)

    def _tree(self, identifier: str) -> tuple[Entry, ...]:
        with self._lock:
            if identifier in self._seen:
                self._seen.move_to_end(identifier)
                return self._seen[identifier]
        entries = parse_tree(self._repository.tree(identifier))
        with self._lock:
            if identifier not in self._seen:
                self._seen[identifier] = entries
                self._entries += len(entries) + 1
            while self._entries > _REMEMBERED:
                _, forgotten = self._seen.popitem(last=False)
                self._entries -= len(forgotten) + 1
        return entries


def _named(entries: tuple[Entry, ...], name: bytes) -> Entry | None:
    return next((each for each in entries if each.name == name), None)
