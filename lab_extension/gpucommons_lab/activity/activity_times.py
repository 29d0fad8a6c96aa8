"""Activity that Jupyter Server does not see by itself: work in VS Code, busy terminals.

An open window is not activity. Jupyter Server counts a terminal only while it exchanges text
with a page; a program that prints nothing, or that no page shows, is found here.
"""

import asyncio
import logging
import os
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from enum import StrEnum

from gpucommons_lab.activity.terminal_processes import busy_terminal, can_look

log = logging.getLogger(__name__)

_PERIOD = 60.0
"""Seconds between two checks of the terminals."""


class ActivitySource(StrEnum):
    """Keys below ``last_activity_times``, Jupyter Server's hook for extensions."""

    VSCODE = "gpucommons_vscode"
    TERMINALS = "gpucommons_terminals"


class ActivityTimes:
    """Keeps Jupyter Server's times of activity that extensions report."""

    def __init__(self, times: MutableMapping[str, datetime], period: float = _PERIOD) -> None:
        """``times`` is the server's own mapping; ``period`` is in seconds."""
        self._times = times
        self._period = period
        self._marked: dict[ActivitySource, float] = {}  # by the monotonic clock
        self._watch: asyncio.Task[None] | None = None

    def mark(self, source: ActivitySource) -> None:
        """Count this moment as activity."""
        self._times[source] = datetime.now(UTC)
        self._marked[source] = time.monotonic()

    def age(self, source: ActivitySource) -> float | None:
        """Return how many seconds ago it was last marked; None is never."""
        marked = self._marked.get(source)
        return None if marked is None else time.monotonic() - marked

    def start(self) -> None:
        """Check the terminals from now on; needs a running event loop."""
        if can_look():
            self._watch = asyncio.create_task(self._watch_terminals())

    async def stop(self) -> None:
        """Stop checking."""
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _watch_terminals(self) -> None:
        failed = False
        while True:
            await asyncio.sleep(self._period)
            try:
                if await asyncio.to_thread(busy_terminal, os.getpid()):
                    self.mark(ActivitySource.TERMINALS)
                failed = False
            except OSError:
                if not failed:  # once, not at each look
                    log.warning("The terminals cannot be read", exc_info=True)
                failed = True
