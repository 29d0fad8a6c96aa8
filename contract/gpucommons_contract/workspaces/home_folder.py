"""What takes the room in a home folder, and what emptying its trash came to."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gpucommons_contract.sessions.telemetry import DiskUse

_LARGEST = 2**60
"""Bytes, or files. No home folder has more."""
_FIELDS = ("used", "size", "files", "most_files")


@dataclass(frozen=True, slots=True)
class FolderSize:
    """One folder of a home folder, with all that is in it on the same file system."""

    name: str
    """As people read it; empty for files that are in none of its folders."""
    path: str | None
    """Where JupyterLab opens it; None where it cannot, as hidden folders."""
    size: int  # bytes on the disk
    files: int
    """With folders and links, as they count towards a limit of files."""


@dataclass(frozen=True, slots=True)
class FolderSizes:
    """What takes the room in a home folder, the largest first."""

    folders: tuple[FolderSize, ...]
    trash: FolderSize
    """What was deleted, and still takes room. No folder above counts it."""
    complete: bool
    """Whether all was counted. If the time ran out, the true figures are larger."""
    counted_at: float  # seconds since the Unix epoch

    def to_json(self) -> str:
        """Write them as one line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class TrashEmptied:
    """What emptying the trash came to."""

    freed: int  # bytes
    left: int
    """How many files and folders could not be deleted."""
    reason: str | None = None
    """Why the first of these could not be."""

    def to_json(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))


def read_disk_use(said: object) -> DiskUse:
    """Read what a session says of its home folder. Raises ValueError that says what is wrong.

    The session's person may have written it: figures that cannot be are refused.
    """
    if not isinstance(said, Mapping) or not set(said) <= set(_FIELDS):
        raise ValueError(f"The body must be an object with: {', '.join(_FIELDS)}.")
    used, size = _count(said, "used"), _count(said, "size")
    if not size or used > size:
        raise ValueError("'size' must be more than 0, and 'used' no more than that.")
    if said.get("files") is None and said.get("most_files") is None:
        return DiskUse(used, size)
    files, most = _count(said, "files"), _count(said, "most_files")
    if not most or files > most:
        raise ValueError("'most_files' must be more than 0, and 'files' no more than that.")
    return DiskUse(used, size, files, most)


def _count(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise ValueError(f"{name!r} must be a whole number from 0 to {_LARGEST}.")
    return value


def disk_percent(disk: DiskUse) -> float:
    """Say how full a volume is, by bytes or by files, whichever is more; 0 to 100."""
    by_size = 100 * disk.used / disk.size if disk.size else 0.0
    return max(by_size, files_percent(disk))


def files_percent(disk: DiskUse) -> float:
    """Say how much of the files that a volume can have there are; 0 where that is not known."""
    return 100 * disk.files / disk.most_files if disk.files and disk.most_files else 0.0
