"""Keeps the counters of metrics up to date."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from gpucommons_upkeep import Backoff, Heartbeat, keep_going

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.counting import counted, counted_refusals

_PAUSE_SECONDS = 30.0
_SILENT_SECONDS = 300.0
_UNSETTLED = timedelta(days=1)
"""How long after its end a session may still be corrected in counters; in reports it always may."""
_AT_ONCE = timedelta(days=7)
"""Whose sessions are settled together."""
log = logging.getLogger(__name__)


class CounterKeeper:
    """Counts what sessions did, and starts that were refused."""

    def __init__(self, store: Store, now: Callable[[], datetime], probe_team: str = "") -> None:
        """probe_team: the team of the start probe; empty without one."""
        self._store, self._now, self._probe_team = store, now, probe_team
        self.heart = Heartbeat("counting for metrics", _SILENT_SECONDS)

    def step(self) -> None:
        """Settle what ended long ago, and count the rest and refusals. Raises StoreError.

        It blocks.
        """
        now, counters = self._now(), self._store.counters
        counts = counted_refusals(self._store.starts.refusals())
        settled = counters.settled_until()
        while settled and settled < (until := min(settled + _AT_ONCE, now - _UNSETTLED)):
            there = self._store.sessions(Period(settled, until))
            ended = [each for each in there if each.gone_by and settled <= each.gone_by < until]
            counters.settle(counted(ended, until, self._probe_team), until)
            settled = until
        if settled and settled < now:
            there = self._store.sessions(Period(settled, now))
            recent = [each for each in there if each.gone_by is None or each.gone_by >= settled]
            counts |= counted(recent, now, self._probe_team)
        counters.raise_to(counts)

    async def run(self, may: Callable[[], bool]) -> None:
        """Do so every half a minute, until canceled. may: whether it is our turn."""

        async def turn() -> None:
            if may():
                await asyncio.to_thread(self.step)

        await keep_going(
            turn, heart=self.heart, backoff=Backoff(1.0, 30.0), log=log, every=_PAUSE_SECONDS
        )
