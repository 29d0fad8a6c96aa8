"""The session's HTTP endpoint for GPU telemetry."""

import asyncio

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from gpucommons_lab.sampler import Listener, Sampler

_EVENT_STREAM = "text/event-stream"


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
