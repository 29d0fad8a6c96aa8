"""One workspace's snapshots in a store: one restic repository."""

from gpucommons_backup.repository.browser import Browser
from gpucommons_backup.repository.repository import (
    Amount,
    Repository,
    Retention,
    Sighting,
    SnapshotResult,
)
from gpucommons_backup.repository.restic import Output
from gpucommons_backup.repository.snapshot import Snapshot
from gpucommons_backup.repository.tree import Entry, EntryKind
from gpucommons_backup.repository.versions import versions

__all__ = [
    "Amount",
    "Browser",
    "Entry",
    "EntryKind",
    "Output",
    "Repository",
    "Retention",
    "Sighting",
    "Snapshot",
    "SnapshotResult",
    "versions",
]
