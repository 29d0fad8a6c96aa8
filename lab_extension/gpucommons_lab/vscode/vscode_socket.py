"""What the VS Code extension asks for and reports, on a unix socket of the session's user.

A socket and not the session's own address: only the user can open it, so the extension needs no
token to reach it, and the requests below are all that it can make there.
"""

import asyncio
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_unix_socket
from tornado.web import Application, HTTPError, RequestHandler

from gpucommons_lab.activity.activity_times import ActivitySource, ActivityTimes
from gpucommons_lab.activity.session import SessionActivityProbe
from gpucommons_lab.earlier_files.requests import LISTS, EarlierRequests
from gpucommons_lab.gpu.sampler import Sampler
from gpucommons_lab.notices.board import NoticeBoard
from gpucommons_lab.notices.requests import listed, take_answer
from gpucommons_lab.storage.home_space import HomeSpace
from gpucommons_lab.web.own_stop import NotStoppedError, OwnStop

log = logging.getLogger(__name__)

SOCKET_VARIABLE = "GPUCOMMONS_COMPANION"
"""Environment variable with the socket's path, for programs that the server starts."""


class VSCodeSocket:
    """Serves figures and notices to VS Code's windows, and takes what they report and ask for."""

    def __init__(
        self,
        sampler: Sampler,
        board: NoticeBoard,
        activity: ActivityTimes,
        announce: Callable[[], None],
        *,
        running: SessionActivityProbe,
        own_stop: OwnStop,
        space: HomeSpace,
        earlier: EarlierRequests,
        pages: Mapping[str, str | None],
        jupyter: Callable[[], Mapping[str, str]],
    ) -> None:
        """Take what the server's other endpoints work with.

        ``announce`` informs every open page that the notices changed. ``pages`` are what a window
        can lead to, as `session_pages` lists them. ``jupyter`` says how kernels are reached.
        """
        self._folder: Path | None = None
        self._changed = asyncio.Event()
        self._server = HTTPServer(
            Application(
                [
                    ("/gpus", _GPUHandler, {"sampler": sampler}),
                    ("/notices", _NoticeHandler, {"board": board, "socket": self}),
                    ("/notices/answer", _AnswerHandler, {"board": board, "announce": announce}),
                    ("/activity", _ActivityHandler, {"activity": activity}),
                    ("/running", _RunningHandler, {"probe": running}),
                    ("/stop", _StopHandler, {"stop": own_stop}),
                    ("/trash", _TrashHandler, {"space": space}),
                    (f"/earlier/({'|'.join(LISTS)})", _EarlierHandler, {"earlier": earlier}),
                    ("/earlier/file", _EarlierFileHandler, {"earlier": earlier}),
                    ("/earlier/put-back", _PutBackHandler, {"earlier": earlier}),
                    ("/pages", _PagesHandler, {"pages": pages}),
                    ("/jupyter", _JupyterHandler, {"jupyter": jupyter}),
                ],
                log_function=lambda _: None,  # a line per figure would fill the log
            )
        )

    def open(self) -> Path | None:
        """Listen, in a folder that only this user can enter; return the socket's path.

        None where that is impossible, as where the path of the temporary folder is too long for
        a socket: VS Code then works without figures and notices.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="gpucommons-"))
        path = self._folder / "companion"
        try:
            self._server.add_socket(bind_unix_socket(str(path), mode=0o600))
        except OSError:
            log.warning("No GPU figures and notices in VS Code: %s cannot be made", path)
            return None
        return path

    async def close(self) -> None:
        """Stop listening, close connections, and leave nothing behind."""
        self._server.stop()
        await self._server.close_all_connections()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def notices_changed(self) -> None:
        """Send the list of notices to every window again."""
        self._changed.set()
        self._changed = asyncio.Event()  # for the next change

    @property
    def next_change(self) -> asyncio.Event:
        """Set once the list of notices changes."""
        return self._changed


class _GPUHandler(RequestHandler):
    """One telemetry frame as JSON."""

    def initialize(self, sampler: Sampler) -> None:
        self._sampler = sampler

    async def get(self) -> None:
        with self._sampler.listen() as listener:
            frame = await self._sampler.next_frame(listener)
        self.set_header("Content-Type", "application/json")
        await self.finish(frame.to_json())


class _NoticeHandler(RequestHandler):
    """The list of notices as a line of JSON, now and whenever it changes.

    Between changes nothing is sent, so an open window costs no more than its socket.
    """

    def initialize(self, board: NoticeBoard, socket: VSCodeSocket) -> None:
        self._board = board
        self._socket = socket
        self._sending: asyncio.Task[None] | None = None

    async def get(self) -> None:
        self.set_header("Content-Type", "application/x-ndjson")
        self._sending = asyncio.current_task()
        try:
            while True:
                changed = self._socket.next_change  # before writing, which takes time
                self.write(json.dumps([listed(each) for each in self._board.read()]) + "\n")
                await self.flush()
                await changed.wait()
        except (StreamClosedError, asyncio.CancelledError):
            return  # the window closed: the ordinary end

    def on_connection_close(self) -> None:
        if self._sending:
            self._sending.cancel()


class _AnswerHandler(RequestHandler):
    """Takes the person's answer to a notice."""

    def initialize(self, board: NoticeBoard, announce: Callable[[], None]) -> None:
        self._board = board
        self._announce = announce

    def post(self) -> None:
        take_answer(self._board, self.request.body)
        self._announce()
        self.set_status(204)


