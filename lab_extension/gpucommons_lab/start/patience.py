"""Ends a person's settings that do not come to an end by themselves."""

import signal
from collections.abc import Callable
from types import FrameType

from gpucommons_lab.start.trouble import Settings

_LONGEST = 10
"""Seconds that a file may take. The hub waits half a minute for a server that does not answer."""


class Patience:
    """Looks each second which file runs, until the server is up.

    A file of the person's own that runs for too long fails with TimeoutError, as if by itself.
    """

    def __init__(self, settings: Settings, is_up: Callable[[], bool]) -> None:
        self._settings = settings
        self._is_up = is_up
        self._seconds = 0

    def begin(self) -> None:
        """Look from now on. Only the main thread may."""
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)

    def end(self) -> None:
        """Look no more. A program that takes this one's place would be ended by the signal."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        if self._is_up():
            self.end()
            return
        self._seconds = self._seconds + 1 if self._runs_own(frame) else 0
        if self._seconds >= _LONGEST:
            self._seconds = 0
            raise TimeoutError(f"it takes more than {_LONGEST} seconds")

    def _runs_own(self, frame: FrameType | None) -> bool:
        while frame:
            if self._settings.own(frame.f_code.co_filename):
                return True
            frame = frame.f_back
        return False
