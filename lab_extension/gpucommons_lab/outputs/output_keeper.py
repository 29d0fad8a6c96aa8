"""Keeps the output of cells whose page is closed, in the notebook's file.

It is JupyterLab's page that saves a cell's output; what comes while it is closed, Jupyter Server
keeps for that very page only. Here everything that kernels publish is read too, and written into
the notebook while no page is open to do it. See docs/explanation/decisions/0004.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from jupyter_server.serverapp import ServerApp

from gpucommons_lab.documents.editing import by_the_person
from gpucommons_lab.outputs.cell_outputs import Seen
from gpucommons_lab.outputs.executions import Execution
from gpucommons_lab.outputs.kernel_listener import KernelListener
from gpucommons_lab.outputs.notebook_file import NotebookFile, OvertakenError
from gpucommons_lab.outputs.open_pages import OpenPages, Page, moved
from gpucommons_lab.outputs.silent_pages import SilentPages

log = logging.getLogger(__name__)

_PERIOD = 3.0
"""Seconds between two checks for unwritten output."""
_PART_OF_THE_TIME = 0.1
"""The share of time that writing one file may take: a big notebook is written less often."""
_LONGEST_PAUSE = 60.0
"""Seconds until the next try after writing has failed repeatedly."""
_LOADING = 20.0
"""Seconds that a page may need from reading the file until it connects and reports."""


class _Document:
    """A notebook's file, and when it may be written next."""

    def __init__(self, file: NotebookFile) -> None:
        self.file = file
        self.lock = asyncio.Lock()
        self.next_write = 0.0  # by the keeper's clock, in seconds
        self.backoff = Backoff(first=_PERIOD, longest=_LONGEST_PAUSE)
        self.fails = False  # since the last time it was written
        self.was_read = False  # since it was written last


