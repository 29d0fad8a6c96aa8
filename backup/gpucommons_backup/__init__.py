"""Snapshots of people's workspaces: made, looked into, put back, and shown to be whole."""

from gpucommons_backup.errors import (
    BackupError,
    RepositoryLockedError,
    RepositoryMissingError,
    RepositoryUnreachableError,
    WrongPasswordError,
)
from gpucommons_backup.repository import (
    Browser,
    Entry,
    EntryKind,
    Repository,
    Retention,
    Snapshot,
    SnapshotResult,
)
from gpucommons_backup.workspace import (
    Difference,
    LeftOut,
    Line,
    Manifest,
    Survey,
    compare,
)

__all__ = [
    "BackupError",
    "Browser",
    "Difference",
    "Entry",
    "EntryKind",
    "LeftOut",
    "Line",
    "Manifest",
    "Repository",
    "RepositoryLockedError",
    "RepositoryMissingError",
    "RepositoryUnreachableError",
    "Retention",
    "Snapshot",
    "SnapshotResult",
    "Survey",
    "WrongPasswordError",
    "compare",
]
