"""What was typed into a document whose file has changed since, kept in a file next to it.

Such a copy replaces nothing: no earlier copy, no copy of another page, no file of the person. Only
a page's second copy replaces its first, if nobody changed that.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from gpucommons_lab.documents.editing import not_by_the_person


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as it was written: its path and hash, empty if the server gives none."""

    path: str
    hash: str


class UnsavedCopies:
    """Makes copies, one at a time: pages save at the same moment, when the session ends."""

    def __init__(self, contents: ContentsManager) -> None:
        """``contents`` is Jupyter Server's."""
        self._contents = contents
        self._one_at_a_time = asyncio.Lock()

    async def write(self, path: str, model: Mapping[str, Any], before: Copy | None) -> Copy:
        """Write a page's version of this document; ``before`` is its last copy.

        Raises HTTPError, as the contents manager does.
        """
        with not_by_the_person():
            async with self._one_at_a_time:
                again = before is not None and await self._is_as_written(before)
                name = before.path if before and again else await self._free_name(path)
                await ensure_async(self._contents.save(dict(model), name))
                return Copy(name, await self._hash(name))

    async def _free_name(self, path: str) -> str:
        for name in copy_names(path):
            taken = await ensure_async(self._contents.file_exists(name)) or await ensure_async(
                self._contents.dir_exists(name)
            )
            if not taken:
                return name
        raise AssertionError("there is a next number")

    async def _is_as_written(self, copy: Copy) -> bool:
        try:
            return copy.hash != "" and await self._hash(copy.path) == copy.hash
        except HTTPError:
            return False  # it was deleted or renamed

    async def _hash(self, path: str) -> str:
        model = await ensure_async(self._contents.get(path, content=False, require_hash=True))
        return str(model.get("hash") or "")


def copy_names(path: str) -> Iterator[str]:
    """Yield names for copies: of ``a/notes.txt``, ``a/notes-unsaved.txt``, then ``-2``, ..."""
    file = PurePosixPath(path.strip("/"))
    yield str(file.with_stem(f"{file.stem}-unsaved"))
    for number in count(2):
        yield str(file.with_stem(f"{file.stem}-unsaved-{number}"))