class OutputKeeper:
    """One per server. All calls come from its event loop."""

    def __init__(self, server: ServerApp, clock: Callable[[], float] = time.monotonic) -> None:
        """``server`` is Jupyter's ServerApp; ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._kernel_manager = server.kernel_manager
        self._contents = server.contents_manager
        self._silent = SilentPages(server.session_manager, self._contents)
        self._pages = OpenPages()
        self._kernels: dict[str, KernelListener] = {}
        self._documents: dict[str, _Document] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Write from now on; needs a running event loop."""
        self._run(
            keep_going(
                self._write_what_is_due,
                heart=Heartbeat("Keeping the output of cells", within=20 * _PERIOD),
                backoff=Backoff(first=_PERIOD),
                log=log,
                every=_PERIOD,
            )
        )

    async def stop(self) -> None:
        """Write what is still unwritten, and stop."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._guess()
        for path in self._paths():
            await self._write(path, stopping=True)
        for kernel in self._kernels.values():
            kernel.close()

    def page_came(self, kernel_id: str, page: str, connection: object) -> None:
        """A page is connected to the kernel from now on, by this connection."""
        self._kernel(kernel_id)
        self._pages.came(page, connection)
        if told := self._pages[page]:
            # It was asleep: it gets what it missed from the server, and saves it itself.
            self._run(self._take_back(told))

    def page_went(self, kernel_id: str, page: str, connection: object) -> None:
        """A page no longer has this connection."""
        self._pages.went(connection)
        kernel = self._kernels.get(kernel_id)
        if kernel is None:
            return
        if kernel.is_gone:
            # The kernel went first: the page is still open, and has all that came.
            kernel.executions.forget(lambda each: each.page == page)
        for each in kernel.executions:
            # What was sent on a line that was cut already is nowhere else.
            each.was_cut = each.was_cut or each.page == page

    def cell_asked(self, kernel_id: str, execution: Execution) -> None:
        """A page asked the kernel to run a cell. An earlier run of that cell no longer matters."""
        kernel = self._kernel(kernel_id)
        kernel.look()
        path = self._path(execution)

        def earlier(each: Execution) -> bool:
            same_document = path is not None and self._path(each) == path
            return each.cell_id == execution.cell_id and (
                same_document or each.page == execution.page
            )

        kernel.executions.forget(earlier)
        kernel.executions.forget_much(lambda each: each.page in self._pages)
        kernel.executions.ask(execution)
        if self._pages[execution.page] is None:
            self._run(self._silent.note(kernel_id, execution))

    async def page_reported(
        self,
        kernel_id: str,
        page: str,
        what: Page,
        saved: frozenset[str],
        seen: Mapping[str, Seen],
    ) -> list[Execution]:
        """A page reports which document it shows, and which finished runs it has saved in it.

        ``seen`` is what it has got of runs here. Returns the runs whose page is gone, which this
        page shows and saves from now on, and its own of which it may have missed something.
        """
        kernel = self._kernels.get(kernel_id)
        self._pages.tell(page, what)
        if kernel is None or page not in self._pages:
            return []
        kernel.look()
        kernel.executions.forget(
            lambda each: each.ended and each.id in saved and each.has_all(seen.get(each.id))
        )
        await self._take_back(what)
        self._adopt(kernel, page, what)
        mine = [each for each in kernel.executions if each.page == page]
        return [each for each in mine if each.adopted or each.is_doubtful]

    async def hear_of_files(self, *, data: Mapping[str, Any], **_: object) -> None:
        """Take an event of the contents manager; a listener of an event logger."""
        path = str(data["path"]).strip("/")
        if data["action"] == "rename":
            self._renamed(str(data["source_path"]).strip("/"), path)
        elif data["action"] == "delete":
            self._pages.deleted(path)
        elif data["action"] == "get" and by_the_person():
            document = self._documents.get(path)
            if document and not document.was_read:
                # A page loads it: it is to find the file as it read it, until it says so.
                document.was_read = True
                document.next_write = max(document.next_write, self._clock() + _LOADING)

    def _adopt(self, kernel: KernelListener, page: str, what: Page) -> None:
        document = self._document(what.path)
        for each in kernel.executions:
            asked = self._pages[each.page]
            if asked is None or asked.path != what.path or each.page in self._pages:
                continue
            if each.ended and not each.unwritten:
                if document.file.is_now(what):  # it is in what the page has loaded
                    kernel.executions.drop(each)
                continue
            if name := document.file.name(each, asked, what):
                each.page, each.cell_id = page, name
                each.adopted, each.was_cut = True, False

    def _kernel(self, kernel_id: str) -> KernelListener:
        if kernel_id not in self._kernels:
            self._kernels[kernel_id] = KernelListener(self._kernel_manager, kernel_id)
        return self._kernels[kernel_id]

    def _document(self, path: str) -> _Document:
        if path not in self._documents:
            self._documents[path] = _Document(NotebookFile(self._contents, path))
        return self._documents[path]

    def _path(self, execution: Execution) -> str | None:
        page = self._pages[execution.page]
        return page.path if page else None

    def _runs(self, path: str) -> list[Execution]:
        """Return all remembered runs of a document, in any kernel."""
        everything = [each for kernel in self._kernels.values() for each in kernel.executions]
        return [each for each in everything if self._path(each) == path]

    def _paths(self) -> set[str]:
        """Return the documents with unwritten output."""
        return {
            path
            for kernel in self._kernels.values()
            for each in kernel.executions
            if each.unwritten and each.page not in self._pages and (path := self._path(each))
        }

    async def _write_what_is_due(self) -> None:
        for kernel in self._kernels.values():
            kernel.look()
        await self._guess()
        for path in self._paths():
            if self._document(path).next_write <= self._clock():
                await self._write(path)
        self._forget()

    async def _guess(self) -> None:
        """Find the notebooks of pages that closed without reporting what they show."""
        for kernel in list(self._kernels.values()):
            for each in kernel.executions:
                silent = each.maybe and self._pages[each.page] is None
                if silent and each.page not in self._pages:
                    page = await self._silent.guess(each)
                    if page:
                        self._pages.tell(each.page, page)
                    else:
                        kernel.executions.drop(each)

    def _forget(self) -> None:
        """Forget kernels that are gone, and what is no longer needed."""
        for kernel_id, kernel in list(self._kernels.items()):
            if kernel.is_gone and not any(self._waits(each) for each in kernel.executions):
                kernel.close()
                del self._kernels[kernel_id]
        runs = [each for kernel in self._kernels.values() for each in kernel.executions]
        self._pages.forget({each.page for each in runs})
        needed = {self._path(each) for each in runs}
        self._documents = {p: each for p, each in self._documents.items() if p in needed}

    def _waits(self, execution: Execution) -> bool:
        """Whether it must still be written."""
        return execution.unwritten and self._path(execution) is not None

    async def _write(self, path: str, *, stopping: bool = False) -> None:
        """Write into a notebook what nobody else will.

        While a page shows it, only before the server stops: an open page asks for its runs.
        """
        document = self._document(path)
        async with document.lock:
            runs = [
                (each, page)
                for each in self._runs(document.file.path)
                if each.page not in self._pages and (page := self._pages[each.page])
            ]
            if not any(each.unwritten for each, _ in runs):
                return
            if self._pages.show(document.file.path) and not stopping:
                return
            began = self._clock()
            try:
                await document.file.write(runs)
            except OvertakenError:
                log.info("Somebody else has written %s; output is written later", path)
            except Exception as error:  # whatever a contents manager raises; the server goes on
                # It may be in the middle of being written, or come back.
                document.next_write = self._clock() + document.backoff.pause()
                if not document.fails:
                    log.warning("Output of cells could not be written into %s: %r", path, error)
                document.fails = True
                return
            document.was_read = document.fails = False
            document.backoff.reset()
            took = self._clock() - began
            document.next_write = began + took / _PART_OF_THE_TIME

    async def _take_back(self, what: Page) -> None:
        """Restore the file for a page that knows it as it was before anything was written."""
        document = self._documents.get(what.path)
        if document is None:
            return
        async with document.lock:
            if not document.file.was(what):
                return
            try:
                taken_back = await document.file.take_back()
            except Exception as error:  # whatever a contents manager raises
                log.warning("%s could not be restored for its page: %r", what.path, error)
                taken_back = True
            if taken_back:
                for each in self._runs(what.path):
                    each.unwritten = True

    def _renamed(self, old: str, new: str) -> None:
        self._pages.renamed(old, new)
        for kernel in self._kernels.values():
            for each in kernel.executions:
                each.maybe = tuple(moved(path, old, new) or path for path in each.maybe)
        for path, document in list(self._documents.items()):
            if now := moved(path, old, new):
                document.file.path = now
                self._documents[now] = self._documents.pop(path)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Output of cells may no longer be kept", exc_info=error)
