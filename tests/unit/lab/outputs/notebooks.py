"""Notebooks on disk, pages that show them, and a keeper between: without kernels and browsers."""

import json
from types import SimpleNamespace
from typing import Any

from gpucommons_lab.documents.editing import CONTENTS_EVENTS
from gpucommons_lab.outputs import output_keeper
from gpucommons_lab.outputs.cell_outputs import Seen
from gpucommons_lab.outputs.executions import Execution, Executions
from gpucommons_lab.outputs.open_pages import Page
from gpucommons_lab.outputs.output_keeper import OutputKeeper
from jupyter_events import EventLogger
from jupyter_server import DEFAULT_EVENTS_SCHEMA_PATH
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from traitlets.config import Config

KERNEL = "kernel"


def code_cell(source: str, minor: int = 5, cell_id: str = "c") -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
    return cell | ({"id": cell_id} if minor >= 5 else {})


def notebook(*cells: dict[str, Any], minor: int = 5) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor})


class Kernel:
    """What the keeper has of a kernel, without one."""

    def __init__(self, *_: object) -> None:
        self.executions = Executions()
        self.is_gone = False

    def look(self) -> None:
        pass

    def close(self) -> None:
        pass


class Home:
    """A folder with notebooks, and a keeper of their output."""

    def __init__(self, folder, monkeypatch) -> None:
        monkeypatch.setattr(output_keeper, "KernelListener", Kernel)
        self.folder = folder
        self.events = EventLogger()
        self.events.register_event_schema(DEFAULT_EVENTS_SCHEMA_PATH / "contents_service/v1.yaml")
        config = Config({"NotebookNotary": {"db_file": ":memory:", "secret": b"a secret"}})
        self.contents = AsyncLargeFileManager(
            root_dir=str(folder), event_logger=self.events, config=config
        )
        self.sessions: list[dict[str, Any]] = []
        server = SimpleNamespace(
            kernel_manager=None, contents_manager=self.contents, session_manager=self
        )
        self.now = 0.0
        self.keeper = OutputKeeper(server, lambda: self.now)
        self.events.add_listener(schema_id=CONTENTS_EVENTS, listener=self.keeper.hear_of_files)

    async def list_sessions(self) -> list[dict[str, Any]]:
        return self.sessions

    def add_session(self, path: str, kind: str = "notebook") -> None:
        self.sessions.append({"path": path, "type": kind, "kernel": {"id": KERNEL}})

    @property
    def kernel(self) -> Kernel:
        return self.keeper._kernel(KERNEL)

    async def pass_time(self) -> None:
        """Let the keeper write what it would in a while."""
        await self.events.gather_listeners()
        self.now += 1000
        await self.keeper._write_what_is_due()

    def cells(self, name: str = "a.ipynb") -> list[dict[str, Any]]:
        return json.loads((self.folder / name).read_text())["cells"]

    def printed(self, name: str = "a.ipynb") -> list[str]:
        """What each cell has put out; of a cell that is no code, None."""
        return [
            "".join("".join(output["text"]) for output in cell["outputs"])
            if "outputs" in cell
            else None
            for cell in self.cells(name)
        ]

    def write(self, text: str, name: str = "a.ipynb") -> None:
        (self.folder / name).write_text(text)

    def publish(self, run: str, text: str) -> None:
        self.kernel.executions.hear(run, "stream", {"name": "stdout", "text": text})

    def end(self, run: str) -> None:
        self.kernel.executions.hear(run, "status", {"execution_state": "idle"})


class OpenPage:
    """A page of a notebook, which tells the keeper what JupyterLab's tells."""

    _count = 0

    def __init__(self, home: Home, path: str = "a.ipynb") -> None:
        OpenPage._count += 1
        self.home, self.path, self.name = home, path, f"page{OpenPage._count}"
        self.shown: list[Execution] = []
        self.seen: dict[str, Seen] = {}

    async def load(self) -> "OpenPage":
        model = await self.home.contents.get(self.path, type="notebook", require_hash=True)
        self.cells = [dict(each) for each in model["content"]["cells"]]
        self.minor = model["content"]["nbformat_minor"]
        for number, cell in enumerate(self.cells):
            cell.setdefault("id", f"{self.name}-{number}")
        self.hash = model["hash"]
        self.saved = [each["id"] for each in self.cells]
        return self

    async def come(self) -> "OpenPage":
        self.home.keeper.page_came(KERNEL, self.name, self)
        await self.tell()
        return self

    async def open(self) -> "OpenPage":
        await self.load()
        return await self.come()

    async def tell(self, *saved: str) -> None:
        what = Page(self.path, tuple(self.saved), self.hash)
        self.shown = await self.home.keeper.page_reported(
            KERNEL, self.name, what, frozenset(saved), self.seen
        )

    def show(self) -> None:
        """Show what was answered."""
        for run in self.shown:
            now = run.outputs.since(Seen())
            self.seen[run.id] = Seen(now.epoch, now.revision, now.done)

    def run(self, number: int, run: str) -> None:
        cell = self.cells[number]
        execution = Execution(run, cell["id"], self.name, cell["source"])
        self.home.keeper.cell_asked(KERNEL, execution)

    async def save(self, *saved: str) -> None:
        cells = [dict(each) for each in self.cells]
        if self.minor < 5:
            for cell in cells:
                del cell["id"]
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": self.minor}
        model = {"type": "notebook", "format": "json", "content": content}
        await self.home.contents.save(json.loads(json.dumps(model)), self.path)
        model = await self.home.contents.get(self.path, content=False, require_hash=True)
        self.hash = model["hash"]
        self.saved = [each["id"] for each in self.cells]
        await self.tell(*saved)

    def close(self) -> None:
        self.home.keeper.page_went(KERNEL, self.name, self)
