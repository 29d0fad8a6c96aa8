"""Finds out when sessions ended that ended while nobody looked: by the last sample of their GPUs.

It is an estimate, and better than the last moment at which accounting had seen them.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from gpucommons_upkeep.prometheus import PrometheusError

from gpucommons_accounting.database.activities import PodSession
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.recording.meters.exporter import Exporter
from gpucommons_accounting.records.event import Event, EventKind, Source

log = logging.getLogger(__name__)

_LOOKED_FOR = timedelta(days=14)
"""How far back Prometheus is asked: it keeps 15 days unless it is told."""


class UnseenEnds:
    """Looks for them."""

    def __init__(
        self,
        store: Store,
        exporter: Exporter,
        apart: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        """apart: the time between two samples."""
        self._store, self._kept = store, store.activities
        self._exporter, self._apart, self._now = exporter, apart, now
        self._looked: set[str] = set()
        """Those of which Prometheus had no sample."""

    async def step(self) -> None:
        """Write down what is found. Raises StoreError; then the next step finds it again."""
        now = self._now()
        lately = Period(now - _LOOKED_FOR, now + self._apart)
        sessions = await asyncio.to_thread(self._kept.pod_sessions, lately)
        unseen = [
            (each.gone, min([each.gone_by, *_next_of(each, sessions)]), each)
            for each in sessions
            if each.end_source is Source.ACCOUNTING and each.uid not in self._looked
            if each.gone and each.gone_by
        ]
        # All that were missed by the same absence are looked for together.
        unseen.sort(key=lambda found: found[:2])
        for (seen, end), group in groupby(unseen, key=lambda found: found[:2]):
            ended, begin = [each for _, _, each in group], max(seen, lately.begin)
            try:
                last = await self._exporter.last_samples({each.pod for each in ended}, begin, end)
            except PrometheusError as error:
                log.info("When sessions ended that nobody saw is not known yet: %s", error)
                return
            found = [
                _ended(each, at, min(at + self._apart, end))
                for each in ended
                if (at := last.get(each.pod))
            ]
            await asyncio.to_thread(self._store.add, found, now)
            self._looked |= {each.uid for each in ended} - {each.uid for each in found}


def _next_of(session: PodSession, sessions: list[PodSession]) -> Iterator[datetime]:
    """Yield when others began later in a pod of the same name: its samples are theirs then."""
    for other in sessions:
        if other.pod == session.pod and other.bound > session.bound:
            yield other.bound


def _ended(session: PodSession, at: datetime, by: datetime) -> Event:
    payload = {"by": by.isoformat()}
    return Event(Source.TELEMETRY, EventKind.MISSING, session.uid, at, payload)
