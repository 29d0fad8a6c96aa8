"""Whatever people do with notebooks while cells run, output is written where it belongs only."""

import asyncio
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.lab.outputs.notebooks import Home, OpenPage, code_cell, notebook

SOURCES = ["same()", "same()", "other()"]
OFTEN = ["run", "print", "close", "time"]
SELDOM = ["end", "edit", "convert", "delete", "move", "add", "save", "open", "outside", "rename"]
ACTIONS = st.sampled_from([*OFTEN, *OFTEN, *SELDOM])


def tagged(source: str, minor: int, tag: str) -> dict[str, Any]:
    """A cell that is known by its metadata, whatever becomes of it."""
    cell = code_cell(source, minor, f"id{tag}")
    return cell | {"metadata": {"tag": tag}}


def source_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


@dataclass
class Story:
    """Two copies of a notebook with one kernel, and what people do with them."""

    home: Home
    minor: int
    names: dict[str, str] = field(default_factory=lambda: {"a": "a.ipynb", "b": "b.ipynb"})
    pages: dict[str, OpenPage | None] = field(default_factory=dict)
    runs: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Each run's document, its cell's tag and what was run."""
    count: int = 0

    async def begin(self) -> None:
        for name, path in self.names.items():
            cells = [tagged(source, self.minor, str(n)) for n, source in enumerate(SOURCES)]
            self.home.write(notebook(*cells, minor=self.minor), path)
            self.pages[name] = await OpenPage(self.home, path).open()

    async def act(self, action: str, name: str, number: int) -> None:
        """Do one thing; afterwards the file has what it is to have."""
        page, path = self.pages[name], self.names[name]
        self.count += 1
        if action in ("print", "end"):
            for run in list(self.runs)[-1 - number :]:
                if action == "print":
                    self.home.publish(run, f"<{run}>\n")
                else:
                    self.home.end(run)
        elif action == "time":
            await self.check(self.home.pass_time())
        elif action == "rename":
            self.names[name] = f"{name}{self.count}.ipynb"
            await self.home.contents.rename(path, self.names[name])
            await self.home.events.gather_listeners()
            if page:
                page.path = self.names[name]
                await self.check(page.tell())
        elif action == "outside":
            cells = self.home.cells(path)
            cells.insert(number % (len(cells) + 1), tagged("same()", self.minor, f"n{self.count}"))
            self.home.write(notebook(*cells, minor=self.minor), path)
        elif action == "open" and page is None:
            loaded = await OpenPage(self.home, path).load()
            await self.check(loaded.come())
            self.pages[name] = loaded
        elif page and page.cells:
            await self.on(page, action, name, number % len(page.cells))

    async def on(self, page: OpenPage, action: str, name: str, number: int) -> None:
        cell = page.cells[number]
        if action == "run" and cell["cell_type"] == "code":
            run = f"r{self.count}"
            self.runs[run] = name, cell["metadata"].get("tag", ""), source_of(cell)
            page.run(number, run)
        elif action == "edit":
            cell["source"] = f"edited{self.count}()"
        elif action == "convert" and cell["cell_type"] == "code":
            page.cells[number] = {
                "cell_type": "markdown",
                **{name: cell[name] for name in ("id", "metadata", "source")},
            }
        elif action == "delete":
            del page.cells[number]
        elif action == "move":
            page.cells.append(page.cells.pop(number))
        elif action == "add":
            new = tagged("same()", 5, f"n{self.count}")
            page.cells.insert(number, new | {"id": f"new{self.count}"})
        elif action == "save":
            await page.save()
        elif action == "close":
            page.close()
            self.pages[name] = None

    async def check(self, what_the_keeper_does) -> None:
        before = {name: self.home.cells(path) for name, path in self.names.items()}
        await what_the_keeper_does
        for name, path in self.names.items():
            text = (self.home.folder / path).read_text()
            nbformat.validate(json.loads(text))
            self.compare(name, before[name], json.loads(text)["cells"])

    def compare(self, name: str, before: list[Any], now: list[Any]) -> None:
        """Hold what the keeper made of a file against what it may do."""
        kept = [cell for cell in now if "tag" in cell["metadata"]]
        known = [cell for cell in before if "tag" in cell["metadata"]]
        assert [self.text_of(cell) for cell in kept] == [self.text_of(cell) for cell in known]
        for cell, was in zip(kept, known, strict=True):
            if cell.get("outputs") != was.get("outputs"):
                for document, tag, code in self.printed_in(cell):
                    assert (document, tag) == (name, cell["metadata"]["tag"])
                    assert code == source_of(cell)
        old = [cell.get("outputs") for cell in before if "tag" not in cell["metadata"]]
        for cell in now:
            if "tag" not in cell["metadata"] and cell.get("outputs") not in old:
                for document, _, code in self.printed_in(cell):
                    assert (document, code) == (name, source_of(cell))

    def printed_in(self, cell: dict[str, Any]) -> list[tuple[str, str, str]]:
        text = "".join("".join(output["text"]) for output in cell.get("outputs", ()))
        return [self.runs[line.strip("<>")] for line in text.split()]

    @staticmethod
    def text_of(cell: dict[str, Any]) -> tuple[object, ...]:
        return cell["cell_type"], source_of(cell), cell["metadata"], cell.get("id")


@pytest.mark.parametrize("minor", [2, 5])
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    actions=st.lists(
        st.tuples(ACTIONS, st.sampled_from("ab"), st.integers(0, 3)), min_size=3, max_size=25
    )
)
def test_only_outputs_of_cells_that_a_document_ran_change_in_it(minor, monkeypatch, actions):
    async def tell() -> None:
        with tempfile.TemporaryDirectory() as folder:
            story = Story(Home(Path(folder), monkeypatch), minor)
            await story.begin()
            for action, name, number in actions:
                await story.act(action, name, number)
            for page in story.pages.values():
                if page:
                    page.close()
            await story.check(story.home.pass_time())
            await story.check(story.home.keeper.stop())

    asyncio.run(tell())