class _ActivityHandler(RequestHandler):
    """Counts this moment as activity in VS Code."""

    def initialize(self, activity: ActivityTimes) -> None:
        self._activity = activity

    def post(self) -> None:
        self._activity.mark(ActivitySource.VSCODE)
        self.set_status(204)


class _RunningHandler(RequestHandler):
    """What runs in the session, for who is about to stop it."""

    def initialize(self, probe: SessionActivityProbe) -> None:
        self._probe = probe

    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        await self.finish((await self._probe.look()).to_json())


class _StopHandler(RequestHandler):
    """Stops the session, as the endpoint for JupyterLab does."""

    def initialize(self, stop: OwnStop) -> None:
        self._stop = stop

    async def post(self) -> None:
        try:
            await self._stop.ask()
        except NotStoppedError:
            self.set_status(502)
        else:
            self.set_status(202)


class _TrashHandler(RequestHandler):
    """Empties the trash, as the endpoint for JupyterLab does."""

    def initialize(self, space: HomeSpace) -> None:
        self._space = space

    async def post(self) -> None:
        emptied = await asyncio.to_thread(self._space.empty_trash)
        self.set_header("Content-Type", "application/json")
        await self.finish(emptied.to_json())


class _OfEarlierFiles(RequestHandler):
    """Its errors are JSON, with a sentence for people."""

    def initialize(self, earlier: EarlierRequests) -> None:
        self._earlier = earlier

    def write_error(self, status_code: int, **kwargs: object) -> None:  # noqa: ARG002
        reason = sys.exception()
        said = reason.log_message if isinstance(reason, HTTPError) else None
        self.finish({"message": said})


class _EarlierHandler(_OfEarlierFiles):
    """Versions of a file, snapshots, a folder, or what was deleted, as the pages' endpoint."""

    async def get(self, what: str) -> None:
        self.set_header("Content-Type", "application/json")
        await self.finish(await self._earlier.answer(what, self.request.query_arguments))


class _EarlierFileHandler(_OfEarlierFiles):
    """What a file contained."""

    async def get(self) -> None:
        await self._earlier.send_file(self.request.query_arguments, self)


class _PutBackHandler(_OfEarlierFiles):
    """Writes a version into the home folder."""

    async def post(self) -> None:
        self.set_header("Content-Type", "application/json")
        await self.finish(await self._earlier.put_back(self.request.body))


class _PagesHandler(RequestHandler):
    """Where a window can lead to."""

    def initialize(self, pages: Mapping[str, str | None]) -> None:
        self._pages = pages

    def get(self) -> None:
        self.write(dict(self._pages))


class _JupyterHandler(RequestHandler):
    """How the server's kernels are reached.

    The token opens nothing that is closed to who can ask: it is in the environment of every
    program that the server starts, or in a file of the same user.
    """

    def initialize(self, jupyter: Callable[[], Mapping[str, str]]) -> None:
        self._jupyter = jupyter

    def get(self) -> None:
        self.write(dict(self._jupyter()))
