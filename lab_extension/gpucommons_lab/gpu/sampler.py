"""One thread per server samples the GPUs: fast for listeners, slowly for the history."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from gpucommons_contract import SessionUse, TelemetryFrame, TelemetryState
from gpucommons_contract.words import phrase

from gpucommons_lab.gpu.reading import Reader, Reading


class Listener:
    """A mailbox for one reader that keeps only the newest frame.

    A slow reader misses frames; they never queue up.
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


T = TypeVar("T")

log = logging.getLogger(__name__)

_RETRY = 5.0
"""Seconds between attempts while the GPUs cannot be read; a driver needs a pause to recover."""
_STALL = 5.0
"""Seconds beyond the interval after which a silent driver is reported."""
_FAREWELL = 1.0
"""Seconds that the end of the thread is waited for."""
_REST = 0.5
"""The part of the interval for which a driver is left alone even if reading took all of it."""
_BROKEN = Reading(TelemetryState.FAILED, "Reading the GPUs failed; see the server log.")


_NO_ANSWER = phrase("The NVIDIA driver does not answer. Any figures below are old.")


class FrameMaker(Protocol):
    """Makes frames of readings, on the sampling thread."""

    @property
    def gpu_mode(self) -> str | None:
        """How the session got its GPUs."""

    @property
    def use(self) -> Callable[[], SessionUse | None]:
        """Gives what else the session uses, at once and on any thread."""

    def spoken(self, reason: str) -> str:
        """Write why GPUs cannot be read in the language of the session."""

    def frame(self, reading: Reading, interval: float, apart: float) -> TelemetryFrame:
        """Make a frame. ``interval``: seconds until the next one; ``apart``: since the last."""

    def reset_peaks(self, frame: TelemetryFrame | None) -> TelemetryFrame | None:
        """Reset the peaks of memory; return the newest frame with the new ones in it."""


class Sampler:
    """Samples on a thread of its own and hands frames to listeners on the event loop.

    While nobody listens it goes on at the pace of ``background``, so that whoever comes later
    sees the past. Where that is off, the thread starts with the first listener, pauses with the
    last, and ends when nobody comes back within ``linger`` seconds.
    """

    def __init__(
        self,
        open_reader: Callable[[], Reader],
        frames: FrameMaker,
        *,
        interval: float,
        linger: float,
        background: float = 0,
    ) -> None:
        """``interval``, ``linger`` and ``background`` are in seconds; 0 turns the last off."""
        self._open_reader = open_reader
        self._frames = frames
        self._interval = interval
        self._linger = linger
        self._background = background
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._latest: TelemetryFrame | None = None
        self._latest_at = 0.0  # by the monotonic clock
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()  # guards listeners, loop, thread and closed
        self._closed = False
        self._broken: set[Callable[[], object]] = set()

    @property
    def running(self) -> bool:
        """Whether the sampling thread is alive."""
        return self._thread is not None

    @property
    def current(self) -> TelemetryFrame | None:
        """The newest frame, unless it is older than it should be."""
        apart = 0 if self._listeners else self._background
        age = time.monotonic() - self._latest_at
        return self._latest if age <= max(apart, self._pause()) + _STALL else None

    def start(self) -> None:
        """Begin to sample in the background, if that is on.

        The first reading is one pause away: a starting server has better things to do.
        """
        if self._background:
            with self._changed:
                self._ensure_thread()

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Join the listeners; a recent frame is delivered at once."""
        listener = Listener()
        if self._latest and time.monotonic() - self._latest_at < self._latest.interval:
            listener.put(self._latest)
        with self._changed:
            self._loop = asyncio.get_running_loop()
            self._listeners.add(listener)
            self._ensure_thread()
            self._changed.notify_all()
        try:
            yield listener
        finally:
            with self._changed:
                self._listeners.discard(listener)
                self._changed.notify_all()

    async def next_frame(self, listener: Listener) -> TelemetryFrame:
        """Wait for the next frame, or return one saying that the driver does not answer."""
        frame = await listener.get(self._pause() + _STALL)
        return frame or self._overdue()

    def reset_peaks(self) -> None:
        """Reset the peaks of memory, and send listeners a frame at once. On the event loop."""
        with self._changed:
            self._latest = frame = self._frames.reset_peaks(self._latest)
        if frame:
            self._tell(frame)

    def close(self) -> None:
        """End the thread. One that hangs in the driver is left behind, as a daemon."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        if thread:
            thread.join(timeout=_FAREWELL)

    def _ensure_thread(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="gpucommons-nvml", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        reader: Reader | None = None
        last, pace = time.monotonic(), 0.0
        while (apart := self._turn(last, pace)) is not None:
            last = time.monotonic()
            reader = reader or self._guarded(self._open_reader)
            reading = (reader and self._guarded(reader.read)) or _BROKEN
            healthy = reading.state is TelemetryState.OK
            pace = self._interval if healthy else max(self._interval, _RETRY)
            if not self._publish(self._frames.frame(reading, pace, apart)):
                break
            if reader:
                self._guarded(reader.read_at_leisure)
        if reader:
            reader.close()

    def _turn(self, last: float, pace: float) -> float | None:
        """Wait until the next reading is due, ``pace`` seconds after the ``last`` for listeners.

        Returns how many seconds after the last one it was due; None: nobody wants one any
        longer, and the thread, already signed off, must end.
        """
        rested = time.monotonic() + pace * _REST
        apart = 0.0
        with self._changed:
            while not self._closed:
                wanted = bool(self._listeners or self._in_background())
                wait = self._wait(pace) if wanted else self._linger
                remaining = max(last + wait, rested) - time.monotonic()
                if wanted:
                    apart = max(apart, wait)
                if remaining > 0:
                    self._changed.wait(remaining)
                elif wanted:
                    return apart
                else:
                    break
            self._thread = None
            return None

    def _in_background(self) -> bool:
        """Whether to go on without listeners. A session without a GPU has no past to keep."""
        none = self._latest and self._latest.state is TelemetryState.NO_GPU
        return self._background > 0 and not none

    def _wait(self, pace: float) -> float:
        return pace if self._listeners else max(pace, self._background)

    def _guarded(self, look: Callable[[], T]) -> T | None:
        """Call the reader. One that breaks is a bug: logged once, not at each attempt."""
        try:
            seen = look()
        except Exception:
            if look not in self._broken:
                log.exception("Reading the GPUs failed")
            self._broken.add(look)
            return None
        self._broken.discard(look)
        return seen

    def _publish(self, frame: TelemetryFrame) -> bool:
        """Hand a frame over, from the sampling thread. False: the server is gone."""
        with self._changed:
            self._latest, self._latest_at = frame, time.monotonic()
            loop = self._loop if self._listeners else None
        if loop:
            try:
                loop.call_soon_threadsafe(self._tell, frame)
            except RuntimeError:  # the loop closed under us
                return False
        return True

    def _tell(self, frame: TelemetryFrame) -> None:
        for listener in self._listeners:
            listener.put(frame)

    def _pause(self) -> float:
        return self._latest.interval if self._latest else self._interval

    def _overdue(self) -> TelemetryFrame:
        """Return what is known while a call into the driver hangs: the last figures, and when."""
        last = self._latest
        return TelemetryFrame(
            time=last.time if last else time.time(),
            state=TelemetryState.FAILED,
            reason=self._frames.spoken(_NO_ANSWER),
            interval=self._pause(),
            gpu_mode=self._frames.gpu_mode,
            gpus=last.gpus if last else (),
            share=last.share if last else None,
            use=self._frames.use(),
        )
