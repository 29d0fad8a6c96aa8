"""A list of all that a workspace has, made by our own walk and not by the tool that keeps it.

What is put back is compared with it: the tool cannot vouch for itself.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

_LEVEL = 4
"""Of gzip: half a million lines take a quarter of a second. By level 9 they take a fifteenth less
room, and seven times as long."""
_AT_ONCE = 2**17
"""Bytes that are compressed at a time."""
_decode = json.JSONDecoder().raw_decode
_quoted = json.encoder.encode_basestring_ascii


class Line(NamedTuple):
    """One entry of a workspace. Made for each of half a million: no other kind is made so soon."""

    path: bytes  # relative to the workspace
    kind: str  # "file", "dir", "symlink" or "other"
    mode: int  # permission bits, with those for set-user, set-group and sticky
    modified: int  # nanoseconds since the Unix epoch; 0 for links
    size: int = 0  # bytes, of files
    target: bytes | None = None
    """Where a link leads."""
    twin: bytes | None = None
    """The first path of the same file, where it has several names."""
    sha256: str | None = None
    """Of its content, where it was read."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that is not as it was."""

    path: bytes
    what: str
    """What differs, in words, such as "is missing"."""


MISSING = "is missing"
NEW = "was not there before"


class Manifest:
    """A file of lines, in the order of `sort_key`; gzip, one JSON document each."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def write(self, lines: Iterable[Line]) -> None:
        """Write all, which must be in order."""
        with self._written() as file:
            file.writelines(map(_text_of, lines))

    def copy(
        self, target: "Manifest", change: Callable[[Line], Line], only: Container[int] | None = None
    ) -> None:
        """Write all lines to another file, changed. ``only``: those at these places, from 0 on."""
        with gzip.open(self.file) as source, target._written() as file:
            for place, text in enumerate(source):
                is_changed = only is None or place in only
                file.write(_text_of(change(_line_of(text))) if is_changed else text)

    def lines(self) -> Iterator[Line]:
        """Read them one after the other."""
        with gzip.open(self.file) as file:
            yield from map(_line_of, file)

    @contextlib.contextmanager
    def _written(self) -> "Iterator[io.BufferedWriter[gzip.GzipFile]]":
        with (
            gzip.GzipFile(self.file, "wb", _LEVEL, mtime=0) as packed,
            io.BufferedWriter(packed, _AT_ONCE) as file,
        ):
            yield file


def sort_key(path: bytes) -> list[bytes]:
    """Return what puts a folder before what is in it, and that before the folder's neighbour."""
    return path.split(b"/")


def compare(before: Iterable[Line], after: Iterable[Line]) -> Iterator[Difference]:
    """Give what differs between two lists in order. Contents count where both were read."""
    left, right = iter(before), iter(after)
    one, other = next(left, None), next(right, None)
    while one or other:
        if one == other:
            one, other = next(left, None), next(right, None)
        elif other is None or (one and sort_key(one.path) < sort_key(other.path)):
            assert one
            yield Difference(one.path, MISSING)
            one = next(left, None)
        elif one is None or sort_key(other.path) < sort_key(one.path):
            yield Difference(other.path, NEW)
            other = next(right, None)
        else:
            if what := _differing(one, other):
                yield Difference(one.path, what)
            one, other = next(left, None), next(right, None)


def _differing(one: Line, other: Line) -> str | None:
    if one.kind != other.kind:
        return f"was {one.kind}, is {other.kind}"
    if one.sha256 and other.sha256 and one.sha256 != other.sha256:
        return "has another content"
    words = {
        "mode": "permissions",
        "modified": "time",
        "size": "size",
        "target": "target",
        "twin": "other name",
    }
    found = [word for name, word in words.items() if getattr(one, name) != getattr(other, name)]
    return f"has another {' and another '.join(found)}" if found else None


def with_content(line: Line, root: Path) -> Line:
    """Read a file and add the hash of its content."""
    digest = hashlib.sha256()
    with open(os.path.join(os.fsencode(root), line.path), "rb") as file:  # noqa: PTH118, PTH123 -- bytes
        while part := file.read(2**20):
            digest.update(part)
    return line._replace(sha256=digest.hexdigest())


def _text_of(line: Line) -> bytes:
    """Write one line as JSON. By hand, which takes a seventh of the time of ``json.dumps``."""
    size = f', "s": {line.size}' if line.size else ""
    target = "" if line.target is None else f', "l": {_text(line.target)}'
    twin = "" if line.twin is None else f', "g": {_text(line.twin)}'
    content = f', "h": "{line.sha256}"' if line.sha256 else ""
    return (
        f'{{"p": {_text(line.path)}, "k": "{line.kind}", "m": {line.mode}, "t": {line.modified}'
        f"{size}{target}{twin}{content}}}\n"
    ).encode()


def _line_of(text: bytes) -> Line:
    said: dict[str, Any] = _decode(text.decode())[0]
    return Line(
        path=os.fsencode(said["p"]),
        kind=said["k"],
        mode=said["m"],
        modified=said["t"],
        size=said.get("s", 0),
        target=os.fsencode(said["l"]) if "l" in said else None,
        twin=os.fsencode(said["g"]) if "g" in said else None,
        sha256=said.get("h"),
    )


def _text(path: bytes) -> str:
    return _quoted(path.decode("utf-8", "surrogateescape"))
