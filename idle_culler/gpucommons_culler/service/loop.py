"""Ticks one after another, at intervals and when a countdown ends."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gpucommons_contract.formats.wording import rough_span
from gpucommons_upkeep import Heartbeat
from gpucommons_upkeep.errors import StoreError

from gpucommons_culler.core.errors import HubError
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.messages.message import Message, Topic

log = logging.getLogger(__name__)

_SHORTEST_S = 1.0
"""Between the end of a tick and the next, whatever is due."""
_LATE_TICKS = 5
"""After this many intervals without a successful tick the culler is unhealthy."""


class Ticks(Protocol):
    """What is run: it looks at all sessions, and knows when it must again."""

    async def tick(self, leads: Callable[[], bool]) -> None:
        """Look at everything once. Raises HubError and StoreError."""

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next countdown ends; None without one."""


class Loop:
    """Runs the engine. A tick never begins before the one before has ended."""

    def __init__(
        self,
        engine: Ticks,
        metrics: Metrics,
        leads: Callable[[], bool],
        interval: float,
        alert: Callable[[Message], None],
    ) -> None:
        """``leads`` says whether this replica acts; ``interval`` is in seconds; ``alert`` notifies
        administrators of trouble that lasts.
        """
        self._engine = engine
        self._metrics = metrics
        self._leads = leads
        self._alert = alert
        self._alerted = False
        self._interval = interval
        self._woken = asyncio.Event()
        self.heart = Heartbeat("Looking at the sessions", within=interval * _LATE_TICKS)

    def wake(self) -> None:
        """Tick soon: something changed."""
        self._woken.set()

    def trouble(self) -> str | None:
        """Say why no tick has succeeded for long; None if all is well."""
        if self.heart.trouble() is None:
            return None
        age, why = self.heart.age, self.heart.problem
        return f"The sessions could not be checked for {rough_span(age)}: {why}"

    def _alert_once(self) -> None:
        """Report trouble once, when it has lasted."""
        if not self._alerted and (trouble := self.trouble()):
            self._alerted = True
            change = "Until then no idle session is stopped. Check the log of the idle culler."
            self._alert(Message(Topic.TROUBLE, datetime.now(UTC), trouble, change=change))

    async def run(self) -> None:
        """Tick until cancelled. A failure is logged once, and tried again."""
        due = time.monotonic()
        while True:
            began = time.monotonic()
            await self._tick(late=began - due)
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
            known = str(error) == self.heart.problem
            self.heart.failed(str(error))
            if not known:
                log.warning("The sessions could not be checked: %s", error)
        except Exception:
            # A defect must not end the watch over everybody's sessions.
            self.heart.failed("a defect; see the log")
            log.exception("The sessions could not be checked")
        else:
            if self.heart.failures:
                log.info("The sessions are checked again")
            self.heart.succeeded()
            self._alerted = False
            took = timedelta(seconds=time.monotonic() - began)
            self._metrics.ticked(datetime.now(UTC), timedelta(seconds=late), took)
        self._alert_once()

    def _pause(self, began: float) -> float:
        """Return the seconds to the next tick, which a countdown's end may bring forward."""
        usual = began + self._interval - time.monotonic()
        now = datetime.now(UTC)
        next_due = self._engine.next_due(now)
        return usual if next_due is None else min(usual, (next_due - now).total_seconds())
