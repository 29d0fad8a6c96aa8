"""One signal for everybody who waits for a change: one timer, however many wait."""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

LOOK_SECONDS = 1.0
"""The least time between two changes that are told; what happens meanwhile is told as one."""
BEAT_SECONDS = 25.0
"""The most time without a signal. Proxies close connections that are silent for a minute."""


class ChangeSignal:
    """Rings when a stamp has changed, and now and then without a change.

    A stamp is looked at rather than pushed, so that what changes needs to know of nobody who
    waits. Nothing runs while nobody listens.
    """

    def __init__(
        self, look_seconds: float = LOOK_SECONDS, beat_seconds: float = BEAT_SECONDS
    ) -> None:
        self.number = 0
        """Grows with every ring."""
        self._look_seconds, self._beat_seconds = look_seconds, beat_seconds
        self._listeners = 0
        self._rung = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Return the loop's clock, in seconds."""
        return asyncio.get_running_loop().time()

    @contextmanager
    def listening(self, stamp: Callable[[], Hashable]) -> Iterator[None]:
        """Keep it going while somebody listens. ``stamp`` changes with what is listened for."""
        self._listeners += 1
        if self._running is None:
            self._running = asyncio.create_task(self._run(stamp))
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._running.cancel()
                self._running = None

    async def after(self, number: int) -> None:
        """Wait until it has rung since ``number``; what rang meanwhile counts."""
        while self.number == number:
            await self._rung.wait()

    async def _run(self, stamp: Callable[[], Hashable]) -> None:
        seen, rung_at = stamp(), self.now()
        while True:
            await asyncio.sleep(self._look_seconds)
            found = stamp()
            if found != seen or self.now() - rung_at >= self._beat_seconds:
                seen, rung_at = found, self.now()
                self._ring()

    def _ring(self) -> None:
        self.number += 1
        self._rung.set()
        self._rung = asyncio.Event()
