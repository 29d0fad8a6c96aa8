"""One folder of a snapshot, as restic keeps it.

Read from the tree itself: ``restic ls --json`` changes names that are not UTF-8.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gpucommons_backup.repository.snapshot import parse_time

_PERMISSIONS = 0o777
# What strconv.Quote of Go writes for what is not printable, and for bytes that are not UTF-8.
_ESCAPE = re.compile(
    rb"""\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([abfnrtv\\"']))""", re.DOTALL
)
_LETTERS = dict(zip(b"abfnrtv\\\"'", b"\a\b\f\n\r\t\v\\\"'", strict=True))


class EntryKind(StrEnum):
    """What an entry of a folder is."""

    FILE = "file"
    FOLDER = "dir"
    LINK = "symlink"
    OTHER = "other"
    """A named pipe, a socket or a device."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder in a snapshot."""

    name: bytes
    kind: EntryKind
    mode: int  # permission bits
    modified: datetime
    size: int = 0  # bytes
    content: tuple[str, ...] = ()
    """Ids of the parts of a file. Files with the same parts are the same."""
    tree: str | None = None
    """Id of a folder's own tree."""
    target: bytes | None = None
    """Where a link leads."""


def parse_tree(text: bytes) -> tuple[Entry, ...]:
    """Read what ``restic cat blob`` prints of a tree."""
    return tuple(_entry(each) for each in json.loads(text)["nodes"])


def _entry(node: Mapping[str, Any]) -> Entry:
    said = node["type"]
    kind = EntryKind(said) if said in set(EntryKind) else EntryKind.OTHER
    return Entry(
        name=unquoted(node["name"]),
        kind=kind,
        mode=node.get("mode", 0) & _PERMISSIONS,
        modified=parse_time(node["mtime"]),
        size=node.get("size", 0),
        content=tuple(node.get("content") or ()),
        tree=node.get("subtree"),
        target=_target(node),
    )


def _target(node: Mapping[str, Any]) -> bytes | None:
    if raw := node.get("linktarget_raw"):  # where it is not UTF-8
        return base64.b64decode(raw)
    target = node.get("linktarget")
    return target.encode() if isinstance(target, str) else None


def unquoted(name: str) -> bytes:
    """Return the bytes of a name that Go has quoted."""
    return _ESCAPE.sub(_character, name.encode())


def _character(found: re.Match[bytes]) -> bytes:
    byte, short, long, letter = found.groups()
    if byte:
        return bytes([int(byte, 16)])
    if letter:
        return bytes([_LETTERS[ord(letter)]])
    return chr(int(short or long, 16)).encode()
