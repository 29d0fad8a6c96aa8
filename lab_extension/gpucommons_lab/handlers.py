"""The session's HTTP endpoints: GPU telemetry, and notices to the person in it."""

import asyncio
import json
from dataclasses import asdict

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from gpucommons_lab.notices import NoticeBoard, NoticeError, parse_notice
from gpucommons_lab.sampler import Listener, Sampler

_EVENT_STREAM = "text/event-stream"

NOTICES_CHANGED = {
    "$id": "https://gpucommons.io/events/notices-changed/v1",
    "version": "1",
    "title": "Notices changed",
    "description": "The list of notices is another one now. What they say is not told here.",
    "type": "object",
    "properties": {},
}
"""Schema of the event that tells open pages to ask for the list again."""


class GPUHandler(APIHandler):  # type: ignore[misc]
    """One telemetry frame as JSON, or a stream of them as server-sent events.

    Watching a panel is not work: no request here counts as activity.
    """

    auth_resource = "gpucommons"
    _track_activity = False

    def initialize(self, sampler: Sampler) -> None:
        """Take the server's only sampler."""
        self._sampler = sampler
        self._streaming: asyncio.Task[None] | None = None

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with one frame, or with frames until the client goes."""
        with self._sampler.listen() as listener:
            if _EVENT_STREAM in self.request.headers.get("Accept", ""):
                await self._stream(listener)
            else:
                frame = await self._sampler.next_frame(listener)
                self.set_header("Cache-Control", "no-store")
                await self.finish(frame.to_json())

    def on_connection_close(self) -> None:
        """End the stream when its tab closed or was hidden."""
        if self._streaming:
            self._streaming.cancel()
        super().on_connection_close()

    async def _stream(self, listener: Listener) -> None:
        self.set_header("Content-Type", _EVENT_STREAM)
        self.set_header("Cache-Control", "no-store, no-transform")
        self.set_header("X-Accel-Buffering", "no")  # nginx would hold frames back
        self._streaming = asyncio.current_task()
        try:
            while True:
                frame = await self._sampler.next_frame(listener)
                self.write(f"data: {frame.to_json()}\n\n")
                await self.flush()
        except (StreamClosedError, asyncio.CancelledError):
            return  # the client went: the ordinary end of a stream


class NoticeHandler(APIHandler):  # type: ignore[misc]
    """Shows, lists and withdraws notices.

    Open pages learn of a change by an event of Jupyter Server, on the socket that they
    have open for events anyway. Neither sending nor reading counts as activity.
    """

    auth_resource = "gpucommons"
    _track_activity = False

    def initialize(self, board: NoticeBoard) -> None:
        """Take the server's only board."""
        self._board = board

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with the notices that still matter, oldest first."""
        self.set_header("Cache-Control", "no-store")
        await self.finish(json.dumps([asdict(notice) for notice in self._board.current()]))

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Show the notice in the body, in place of one with the same id."""
        try:
            notice = parse_notice(self.request.body)
        except NoticeError as error:
            raise HTTPError(400, str(error)) from error
        self._board.put(notice)
        await self._done()

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def delete(self) -> None:
        """Withdraw the notice ``?id=``. One that is not there is as good as withdrawn."""
        notice_id = self.get_query_argument("id", "", strip=False)
        if not notice_id:
            raise HTTPError(400, "Say which notice to withdraw: DELETE ...?id=ID.")
        self._board.withdraw(notice_id)
        await self._done()

    async def _done(self) -> None:
        self.event_logger.emit(schema_id=NOTICES_CHANGED["$id"], data={})
        self.set_status(204)
        await self.finish()
