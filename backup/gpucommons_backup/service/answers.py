"""What the API answers, as JSON has it."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_from_bytes

from gpucommons_backup.repository import Entry, Sighting
from gpucommons_backup.service.shelf import Listing

_MOST_NAMED = 1000
"""Entries of each list of what is not in a snapshot."""


def version(each: Sighting) -> dict[str, object]:
    """Write a version of a file."""
    return {
        "snapshot": each.snapshot.id,
        "time": _moment(each.snapshot.time),
        "modified": _moment(each.modified),
        "size": each.size,
    }


def snapshots(listing: Listing) -> list[dict[str, object]]:
    """Write a list of snapshots, newest first."""
    return [
        {
            "id": each.id,
            "time": _moment(each.time),
            "files": each.files,
            "bytes": each.size,
            "complete": listing.complete.get(each.id),
        }
        for each in reversed(listing.snapshots)
    ]


def entry(each: Entry) -> dict[str, object]:
    """Write an entry of a folder. Its name may be of any bytes."""
    return {
        "name": quote_from_bytes(each.name, safe=""),
        "kind": each.kind,
        "size": each.size,
        "modified": _moment(each.modified),
    }


def about(said: Mapping[str, Any]) -> dict[str, object]:
    """Write what is not in a snapshot, the largest first, and what changed while it was taken."""
    left_out = sorted(said["not_kept"], key=lambda each: -each["size"])
    unreadable, moving = said.get("unreadable", ()), said.get("moving", ())
    return {
        "not_kept": [
            {
                "path": _quoted(each["path"]),
                "reason": each["reason"],
                "size": each["size"],
                "files": each["files"],
            }
            for each in left_out[:_MOST_NAMED]
        ],
        "unreadable": [_quoted(each) for each in unreadable[:_MOST_NAMED]],
        "moving": [_quoted(each) for each in moving[:_MOST_NAMED]],
        "complete": max(map(len, (left_out, unreadable, moving))) <= _MOST_NAMED,
    }


def _quoted(path: str) -> str:
    return quote_from_bytes(os.fsencode(path), safe="/")


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
