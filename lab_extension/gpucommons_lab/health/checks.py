"""Shows what is wrong with the session itself on its notice board, as long as it lasts."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from gpucommons_contract import Notice
from gpucommons_upkeep import Backoff, Heartbeat, keep_going

from gpucommons_lab.notices.board import NoticeBoard

log = logging.getLogger(__name__)

_PACE = 2.0
"""Seconds between two checks."""
_PATIENCE = 60.0


class HealthCheck(Protocol):
    """Checks one thing that can go wrong."""

    def look(self) -> Notice | None:
        """Check now, which may take a while; return a notice, None if all is well."""


class HealthChecks:
    """Runs all checks, each on a thread, and shows and withdraws their notices."""

    def __init__(
        self,
        board: NoticeBoard,
        announce: Callable[[], None],
        checks: Sequence[HealthCheck],
        pace: float = _PACE,
    ) -> None:
        """``announce`` informs pages that the board changed; ``pace`` is in seconds."""
        self._board = board
        self._announce = announce
        self._shown: dict[HealthCheck, Notice | None] = dict.fromkeys(checks)
        self._pace = pace
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Check from now on; needs a running event loop."""
        self._tasks = [asyncio.create_task(self._watch(each)) for each in self._shown]

    async def stop(self) -> None:
        """Stop checking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self, check: HealthCheck) -> None:
        """Check once, and show or withdraw the notice."""
        before, now = self._shown[check], await asyncio.to_thread(check.look)
        if now == before:
            return
        if before and (now is None or now.id != before.id):
            self._board.withdraw(before.id)
        if now:
            self._board.put(now)
        self._shown[check] = now
        self._announce()

    async def _watch(self, check: HealthCheck) -> None:
        heart = Heartbeat(f"Checking {type(check).__name__}", _PATIENCE)
        await keep_going(
            lambda: self.look(check),
            heart=heart,
            backoff=Backoff(longest=_PATIENCE),
            log=log,
            every=self._pace,
        )
