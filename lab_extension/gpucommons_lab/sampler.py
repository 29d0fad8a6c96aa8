"""One thread per server that samples the GPUs: at a pace for who listens, slowly for the past."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from gpucommons_contract import TelemetryFrame, TelemetryState

from gpucommons_lab.listener import Listener
from gpucommons_lab.reading import Reader, Reading
from gpucommons_lab.recorder import Recorder

T = TypeVar("T")

log = logging.getLogger(__name__)

_RETRY = 5.0
"""Seconds between attempts while the GPUs cannot be read; a driver needs peace to come back."""
_STALL = 5.0
"""Seconds beyond the interval after which a silent driver is reported."""
_REST = 0.5
"""Parts of the interval that a driver has peace even if looking took all of it."""
_BROKEN = Reading(TelemetryState.FAILED, "Reading the GPUs failed; see the server log.")


class Sampler:
    """Samples on a thread of its own and hands frames to listeners on the event loop.

    While nobody listens it goes on at the pace of ``background``, so that the past is known to
    who comes later. Where that is off, the thread starts with the first listener, pauses with
    the last, and ends when nobody came back within ``linger`` seconds.
    """

    def __init__(
        self,
        open_reader: Callable[[], Reader],
        recorder: Recorder,
        *,
        interval: float,
        linger: float,
        background: float = 0,
    ) -> None:
        """``interval``, ``linger`` and ``background`` are seconds; 0 switches the last off."""
        self._open_reader = open_reader
        self._recorder = recorder
        self._interval = interval
        self._linger = linger
        self._background = background
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._latest: TelemetryFrame | None = None
        self._latest_at = 0.0  # by the clock that never goes back
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

        The first look is one pause away: a server that starts has better things to do.
        """
        if self._background:
            with self._changed:
                self._ensure_thread()

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Join the listeners; the newest frame comes at once if it is recent."""
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
        """Wait for the next frame, or give one that says that the driver does not answer."""
        frame = await listener.get(self._pause() + _STALL)
        return frame or self._overdue()

    def reset_peaks(self) -> None:
        """Set the peaks of memory back, and tell listeners at once. On the event loop."""
        with self._changed:
            self._latest = frame = self._recorder.reset_peaks(self._latest)
        if frame:
            self._tell(frame)

    def close(self) -> None:
        """End the thread. One that hangs in the driver is left behind, as a daemon."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        if thread:
            thread.join(timeout=1)

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
            if not self._publish(self._recorder.frame(reading, pace, apart)):
                break
            if reader:
                self._guarded(reader.read_at_leisure)
        if reader:
            reader.close()

    def _turn(self, last: float, pace: float) -> float | None:
        """Wait until the next look is due, ``pace`` seconds after the ``last`` for who listens.

        Answers how many seconds after the last one it was due; None: nobody wants one any
        more, the thread has to end and is signed off.
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
        """Whether to go on for nobody. A session that was given no GPU has no past to keep."""
        none = self._latest and self._latest.state is TelemetryState.NO_GPU
        return self._background > 0 and not none

    def _wait(self, pace: float) -> float:
        return pace if self._listeners else max(pace, self._background)

    def _guarded(self, look: Callable[[], T]) -> T | None:
        """Look at the GPUs. A reader that breaks is a bug: logged once, not at each attempt."""
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
        """Tell what is known while a call into the driver hangs: the last figures, and when."""
        last = self._latest
        return TelemetryFrame(
            time=last.time if last else time.time(),
            state=TelemetryState.FAILED,
            reason="The NVIDIA driver does not answer. Figures below, if any, are old.",
            interval=self._pause(),
            gpu_mode=self._recorder.gpu_mode,
            gpus=last.gpus if last else (),
            share=last.share if last else None,
        )
