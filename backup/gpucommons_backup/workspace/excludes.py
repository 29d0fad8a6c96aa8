"""What an installation leaves out of snapshots besides: files and folders by name, large files."""

import re
from collections.abc import Sequence

LARGEST = 10 * 2**30
"""Bytes of a file; larger ones are data sets and model weights, which have another home."""


class Excludes:
    """Of these, restic is told by name, as there may be too many for a pattern each."""

    def __init__(self, names: Sequence[str] = (), largest: int | None = LARGEST) -> None:
        """``names`` may have ``*`` for any characters. ``largest``: bytes; None: any size."""
        self.names = tuple(names)
        self.largest = largest
        parts = (b".*".join(map(re.escape, each.encode().split(b"*"))) for each in names)
        self._names = re.compile(b"|".join(parts), re.DOTALL) if names else None

    def has(self, path: bytes) -> bool:
        """Whether something is called so."""
        return bool(self._names and self._names.fullmatch(path.rsplit(b"/", 1)[-1]))
