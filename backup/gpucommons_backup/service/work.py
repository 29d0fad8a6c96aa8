"""Calls of restic from an event loop: a few at once, some that wait, and no more."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from gpucommons_backup.errors import NoAnswerError, RepositoryUnreachableError
from gpucommons_backup.service.refusals import busy, store_away

_AT_ONCE = 4
"""Each call of restic takes a third of a second of CPU and 60 to 100 MB. For this and the numbers
below there must be memory: cluster/earlier-files has the sum."""
_WAITING = 16
_DOWNLOADS = 8
_DOWNLOADS_OF_ONE = 2
"""Files that one person's sessions get at once, in all teams together; others wait."""
_PAUSE_S = 5.0

_Result = TypeVar("_Result")
_P = ParamSpec("_P")


class Pause:
    """For which a store that did not answer is not asked: each try would hold a place for long."""

    def __init__(self) -> None:
        self._until = float("-inf")

    def begin(self) -> None:
        """Let it begin, or begin anew."""
        self._until = time.monotonic() + _PAUSE_S

    def demand_over(self) -> None:
        """Raise RefusedError while it lasts."""
        if time.monotonic() < self._until:
            raise store_away()


class Work:
    """Runs what blocks, in threads. Raises RefusedError where too much is asked for at once."""

    def __init__(
        self, at_once: int = _AT_ONCE, waiting: int = _WAITING, downloads: int = _DOWNLOADS
    ) -> None:
        """downloads: how many files are read at once, in addition."""
        self._turns = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._downloads = downloads
        # Each as long as somebody holds it or waits for it.
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._reading: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._pause = Pause()
        self._threads = ThreadPoolExecutor(at_once + downloads, thread_name_prefix="restic")

    async def look(
        self, call: Callable[_P, _Result], *arguments: _P.args, **named: _P.kwargs
    ) -> _Result:
        """Call it when it is its turn."""
        self._pause.demand_over()
        if not self._room:
            raise busy()
        self._room -= 1
        try:
            async with self._turns:
                self._pause.demand_over()
                # To its end, also where nobody waits any more: its thread is not free before.
                running = asyncio.ensure_future(self.in_thread(call, *arguments, **named))
                try:
                    return await asyncio.shield(running)
                except NoAnswerError:
                    raise  # which may be because of one person's repository, and is no one else's
                except RepositoryUnreachableError:
                    self._pause.begin()
                    raise
                except asyncio.CancelledError:
                    await asyncio.wait({running})
                    raise
        finally:
            self._room += 1

    def turn(self, person: str) -> asyncio.Lock:
        """Return what is held while a person's question is answered: one after the other."""
        return self._asking.setdefault(person, asyncio.Lock())

    @asynccontextmanager
    async def download(self, person: str) -> AsyncIterator[None]:
        """Hold one of the places for reading a file; wait while this person has several."""
        async with self._reading.setdefault(person, asyncio.Semaphore(_DOWNLOADS_OF_ONE)):
            if not self._downloads:
                raise busy()
            self._downloads -= 1
            try:
                yield
            finally:
                self._downloads += 1

    async def in_thread(
        self, call: Callable[_P, _Result], *arguments: _P.args, **named: _P.kwargs
    ) -> _Result:
        """Call it at once, for whoever has a place."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: call(*arguments, **named))

    def close(self) -> None:
        """Take no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)
