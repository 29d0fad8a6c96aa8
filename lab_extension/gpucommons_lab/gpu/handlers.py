"""The session's endpoints for GPU telemetry: present, past, and the peak of memory."""

import asyncio
from math import isfinite

from gpucommons_contract import TelemetryFrame
from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from gpucommons_lab.gpu.history import History, Span, usage_between
from gpucommons_lab.gpu.sampler import Listener, Sampler
from gpucommons_lab.web.api import SessionAPIHandler


class FrameEvents:
    """Writes each frame once, however many tabs get it. Used on the event loop only.

    Source: WHATWG HTML, "Server-sent events", the event stream format.
    """

    def __init__(self) -> None:
        self._frame: TelemetryFrame | None = None
        self._event = b""

    def of(self, frame: TelemetryFrame) -> bytes:
        """Return the event that carries a frame."""
        if frame is not self._frame:
            self._frame, self._event = frame, f"data: {frame.to_json()}\n\n".encode()
        return self._event


_EVENT_STREAM = "text/event-stream"


class GPUHandler(SessionAPIHandler):
    """One telemetry frame as JSON, or a stream of them as server-sent events.

    Watching a panel is not work: no request here counts as activity.
    """

    def initialize(self, sampler: Sampler, events: FrameEvents) -> None:
        """Take the server's sampler, and what writes its frames for all streams."""
        self._sampler = sampler
        self._events = events
        self._streaming: asyncio.Task[None] | None = None

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with one frame, or with frames until the client disconnects."""
        with self._sampler.listen() as listener:
            if _EVENT_STREAM in self.request.headers.get("Accept", ""):
                await self._stream(listener)
            else:
                frame = await self._sampler.next_frame(listener)
                await self.answer(frame.to_json())

    def on_connection_close(self) -> None:
        """End the stream when its tab is closed or hidden."""
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
                self.write(self._events.of(frame))
                await self.flush()
        except (StreamClosedError, asyncio.CancelledError):
            return  # the client disconnected: the ordinary end of a stream


class HistoryHandler(SessionAPIHandler):
    """The past of all devices, over a span of time. Looking is not activity."""

    def initialize(self, history: History) -> None:
        """Take the server's only history."""
        self._history = history

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a `TelemetryHistory`."""
        span = self._span(self.get_query_argument("span", Span.MINUTE))
        # On a thread: writing 16 devices as JSON takes milliseconds, and others wait for the loop.
        text = await asyncio.to_thread(lambda: self._history.over(span).to_json())
        await self.answer(text)

    @staticmethod
    def _span(asked: str) -> Span:
        try:
            return Span(asked)
        except ValueError:
            allowed = ", ".join(Span)
            raise HTTPError(
                400, f"'span' must be one of: {allowed} (seconds, or all of the session)."
            ) from None


class UsageHandler(SessionAPIHandler):
    """What the devices did between two moments. Asking is not activity."""

    def initialize(self, history: History) -> None:
        """Take the server's only history."""
        self._history = history

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a `GPUUsage`."""
        since, until = self._moment("since"), self._moment("until")
        if since > until:
            raise HTTPError(400, "'since' must not be after 'until'.")
        usage = await asyncio.to_thread(usage_between, self._history, since, until)
        await self.answer(usage.to_json())

    def _moment(self, name: str) -> float:
        try:
            moment = float(self.get_query_argument(name, ""))
        except ValueError:
            moment = float("nan")
        if not isfinite(moment):
            raise HTTPError(400, f"'{name}' must be a number: seconds since the Unix epoch.")
        return moment


class PeakHandler(SessionAPIHandler):
    """The peak of memory. Resetting it is not activity."""

    def initialize(self, sampler: Sampler) -> None:
        """Take the server's only sampler."""
        self._sampler = sampler

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Reset the peaks to what is in use; open streams get them at once."""
        self._sampler.reset_peaks()
        await self.done()
