"""Ticks, one after another: at intervals, and when a countdown ends."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gpucommons_culler.engine import Engine
from gpucommons_culler.hub_errors import HubError
from gpucommons_culler.messages import Message, Topic
from gpucommons_culler.metrics import Metrics
from gpucommons_culler.store_errors import StoreError

log = logging.getLogger(__name__)

_SHORTEST_S = 1.0
"""Between the end of a tick and the next, whatever is due."""
_LATE_TICKS = 5
"""So many intervals without a tick that went well, and the culler is not well."""


class Loop:
    """Runs the engine. A tick never begins before the one before has ended."""

    def __init__(
        self,
        engine: Engine,
        metrics: Metrics,
        leads: Callable[[], bool],
        interval: float,
        tell: Callable[[Message], None],
    ) -> None:
        """``leads`` says whether this replica acts; ``interval`` is in seconds; ``tell`` tells
        administrators of trouble that lasts.
        """
        self._engine = engine
        self._metrics = metrics
        self._leads = leads
        self._tell = tell
        self._told = False
        self._interval = interval
        self._woken = asyncio.Event()
        self._well_at = time.monotonic()
        self._trouble = ""

    def wake(self) -> None:
        """Tick soon: something changed."""
        self._woken.set()

    def trouble(self) -> str | None:
        """Say why no tick has gone well for long; None if all is well."""
        late = time.monotonic() - self._well_at
        if late < self._interval * _LATE_TICKS:
            return None
        return f"No look at the sessions has gone well for {late:.0f} s: {self._trouble}"

    def _tell_of_trouble(self) -> None:
        """Tell of trouble once, when it has lasted."""
        if not self._told and (trouble := self.trouble()):
            self._told = True
            change = "No idle session is ended meanwhile. Look at the log of the idle culler."
            self._tell(Message(Topic.TROUBLE, datetime.now(UTC), trouble, change=change))

    async def run(self) -> None:
        """Tick until cancelled. What fails is logged once, and tried again."""
        due = time.monotonic()
        while True:
            began = time.monotonic()
            await self._tick(late=began - due)
            self._tell_of_trouble()
            due = time.monotonic() + max(_SHORTEST_S, self._pause(began))
            self._woken.clear()
            try:
                async with asyncio.timeout(due - time.monotonic()):
                    await self._woken.wait()
                due = time.monotonic()
            except TimeoutError:
                pass

    async def _tick(self, late: float) -> None:
        began = time.monotonic()
        try:
            await self._engine.tick(self._leads)
        except (HubError, StoreError) as error:
            if str(error) != self._trouble:
                log.warning("Sessions were not looked at: %s", error)
            self._trouble = str(error)
            return
        except Exception:
            # A defect must not end the watch over everybody's sessions; nothing was done.
            log.exception("Sessions were not looked at")
            self._trouble = "a defect; see the log"
            return
        if self._trouble:
            log.info("Sessions are looked at again")
        self._trouble, self._well_at, self._told = "", time.monotonic(), False
        took = timedelta(seconds=time.monotonic() - began)
        self._metrics.ticked(datetime.now(UTC), timedelta(seconds=late), took)

    def _pause(self, began: float) -> float:
        """Answer the seconds to the next tick: a countdown's end may be sooner than usual."""
        usual = began + self._interval - time.monotonic()
        now = datetime.now(UTC)
        next_due = self._engine.next_due(now)
        return usual if next_due is None else min(usual, (next_due - now).total_seconds())
