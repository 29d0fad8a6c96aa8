"""Puts the output of cells into the text of a notebook, and changes nothing else. Pure.

The notebook is treated as JSON, not as a notebook of the newest format: whatever else is in the
file stays as it is. See https://nbformat.readthedocs.io/en/stable/format_description.html
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import nbformat
from nbformat.v4.rwbase import split_lines

_Cell = dict[str, Any]
_WITH_IDS = 5
"""The minor version from which on a notebook of format 4 has an id for each cell."""
_RICH = frozenset({"display_data", "execute_result"})


class UnfitNotebookError(ValueError):
    """Output cannot be written into this text. The message says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """A cell that ran, and what is known of its place in the text."""

    cell_id: str
    code: str
    count: int | None
    outputs: Iterable[Mapping[str, Any]]
    place: int | None = None
    """The place of its cell; None if unknown."""
    own_id: str | None = None
    """The id of the cell that was added for this run earlier, if any."""
    was_saved: bool = True
    """Whether the file ever contained its cell, as far as its page knows."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The result."""

    text: str | None
    """The new text; None if nothing changed."""
    places: list[int | None]
    """The place of each run's cell; None if it is not in the file."""
    own_ids: list[str | None]
    """The id of the cell that was added for each run, if one was."""
    moved: list[int]
    """The new place of each cell that was there."""
    only_ours: bool
    """Whether all rich output was written just now, so there is nothing to distrust."""


def merge(text: str, runs: Sequence[Run]) -> Merged:
    """Put the outputs of runs into their cells. Raises UnfitNotebookError.

    A cell is found by its id. Notebooks before format 4.5 have no ids: there it is found by its
    place or, if that is unknown, by its code if no other cell has the same. A cell that is gone
    gets nothing. If its code has changed since, or it is no longer a code cell, it stays as it
    is, and the run gets a cell of its own below it.
    """
    notebook = _read(text)
    before: list[_Cell] = notebook["cells"]
    page = _Page(before, int(notebook.get("nbformat_minor", 0)))
    cells = [page.put(run) for run in runs]
    notebook["cells"] = page.cells
    where = {id(cell): place for place, cell in enumerate(page.cells)}
    ours = {id(cell) for cell in cells if cell is not None}
    return Merged(
        text=_write(notebook) if page.changed else None,
        places=[None if cell is None else where[id(cell)] for cell in cells],
        own_ids=[None if cell is None else page.own_id(cell) for cell in cells],
        moved=[where[id(cell)] for cell in before],
        only_ours=not any(_is_rich(cell) for cell in page.cells if id(cell) not in ours),
    )


class _Page:
    """The cells, and what is put into them."""

    def __init__(self, cells: Sequence[_Cell], minor: int) -> None:
        self._before = cells
        self._minor = minor
        self._ids = [cell.get("id") if minor >= _WITH_IDS else None for cell in cells]
        self._all_have_ids = all(self._ids) and len(set(self._ids)) == len(self._ids)
        self.cells = list(cells)
        self._own_cells: set[int] = set()
        self.changed = False

    def put(self, run: Run) -> _Cell | None:
        """Put outputs into the run's cell, and return it; None if the file has none."""
        cell = self._find(run)
        if cell is None and (run.place is not None or self._all_have_ids or not run.was_saved):
            return None
        outputs = _outputs_of(run)
        if cell is None or cell.get("cell_type") != "code" or _source(cell) != run.code:
            return self._own(run, cell, outputs)
        new = cell | {"outputs": outputs, "execution_count": run.count}
        if new != cell:
            if not self._is_valid(new):
                return self._own(run, cell, outputs)
            cell.update(new)
            self.changed = True
        return cell

    def own_id(self, cell: _Cell) -> str | None:
        """Return the id of a cell that was added for a run; None for any other, or without ids."""
        return cell.get("id") if id(cell) in self._own_cells else None

    def _find(self, run: Run) -> _Cell | None:
        for known in (run.own_id, run.cell_id):
            named = [n for n, each in enumerate(self._ids) if known and each == known]
            if len(named) == 1:
                return self._before[named[0]]
        if self._all_have_ids or not run.was_saved:
            return None
        if run.place is not None:
            return self._before[run.place] if run.place < len(self._before) else None
        same = [
            cell
            for cell in self._before
            if cell.get("cell_type") == "code" and _source(cell) == run.code
        ]
        return same[0] if len(same) == 1 else None

    def _own(self, run: Run, above: _Cell | None, outputs: list[Any]) -> _Cell:
        """Add a cell for the run, below its own or at the end."""
        cell: _Cell = {
            "cell_type": "code",
            "execution_count": run.count,
            "metadata": {},
            "outputs": outputs,
            "source": _encodable(run.code).splitlines(keepends=True),
        }
        if self._minor >= _WITH_IDS:
            cell["id"] = uuid4().hex
        if not self._is_valid(cell):
            cell["outputs"] = [
                each for each in outputs if self._is_valid(cell | {"outputs": [each]})
            ]
        place = len(self.cells)
        if above is not None:
            place = next(n for n, each in enumerate(self.cells) if each is above) + 1
        self.cells.insert(place, cell)
        self._own_cells.add(id(cell))
        self.changed = True
        return cell

    def _is_valid(self, cell: _Cell) -> bool:
        """Whether the file's notebook format allows this cell."""
        alone = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": self._minor}
        try:
            nbformat.validate(alone, version=4, version_minor=self._minor)
        except nbformat.ValidationError:
            return False
        return True


def _read(text: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnfitNotebookError(f"it is not JSON: {error}") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise UnfitNotebookError(
            "it is not a notebook of format 4: open and save it once to convert it"
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise UnfitNotebookError("it has no list of cells")
    return notebook


def _write(notebook: dict[str, Any]) -> str:
    """Write it as Jupyter does."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _outputs_of(run: Run) -> list[Any]:
    """Return the outputs as a file has them: texts as lists of lines."""
    outputs = [dict(each) for each in run.outputs]
    for output in outputs:
        if output["output_type"] == "execute_result":
            output["execution_count"] = run.count
    cell = {"cell_type": "code", "source": "", "outputs": outputs}
    split = split_lines(nbformat.from_dict({"cells": [cell]}))  # type: ignore[no-untyped-call]
    text = json.dumps(split["cells"][0]["outputs"], ensure_ascii=False)
    plain: list[Any] = json.loads(_encodable(text))
    return plain


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs: Jupyter cannot open a notebook that has one."""
    return text.encode(errors="replace").decode()


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _is_rich(cell: Mapping[str, Any]) -> bool:
    return any(each.get("output_type") in _RICH for each in cell.get("outputs") or ())
