"""A notebook on disk, into which the output of its cells is written."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from gpucommons_lab.documents.editing import not_by_the_person
from gpucommons_lab.outputs.executions import Execution
from gpucommons_lab.outputs.notebook_text import Merged, Run
from gpucommons_lab.outputs.notebook_worker import Key, Work, put_outputs
from gpucommons_lab.outputs.open_pages import Page

_Version = tuple[object, object]
"""When a file was written last, by the clock of its file system, and how long it is."""


class OvertakenError(Exception):
    """The file has changed since it was read."""


class NotebookFile:
    """One notebook, through the server's contents manager.

    It remembers the file as it was before anything was written, and where its cells went.
    """

    def __init__(self, contents: ContentsManager, path: str) -> None:
        self._contents, self.path = contents, path
        self._before = b""
        self._before_hash = self._after_hash = ""
        self._moved: list[int] | None = None
        """The new place of each cell that was there; None: nothing moved."""
        self._places: dict[Execution, int] = {}
        """The place of the cell into which a run was written."""
        self._own_ids: dict[Execution, str] = {}
        """The id of the cell that was made for a run, where cells have ids."""

    async def write(self, runs: Sequence[tuple[Execution, Page]]) -> None:
        """Put outputs into the cells of these runs; each comes with what its page knew of the file.

        Raises UnfitNotebookError, OvertakenError, and what the contents manager raises.
        """
        text, version = await self._read()
        digest = await asyncio.to_thread(self._digest, text)
        if digest != self._after_hash:  # not by us: a page, or another program
            await self._begin(text, digest)
        for each, _ in runs:
            each.unwritten = False  # what comes from here on is more
        asked = [self._run(each, page) for each, page in runs]
        try:
            size = sum(each.outputs.size for each, _ in runs)
            work = await put_outputs(text, asked, self._key, size)
            await self._save_work(work, version)
        except BaseException:
            for each, _ in runs:
                each.unwritten = True
            raise
        self._note(work.merged, [each for each, _ in runs])

    async def take_back(self) -> bool:
        """Restore the file as pages know it; False if somebody else has written it since.

        A page that finds another file than it knows asks whether to overwrite it.
        """
        text, version = await self._read()
        if await asyncio.to_thread(self._digest, text) != self._after_hash:
            return False
        before = self._before.decode()
        await self._save(before, version)
        await self._begin(before, self._before_hash)
        self._own_ids.clear()
        return True

    async def mentions(self, cell_id: str) -> bool:
        """Whether the file may have a cell of this id; False where it cannot be read."""
        try:
            text, _ = await self._read()
        except HTTPError:
            return False
        return json.dumps(cell_id) in text

    def was(self, page: Page) -> bool:
        """Whether the page has the file as it was before anything was written."""
        return bool(page.hash) and page.hash == self._before_hash != self._after_hash

    def is_now(self, page: Page) -> bool:
        """Whether the page has the file as it was last written."""
        return bool(page.hash) and page.hash == self._after_hash

    def name(self, execution: Execution, asked: Page, shown: Page) -> str | None:
        """Return the id that a page gives a cell that another page ran; None if unknown."""
        for known in (self._own_ids.get(execution), execution.cell_id):
            if known and known in shown.cells:
                return known
        if self.is_now(shown):
            place = self._place(execution, asked)
        elif asked.hash and asked.hash == shown.hash and execution.cell_id in asked.cells:
            place = asked.cells.index(execution.cell_id)
        else:
            place = None
        return shown.cells[place] if place is not None and place < len(shown.cells) else None

    def _place(self, execution: Execution, page: Page) -> int | None:
        """Return the cell's place in the file as it was last written or read."""
        if execution in self._places:
            return self._places[execution]
        if not page.hash or page.hash != self._before_hash or execution.cell_id not in page.cells:
            return None
        place = page.cells.index(execution.cell_id)
        if self._moved is None:
            return place
        return self._moved[place] if place < len(self._moved) else None

    def _run(self, execution: Execution, page: Page) -> Run:
        return Run(
            cell_id=execution.cell_id,
            code=execution.code,
            count=execution.count,
            outputs=execution.outputs.to_json(),
            place=self._place(execution, page),
            own_id=self._own_ids.get(execution),
            was_saved=execution in self._places or execution.cell_id in page.cells,
        )

    async def _begin(self, text: str, digest: str) -> None:
        """Take the file as it is now for what pages know."""
        self._before = await asyncio.to_thread(text.encode)
        self._before_hash = self._after_hash = digest
        self._moved = None
        self._places.clear()

    def _note(self, merged: Merged, runs: Sequence[Execution]) -> None:
        """Remember where the cells went."""
        before = range(len(merged.moved)) if self._moved is None else self._moved
        self._moved = [merged.moved[place] for place in before]
        self._places = {each: merged.moved[place] for each, place in self._places.items()}
        for each, place, own_id in zip(runs, merged.places, merged.own_ids, strict=True):
            if place is not None:
                self._places[each] = place
            if own_id:
                self._own_ids[each] = own_id

    async def _save_work(self, work: Work, version: _Version) -> None:
        text = work.merged.text
        if text is None:
            return
        await self._save(text, version)
        self._after_hash = await asyncio.to_thread(self._digest, text)
        store, algorithm = self._contents.notary.store, self._contents.notary.algorithm
        if work.merged.only_ours or store.check_signature(work.signature_before, algorithm):
            store.store_signature(work.signature_after, algorithm)

    @property
    def _key(self) -> Key:
        return Key(self._contents.notary.secret, self._contents.notary.algorithm)

    def _digest(self, text: str) -> str:
        """Compute the hash that Jupyter Server gives pages."""
        algorithm = getattr(self._contents, "hash_algorithm", "sha256")
        return hashlib.new(algorithm, text.encode()).hexdigest()

    async def _save(self, text: str, version: _Version) -> None:
        """Save over the version that was read only. Raises OvertakenError."""
        content: dict[str, Any] = {"type": "file", "format": "text", "content": text}
        with not_by_the_person():
            now = await ensure_async(self._contents.get(self.path, content=False))
            if _version(now) != version:
                raise OvertakenError("somebody else wrote it at the same moment")
            await ensure_async(self._contents.save(content, self.path))

    async def _read(self) -> tuple[str, _Version]:
        with not_by_the_person():
            model = await ensure_async(self._contents.get(self.path, type="file", format="text"))
        return str(model["content"]), _version(model)


def _version(model: Mapping[str, Any]) -> _Version:
    return model["last_modified"], model["size"]
