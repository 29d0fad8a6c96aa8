"""A thread with an event loop, in which proxies and played servers live."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")


class LoopThread:
    """The thread. What blocks in a test's own thread holds up nothing here."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.at_end: list[Callable[[], Awaitable[None]]] = []
        """What is done there before it ends."""
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def do(self, work: "Coroutine[Any, Any, _Answer]", seconds: float = 120) -> _Answer:
        """Run something there, and return its answer. Raises what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def stop(self) -> None:
        """End all that still runs there, and the thread."""
        for close in reversed(self.at_end):
            self.do(_done(close))
        self.do(_end_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


async def _done(close: Callable[[], Awaitable[None]]) -> None:
    await close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
