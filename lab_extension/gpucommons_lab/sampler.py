"""One thread per server that samples the GPUs while somebody listens."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gpucommons_contract import TelemetryFrame, TelemetryState

from gpucommons_lab.reading import Reader, Reading

log = logging.getLogger(__name__)

_RETRY = 5.0
"""Seconds between attempts while the GPUs cannot be read; a driver needs peace to come back."""
_STALL = 5.0
"""Seconds beyond the interval after which a silent driver is reported."""


class Listener:
    """A mailbox for one reader that holds the newest frame only.

    A slow reader misses frames; it never makes them queue.
    """

    def __init__(self) -> None:
        self._box: asyncio.Queue[TelemetryFrame] = asyncio.Queue(maxsize=1)

    def put(self, frame: TelemetryFrame) -> None:
        """Replace what is in the box."""
        if self._box.full():
            self._box.get_nowait()
        self._box.put_nowait(frame)

    async def get(self, patience: float) -> TelemetryFrame | None:
        """Wait for the next frame, at most ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience):
                return await self._box.get()
        except TimeoutError:
            return None


class Sampler:
    """Samples on a thread of its own and hands frames to listeners on the event loop.

    The thread starts with the first listener, pauses with the last, and ends when
    nobody came back within ``linger`` seconds.
    """

    def __init__(
        self,
        open_reader: Callable[[], Reader],
        *,
        interval: float,
        linger: float,
        gpu_mode: str | None = None,
    ) -> None:
        """``interval`` and ``linger`` are seconds."""
        self._open_reader = open_reader
        self._interval = interval
        self._linger = linger
        self._gpu_mode = gpu_mode
        self._listeners: set[Listener] = set()
        self._latest: TelemetryFrame | None = None
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()  # guards listeners, thread and closed
        self._closed = False
        self._broken = False

    @property
    def running(self) -> bool:
        """Whether the sampling thread is alive."""
        return self._thread is not None

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Join the listeners; the newest frame comes at once if it is recent."""
        listener = Listener()
        if self._latest and time.time() - self._latest.time < self._latest.interval:
            listener.put(self._latest)
        self._join(listener)
        try:
            yield listener
        finally:
            with self._changed:
                self._listeners.discard(listener)
                self._changed.notify_all()

    async def next_frame(self, listener: Listener) -> TelemetryFrame:
        """Wait for the next frame, or give one that says that the driver does not answer."""
        frame = await listener.get(self._pause() + _STALL)
        return frame or self._overdue()

    def close(self) -> None:
        """End the thread. One that hangs in the driver is left behind, as a daemon."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        if thread:
            thread.join(timeout=1)

    def _join(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        with self._changed:
            self._listeners.add(listener)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, args=(loop,), name="gpucommons-nvml", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        reader = self._open_reader()
        while self._wanted():
            frame = self._sample(reader)
            try:
                loop.call_soon_threadsafe(self._publish, frame)
            except RuntimeError:  # the loop closed under us: the server is gone
                break
            with self._changed:
                self._changed.wait_for(lambda: self._closed, timeout=frame.interval)
        reader.close()

    def _wanted(self) -> bool:
        """Wait while nobody listens. False: the thread has to end, and is signed off."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._listeners, timeout=self._linger)
            if self._listeners and not self._closed:
                return True
            self._thread = None
            return False

    def _sample(self, reader: Reader) -> TelemetryFrame:
        try:
            reading = reader.read()
        except Exception:
            if not self._broken:  # once, not at each attempt
                log.exception("Reading the GPUs failed")
            self._broken = True
            reading = Reading(TelemetryState.FAILED, "Reading the GPUs failed; see the server log.")
        else:
            self._broken = False
        return self._frame(reading)

    def _frame(self, reading: Reading) -> TelemetryFrame:
        healthy = reading.state is TelemetryState.OK
        return TelemetryFrame(
            time=time.time(),
            state=reading.state,
            reason=reading.reason,
            interval=self._interval if healthy else max(self._interval, _RETRY),
            gpu_mode=self._gpu_mode,
            gpus=reading.gpus,
        )

    def _publish(self, frame: TelemetryFrame) -> None:
        self._latest = frame
        for listener in self._listeners:
            listener.put(frame)

    def _pause(self) -> float:
        return self._latest.interval if self._latest else self._interval

    def _overdue(self) -> TelemetryFrame:
        """Tell what is known while a call into the driver hangs: the last figures, and when."""
        last = self._latest
        return TelemetryFrame(
            time=last.time if last else time.time(),
            state=TelemetryState.FAILED,
            reason="The NVIDIA driver does not answer. Figures below, if any, are old.",
            interval=self._pause(),
            gpu_mode=self._gpu_mode,
            gpus=last.gpus if last else (),
        )
