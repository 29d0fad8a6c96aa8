"""Keeps the output of cells whose page is gone, in the notebook's file.

JupyterLab's page is what writes a cell's output down; what comes while it is closed, Jupyter
Server holds for that very page only. Here everything that kernels publish is read along, and
written into the notebook while no page is there to do it. See docs/decisions/0004.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine
from functools import partial

from jupyter_client.session import Session
from jupyter_server.serverapp import ServerApp
from zmq.eventloop.zmqstream import ZMQStream

from gpucommons_lab.executions import Execution, Executions
from gpucommons_lab.notebook_file import NotebookFile

log = logging.getLogger(__name__)

_PERIOD = 3.0
"""Seconds between two looks at what is to be written; enough for a page to load anew."""


class _Kernel:
    """What is known of one kernel: its pages, its executions, its notebook."""

    def __init__(self, stream: ZMQStream) -> None:
        self.stream = stream
        self.connections: dict[object, str] = {}
        """Each with its page. One that is replaced ends after the page's next one began."""
        self.executions = Executions()
        self.path: str | None = None  # of the notebook, as long as anybody knew it
        self.file: NotebookFile | None = None  # what was written without a page

    def left_alone(self) -> list[Execution]:
        """The executions of pages that are gone."""
        pages = self.pages
        return [each for each in self.executions if each.page not in pages]

    @property
    def pages(self) -> set[str]:
        """The pages that are there."""
        return set(self.connections.values())


class OutputKeeper:
    """One for a server. All calls come from its event loop."""

    def __init__(self, server: ServerApp) -> None:
        """``server`` is Jupyter's ServerApp: its kernels, sessions and files."""
        self._kernel_manager = server.kernel_manager
        self._sessions = server.session_manager
        self._contents = server.contents_manager
        self._kernels: dict[str, _Kernel] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Write from now on; needs a running event loop."""
        self._run(self._write_again_and_again())

    async def stop(self) -> None:
        """Write what is not written yet, and end."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for kernel_id in list(self._kernels):
            await self._write(kernel_id, stopping=True)

    def page_came(self, kernel_id: str, page: str, connection: object) -> None:
        """A page is connected to the kernel from now on, by this connection."""
        kernel = self._kernels.get(kernel_id)
        if kernel is None:
            kernel = self._kernels[kernel_id] = _Kernel(self._listen(kernel_id))
        kernel.connections[connection] = page
        file, kernel.file = kernel.file, None
        if file and any(each.page == page for each in kernel.executions):
            # It was asleep: it gets what it missed from the server, and saves it itself.
            self._run(self._take_back(kernel_id, file))

    def page_went(self, kernel_id: str, connection: object) -> None:
        """A page has this connection no more."""
        if kernel := self._kernels.get(kernel_id):
            kernel.connections.pop(connection, None)

    def cell_asked(self, kernel_id: str, message: str, cell: str, page: str, code: str) -> None:
        """A page asked the kernel to run a cell, by the message of this id."""
        if kernel := self._kernels.get(kernel_id):
            kernel.executions.forget()
            kernel.executions.ask(message, Execution(cell, page, code))
            self._run(self._look_up(kernel_id))

    async def adopt(self, kernel_id: str, page: str) -> list[Execution]:
        """Give the executions whose page is gone to another page, which shows and saves them."""
        kernel = self._kernels.get(kernel_id)
        if kernel is None or page not in kernel.pages:
            return []
        async with self._locks[kernel_id]:
            for each in kernel.left_alone():
                each.page, each.adopted = page, True
            return [each for each in kernel.executions if each.page == page and each.adopted]

    def _listen(self, kernel_id: str) -> ZMQStream:
        manager = self._kernel_manager.get_kernel(kernel_id)
        session = Session(config=manager.session.config, key=manager.session.key)
        stream: ZMQStream = manager.connect_iopub()
        stream.on_recv(partial(self._hear, kernel_id, session))
        return stream

    def _hear(self, kernel_id: str, session: Session, parts: list[bytes]) -> None:
        message = session.deserialize(session.feed_identities(parts)[1])
        parent = message["parent_header"].get("msg_id", "")
        executions = self._kernels[kernel_id].executions
        executions.hear(parent, message["header"]["msg_type"], message["content"])

    async def _write_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(_PERIOD)
            for kernel_id in list(self._kernels):
                await self._write(kernel_id)
                if kernel_id not in self._kernel_manager:
                    self._kernels.pop(kernel_id).stream.close()
                    self._locks.pop(kernel_id, None)

    async def _write(self, kernel_id: str, *, stopping: bool = False) -> None:
        """Write into the notebook what nobody else will.

        Beside an open page that is done only before the server stops: a page asks for it.
        """
        kernel = self._kernels[kernel_id]
        if not any(each.unwritten for each in kernel.left_alone()):
            return
        await self._look_up(kernel_id)
        async with self._locks[kernel_id]:
            if kernel.path is None or (kernel.pages and not stopping):
                return
            if kernel.file is None or kernel.file.path != kernel.path:
                kernel.file = NotebookFile(self._contents, kernel.path)
            try:
                await kernel.file.write(kernel.executions, kernel.left_alone())
            except Exception:  # whatever a contents manager raises; the server must go on
                log.exception("Output of cells could not be written into %s", kernel.path)
                for each in kernel.left_alone():
                    each.unwritten = False  # until there is more of it

    async def _take_back(self, kernel_id: str, file: NotebookFile) -> None:
        async with self._locks[kernel_id]:
            await file.take_back()
            for each in self._kernels[kernel_id].executions:
                each.unwritten = True

    async def _look_up(self, kernel_id: str) -> None:
        """Find the kernel's notebook, which may have another name now."""
        for session in await self._sessions.list_sessions():
            if session["kernel"]["id"] == kernel_id and session["type"] == "notebook":
                self._kernels[kernel_id].path = session["path"]

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
