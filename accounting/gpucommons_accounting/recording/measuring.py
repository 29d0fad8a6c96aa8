"""Writes down how busy GPUs are, minute by minute, as far as anybody knows.

Prometheus is asked from where it was asked last, so that of a time in which accounting was away
nothing is lost. A session of which it says nothing is asked itself; what neither knows is unknown.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_upkeep.errors import StoreError
from gpucommons_upkeep.prometheus import PrometheusError

from gpucommons_accounting.database.activities import Activities, PodSession
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.activity import QUARTER, Activity, Meter, quarter_of
from gpucommons_accounting.reckoning.use.readings import Reading, activities
from gpucommons_accounting.recording.meters.exporter import STEP, Exporter
from gpucommons_accounting.recording.meters.session import (
    Address,
    NoTokensError,
    SessionMeter,
    address_of,
)
from gpucommons_accounting.recording.recorder import Pods

log = logging.getLogger(__name__)

_AT_ONCE = QUARTER
"""The past that Prometheus is asked for by one query of each figure: it answers for all pods."""
_FIRST, _FURTHEST = timedelta(hours=1), timedelta(days=14)
"""How far back it is asked the first time, and at most: it keeps 15 days unless it is told."""
_ASKED_EVERY = timedelta(minutes=5)
"""How often sessions are asked: they know a quarter of an hour."""
_NOT_KEPT = (StoreError, OverflowError)
"""What the databases say of a figure that they have no room for."""


@dataclass(frozen=True, slots=True)
class Meters:
    """What there is to ask."""

    exporter: Exporter | None = None
    sessions: SessionMeter | None = None


class Measuring:
    """Measures the sessions whose pods are known."""

    def __init__(
        self, kept: Activities, pods: Pods, meters: Meters, now: Callable[[], datetime]
    ) -> None:
        self._kept, self._pods, self._meters, self._now = kept, pods, meters, now
        self._named: set[str] = set()
        """Uids of sessions whose pods have been noted."""
        self._asked = 0
        """The last five minutes, counted from 1970, at whose beginning sessions were asked."""
        self._troubles: dict[str, str] = {}

    async def step(self) -> None:
        """Write down what is new. Raises StoreError; then the next step writes it."""
        now = self._now()
        await self._name_pods()
        measured = await self._by_prometheus(now)
        before, self._asked = self._asked, int(now.timestamp() // _ASKED_EVERY.total_seconds())
        if self._meters.sessions and before != self._asked:
            await self._by_sessions(self._meters.sessions, measured, now)

    async def _name_pods(self) -> None:
        known = dict(self._pods.known)
        new = {
            uid: f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
            for uid, pod in known.items()
            if uid not in self._named
        }
        await asyncio.to_thread(self._kept.name_pods, new)
        self._named = set(known)

    async def _by_prometheus(self, now: datetime) -> set[str]:
        """Ask Prometheus from where it was asked last; return the uids of those it knows now."""
        exporter = self._meters.exporter
        if exporter is None:
            return set()
        until = now - (now - quarter_of(now)) % STEP
        last = await asyncio.to_thread(self._kept.measured_until) or now - _FIRST
        # What is written at once is whole quarters: of two about the same one the longer counts.
        begin = quarter_of(max(min(last, until - STEP), now - _FURTHEST))
        found: set[str] = set()
        while begin < until:
            end = min(begin + _AT_ONCE, until)
            try:
                readings = await exporter.readings(begin, end)
            except PrometheusError as error:
                self._note("Prometheus", str(error))
                return set()
            self._note("Prometheus", "")
            sessions = await asyncio.to_thread(self._kept.pod_sessions, Period(begin, end))
            measured = _measured(sessions, readings, end)
            await asyncio.to_thread(self._kept.keep, measured)
            await asyncio.to_thread(self._kept.note_measured, end)
            lately = end - 3 * STEP
            found = {
                each.uid
                for each in sessions
                if any(reading.end > lately for reading in readings.get(each.pod, ()))
            }
            begin = end
        return found

    async def _by_sessions(self, meter: SessionMeter, measured: set[str], now: datetime) -> None:
        """Ask the sessions that run and of which Prometheus says nothing."""
        running = {
            each.uid: each
            for each in await asyncio.to_thread(self._kept.pod_sessions, Period(now, now + STEP))
            if each.gone is None and each.uid not in measured
        }
        addresses = [found for uid in running if (found := self._address(uid))]
        try:
            readings = await meter.readings(addresses, self._now)
        except NoTokensError as error:
            self._note("the hub", str(error))
            return
        self._note("the hub", "")
        for uid, read in readings.items():
            there = _there(running[uid], self._now())
            await self._keep_one(uid, activities(uid, read, there, Meter.SESSION))

    async def _keep_one(self, uid: str, measured: list[Activity]) -> None:
        """Keep what one session said; where that cannot be kept, what the others said can."""
        try:
            await asyncio.to_thread(self._kept.keep, measured)
        except _NOT_KEPT as error:
            await asyncio.to_thread(self._kept.measured_until)  # raises if the database is away
            log.warning("How busy the GPUs of session %s are cannot be kept: %s", uid, error)

    def _address(self, uid: str) -> Address | None:
        pod = self._pods.known.get(uid)
        return address_of(pod) if pod else None

    def _note(self, source: str, trouble: str) -> None:
        """Log what changed, not what continues."""
        before = self._troubles.pop(source, "")
        if trouble:
            self._troubles[source] = trouble
            if trouble != before:
                log.warning("How busy GPUs are is not known from %s: %s", source, trouble)
        elif before:
            log.info("How busy GPUs are is known from %s again", source)


def _measured(
    sessions: list[PodSession], readings: dict[str, list[Reading]], until: datetime
) -> list[Activity]:
    return [
        activity
        for each in sessions
        for activity in activities(
            each.uid, readings.get(each.pod, ()), _there(each, until), Meter.PROMETHEUS
        )
    ]


def _there(session: PodSession, until: datetime) -> Period:
    """Return when a session had its pod, as far as is known."""
    return Period(session.bound, max(session.gone or until, session.bound))
