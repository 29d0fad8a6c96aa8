"""A notebook on disk, into which the output of its cells is written."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

import nbformat
from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.manager import ContentsManager

from gpucommons_lab.editing import not_by_the_person
from gpucommons_lab.executions import Execution, Executions


class NotebookFile:
    """One notebook, through the server's contents manager."""

    def __init__(self, contents: ContentsManager, path: str) -> None:
        self._contents, self.path = contents, path
        self._before: str | None = None
        self._after: str | None = None

    async def write(self, executions: Executions, alone: Iterable[Execution]) -> None:
        """Put outputs of those ``alone`` into the cells, where the file does not have them yet.

        What a page saved after a cell had ended holds all that came of it, so that cell is
        left as it is. Raises what the contents manager raises.
        """
        text = await self._text()
        model = await ensure_async(self._contents.get(self.path, type="notebook"))
        saved: datetime = model["last_modified"]
        if text != self._after:  # not by us: a page, or another program
            self._before = text
            executions.forget(saved=saved.timestamp())
        left = [each for each in alone if each in set(executions)]
        if _put(model["content"], left):
            content = {"type": "notebook", "format": "json", "content": model["content"]}
            await self._save(content)
            self._after = await self._text()
        for each in left:
            each.unwritten = False

    async def take_back(self) -> None:
        """Put the file back as the page knows it, unless somebody else has written since.

        A page that finds another file than it knows asks whether to overwrite it.
        """
        if self._before is not None and await self._text() == self._after:
            content = {"type": "file", "format": "text", "content": self._before}
            await self._save(content)

    async def _save(self, content: dict[str, Any]) -> None:
        with not_by_the_person():
            await ensure_async(self._contents.save(content, self.path))

    async def _text(self) -> str:
        model = await ensure_async(self._contents.get(self.path, type="file", format="text"))
        return str(model["content"])


def _put(notebook: nbformat.NotebookNode, executions: Iterable[Execution]) -> bool:
    """Put outputs into their cells; tells whether that changed the notebook."""
    changed = False
    for each in executions:
        cell = _cell_of(notebook, each)
        outputs = each.outputs.to_json()
        for output in outputs:
            if output["output_type"] == "execute_result":
                output["execution_count"] = each.count
        new: dict[str, object] = {"outputs": outputs, "execution_count": each.count}
        if any(cell.get(name) != value for name, value in new.items()):
            cell |= new
            cell.setdefault("metadata", {})["trusted"] = True  # it ran in this session
            changed = True
    return changed


def _cell_of(notebook: nbformat.NotebookNode, execution: Execution) -> nbformat.NotebookNode:
    """The cell that was run; a new one if it was never saved, or not as it was run.

    The file's own source is never replaced: it may be newer than the run.
    """
    cells = notebook["cells"]
    place = len(cells)
    for index, cell in enumerate(cells):
        # Before notebook format 4.5, a file has no ids.
        if cell.get("id", execution.cell_id) == execution.cell_id:
            if cell["source"] == execution.code:
                return cast("nbformat.NotebookNode", cell)
            if "id" in cell:
                place = index + 1
    if place < len(cells) or any(cell.get("id") == execution.cell_id for cell in cells):
        execution.cell_id = uuid4().hex  # from now on the new one is its cell
    new = nbformat.v4.new_code_cell(execution.code, id=execution.cell_id)  # type: ignore[no-untyped-call]
    cells.insert(place, new)
    return cast("nbformat.NotebookNode", new)
