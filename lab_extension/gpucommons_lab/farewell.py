"""The last seconds of a session that is ended: open pages save what was typed in them.

The hub asks for it before it takes the session's address away. Kubernetes asks nobody before it
ends a pod, because its node is drained or because somebody with a higher priority needs the GPU:
the signal is all that a session gets then.
"""

import asyncio
import logging
import math
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from gpucommons_contract import Notice, NoticeLevel

from gpucommons_lab.notices import NoticeBoard

log = logging.getLogger(__name__)

_TEXT = "This session is being ended now. What is open here is saved."
_HEARING = 1.0
"""Seconds in which an open page asks for the notice once it has heard that there is one."""
_SAVING = 3.0
"""Seconds that pages have to save; the spawner's ``delete_grace_period`` holds more."""
_ENOUGH = 30.0
"""Seconds after a farewell in which another one is none: who could hear it has."""


class Farewell:
    """Comes before the end, or between the signal and it. Who signals twice need not wait."""

    def __init__(
        self,
        board: NoticeBoard,
        announce: Callable[[], None],
        *,
        hearing: float = _HEARING,
        saving: float = _SAVING,
    ) -> None:
        """``announce`` tells pages that the board changed; ``hearing`` and ``saving`` are s."""
        self._board = board
        self._announce = announce
        self._hearing = hearing
        self._saving = saving
        self._said_at = -math.inf
        self._saying = asyncio.Lock()
        self._end: Callable[[int, FrameType | None], object] | None = None
        self._last_words: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take the signal over from the server, which has set what it does at it."""
        end = signal.getsignal(signal.SIGTERM)
        if not callable(end) or threading.current_thread() is not threading.main_thread():
            return  # a server within another program: the signal is that program's
        self._end = end
        self._loop = asyncio.get_running_loop()
        signal.signal(signal.SIGTERM, self._signalled)

    def stop(self) -> None:
        """Give the signal back."""
        if self._end and signal.getsignal(signal.SIGTERM) == self._signalled:
            signal.signal(signal.SIGTERM, self._end)

    async def say(self) -> None:
        """Tell open pages that the session ends, and return once they had their time to save."""
        async with self._saying:
            if time.monotonic() - self._said_at < _ENOUGH:
                return
            before = self._board.reads
            ends_at = time.time() + self._saving
            self._board.put(Notice("ending", _TEXT, NoticeLevel.WARNING, ends_at))
            self._announce()
            await asyncio.sleep(self._hearing)
            if self._board.reads > before:
                log.info("Open pages have %.0f s to save", self._saving)
                await asyncio.sleep(self._saving - self._hearing)
            self._said_at = time.monotonic()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        assert self._end
        self.stop()
        end = self._end
        self._loop.call_soon_threadsafe(self._begin, lambda: end(number, frame))

    def _begin(self, end: Callable[[], object]) -> None:
        self._last_words = asyncio.create_task(self._say_and(end))

    async def _say_and(self, end: Callable[[], object]) -> None:
        try:
            await self.say()
        except Exception:  # whatever hinders it, the end comes
            log.exception("Open pages could not be told that the session ends")
        end()
