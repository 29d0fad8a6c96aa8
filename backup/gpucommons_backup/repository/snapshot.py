"""What restic says of a snapshot."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_FRACTION = re.compile(r"(\.\d{6})\d*")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A workspace, or notes on one, as it was at a moment."""

    id: str  # 64 hex digits
    time: datetime
    tree: str  # id of its uppermost folder
    host: str
    tags: frozenset[str] = frozenset()
    files: int | None = None
    size: int | None = None  # bytes of all files
    original: str = ""
    """Of a copy in another repository: the id of what was copied. Empty if it is none."""

    def value(self, prefix: str) -> str | None:
        """Return what follows ``prefix`` in the tag that begins with it."""
        return next((tag.removeprefix(prefix) for tag in self.tags if tag.startswith(prefix)), None)


def parse_snapshot(said: Mapping[str, Any]) -> Snapshot:
    """Read one of ``restic snapshots --json``."""
    summary = said.get("summary") or {}
    return Snapshot(
        id=said["id"],
        time=parse_time(said["time"]),
        tree=said["tree"],
        host=said.get("hostname", ""),
        tags=frozenset(said.get("tags") or ()),
        files=summary.get("total_files_processed"),
        size=summary.get("total_bytes_processed"),
        original=said.get("original") or "",
    )


def parse_time(text: str) -> datetime:
    """Read a moment with up to nine digits of a second, as Go writes it; ours have six.

    Ours also begin with the year 1, and Go's with 0.
    """
    text = text.replace("0000-", "0001-", 1) if text.startswith("0000-") else text
    return datetime.fromisoformat(_FRACTION.sub(r"\1", text))
