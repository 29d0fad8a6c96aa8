"""Before a session stops, open pages save what was typed in them.

The hub asks for it before it removes the session's route. Kubernetes asks nobody before it stops a
pod because its node is drained, or because somebody with a higher priority needs the GPU: then the
signal is all that a session gets.
"""

import asyncio
import logging
import math
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from gpucommons_contract import ENDING_NOTICE, Notice, NoticeLevel
from gpucommons_contract.words import phrase

from gpucommons_lab.notices.board import NoticeBoard

log = logging.getLogger(__name__)

_TEXT = phrase(
    "This session is stopping now. Open documents are being saved. The page where you start again "
    "says why it stopped."
)
_HEARING = 1.0
"""Seconds within which an open page asks for the notice after the event."""
_SAVING = 3.0
"""Seconds that pages have to save; the spawner's ``delete_grace_period`` is longer."""
_REPEAT_AFTER = 30.0
"""Seconds in which a second request does nothing: every page that could save has done so."""


class SaveBeforeStop:
    """Runs before the server ends, or once it was signaled. A second signal ends it at once."""

    def __init__(
        self,
        board: NoticeBoard,
        announce: Callable[[], None],
        *,
        hearing: float = _HEARING,
        saving: float = _SAVING,
    ) -> None:
        """``announce`` informs pages that the board changed; the other two are in seconds."""
        self._board = board
        self._announce = announce
        self._hearing = hearing
        self._saving = saving
        self._ran_at = -math.inf
        self._running = asyncio.Lock()
        self._end: Callable[[int, FrameType | None], object] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take over the signal from the server, which has set its own handler."""
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

    async def run(self) -> None:
        """Announce the end to open pages, and return once they have had their time to save."""
        async with self._running:
            if time.monotonic() - self._ran_at < _REPEAT_AFTER:
                return
            before = self._board.reads
            ends_at = time.time() + self._saving
            self._board.put(Notice(ENDING_NOTICE, _TEXT, NoticeLevel.WARNING, ends_at))
            self._announce()
            await asyncio.sleep(self._hearing)
            if self._board.reads > before:
                log.info("Open pages have %.0f s to save", self._saving)
                await asyncio.sleep(self._saving - self._hearing)
            self._ran_at = time.monotonic()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        assert self._end
        self.stop()
        end = self._end
        self._loop.call_soon_threadsafe(self._begin, lambda: end(number, frame))

    def _begin(self, end: Callable[[], object]) -> None:
        self._task = asyncio.create_task(self._run_and(end))

    async def _run_and(self, end: Callable[[], object]) -> None:
        try:
            await self.run()
        except Exception:  # whatever hinders it, the end comes
            log.exception("Open pages could not be informed that the session ends")
        end()
