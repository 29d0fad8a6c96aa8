"""Earlier versions of files, as a session's server gives them to its pages and to VS Code."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class EarlierSnapshot:
    """A snapshot of the workspace."""

    id: str
    time: float  # seconds since the Unix epoch
    files: int | None
    bytes: int | None
    complete: bool | None
    """False where something could not be read when it was taken; None where that is not known."""


@dataclass(frozen=True, slots=True)
class EarlierSnapshots:
    """The snapshots that there are, newest first."""

    snapshots: tuple[EarlierSnapshot, ...]

    def to_json(self) -> str:
        """Write them as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """A file as it was in a snapshot."""

    snapshot: str
    time: float  # of the snapshot, in seconds since the Unix epoch
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class EarlierVersions:
    """A file's versions, newest first: for each content the latest snapshot with it."""

    versions: tuple[EarlierVersion, ...]
    complete: bool
    """Whether all snapshots were looked at."""

    def to_json(self) -> str:
        """Write them as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class EarlierEntry:
    """What a folder had in a snapshot."""

    name: str
    """Its bytes, percent-encoded."""
    text: str
    """The name as people read it."""
    kind: str
    """`file`, `dir`, `symlink` or `other`."""
    size: int  # bytes
    snapshot: str
    time: float  # of the snapshot, in seconds since the Unix epoch
    present: bool
    """Whether there is something of that name now."""
    changed: bool
    """Whether that is of another kind, or a file of another size or time."""


@dataclass(frozen=True, slots=True)
class EarlierFolder:
    """What a folder had, by name."""

    entries: tuple[EarlierEntry, ...]
    complete: bool
    """Whether these are all."""

    def to_json(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class PutBack:
    """Where a version is now. Paths are absolute, as people read them."""

    path: str
    kept: str | None
    """Where the content is that it replaced; None if there was none, or the same."""

    def to_json(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class LeftOutEntry:
    """Something that is not in a snapshot."""

    path: str
    """As people read it, relative to the home folder."""
    reason: str
    """`cache`, `trash`, `environment`, `marked`, `too-large`, `unfinished`, `database` or
    `chosen`."""
    size: int  # bytes
    files: int


@dataclass(frozen=True, slots=True)
class SnapshotNotes:
    """What is not in a snapshot, and what changed while it was taken. Paths as people read them."""

    not_kept: tuple[LeftOutEntry, ...]
    """The largest first."""
    unreadable: tuple[str, ...]
    moving: tuple[str, ...]
    complete: bool
    """Whether these are all."""

    def to_json(self) -> str:
        """Write them as one line of JSON."""
        return json.dumps(asdict(self))


class PuttingBackState(StrEnum):
    """How far something is that is put back."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PuttingBack:
    """Something that is put back, or was.

    Paths are relative to the home folder, percent-encoded.
    """

    id: str
    path: str
    """What was asked for; empty for the whole home folder."""
    state: PuttingBackState
    done: int
    """Bytes that have come."""
    size: int | None
    """Bytes of all files; None until that is known."""
    target: str | None = None
    """Where it is now; None where it is not back."""
    kept: str | None = None
    """Where that is which was in its place; None if there was nothing, or the same."""
    message: str | None = None
    """Why it failed, for the person."""


@dataclass(frozen=True, slots=True)
class SnapshotWish:
    """The snapshot that the person asked for last."""

    available: bool
    """Whether one can be asked for."""
    state: str | None
    """`waiting`, `done` or `failed`; None where nobody has asked."""
    snapshot: str
    """Its id, once it is done; empty where there was nothing to keep."""
    reason: str
    """Why it failed: `no-workspace`, `after-session` or `no-snapshot`."""

    def to_json(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class TrashedEntry:
    """Something in the trash of the home folder."""

    id: str
    path: str
    """Where it was, relative to the home folder, percent-encoded."""
    is_folder: bool
    size: int | None
    """Bytes of a file; None for a folder."""
    deleted: str
    """When, in the session's own time, ISO 8601 without a zone."""
