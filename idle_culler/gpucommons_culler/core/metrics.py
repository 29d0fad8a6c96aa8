"""The culler's metrics: what it gave back, where it was wrong, and whether it keeps up."""

from collections import Counter as Count
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gpucommons_culler.core.decision import Action, Decision, Verdict
from gpucommons_culler.core.session import Session, SessionKey

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LONGEST_GAIN = timedelta(hours=12)
"""For how long a stop counts as a gain: nobody knows when the session would have ended."""
STARTED_ANEW_WITHIN = timedelta(minutes=10)
"""Who starts the same again so soon after a stop was not idle."""
_TICK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_END_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300)
_IDLE_BUCKETS = (900, 1800, 3600, 5400, 7200, 14_400, 28_800, 43_200, 86_400)
_HOUR = timedelta(hours=1)


_NOTICES = {True: "as-promised", False: "short"}


@dataclass(slots=True)
class _Gain:
    """GPUs that a session gave back and has not taken again."""

    run: SessionKey
    """The run of it that ended."""
    gpus: float
    team: str
    size: str
    since: datetime
    counted_to: datetime


@dataclass(frozen=True, slots=True)
class _Stop:
    """A stop that was decided, and may turn out to be wrong."""

    run: SessionKey
    """What was stopped."""
    size: str
    at: datetime


class _StopCounters(Collector):
    """What became of stops, told by the replica that leads alone, each time from 0 on.

    Objectives sum them up over all replicas. A replica that led once, and still told so, would
    look like a new count each time that the sum has it again.
    """

    def __init__(self) -> None:
        self.announced = Counter(
            "gpucommons_idle_stops",
            "Stops that were decided: announced as long beforehand as promised, or short.",
            ("notice",),
            registry=None,
        )
        self.anew = Counter(
            "gpucommons_idle_stops_started_anew",
            "Stops that were decided, after which the same was started within ten minutes.",
            registry=None,
        )
        self.are_told = False
        self.begin()

    def begin(self) -> None:
        """Tell them, from 0 on."""
        self.are_told = True
        self.announced.clear()
        self.anew.reset()
        for notice in _NOTICES.values():
            self.announced.labels(notice)

    def collect(self) -> Iterator[Metric]:
        """Yield them while they are told."""
        if self.are_told:
            yield from self.announced.collect()
            yield from self.anew.collect()


class Metrics:
    """Counts for one culler, in a registry of its own. Called in one thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._gains: dict[tuple[str, str], _Gain] = {}
        self._stops: dict[tuple[str, str], _Stop] = {}
        self._gpu_hours = self._counter(
            "reclaimed_gpu_hours",
            "GPU-hours that others could use: from the end of an idle session until its person "
            "starts it again, 12 hours at most.",
            "team",
            "size",
        )
        self._gpus = self._counter(
            "reclaimed_gpus", "GPUs that ended idle sessions gave back.", "team", "size"
        )
        self._false_alarms = self._counter(
            "false_alarms", "Warnings that were taken back because the session was used."
        )
        self._actions = self._counter("actions", "Steps that were taken.", "action")
        self._of_stops = _StopCounters()
        self.registry.register(self._of_stops)
        self._failures = self._counter(
            "source_failures", "Readings of a source that failed.", "source"
        )
        self._unmatched = self._gauge(
            "gpu_sessions_unmatched",
            "Sessions with GPUs, where a source for GPUs knows none of them.",
            "source",
        )
        self._without = self._gauge(
            "sessions_without_extension", "Sessions whose server lacks our extension."
        )
        self._sessions = self._gauge(
            "sessions", "Sessions by what they were found to be at the last tick.", "verdict"
        )
        self._last_tick = self._gauge(
            "last_tick_timestamp_seconds", "When a tick was last finished, as Unix time."
        )
        self._late = self._histogram("tick_late_seconds", "How late ticks began.", _TICK_BUCKETS)
        self._took = self._histogram("tick_seconds", "How long ticks took.", _TICK_BUCKETS)
        self._ending = self._histogram(
            "stop_seconds", "From the order to stop a session until it was gone.", _END_BUCKETS
        )
        self._idle = self._histogram(
            "idle_seconds", "For how long sessions were idle until they ended.", _IDLE_BUCKETS
        )
        for verdict in Verdict:
            self._sessions.labels(verdict)

    def exposition(self) -> bytes:
        """All of it as Prometheus reads it, of `CONTENT_TYPE`."""
        return generate_latest(self.registry)

    def leads(self, leads: bool) -> None:
        """Say whether this replica is the one that acts; only that one counts stops."""
        if leads and not self._of_stops.are_told:
            self._of_stops.begin()
        if not leads:
            self._of_stops.are_told = False
            self._stops.clear()

    def judged(self, decisions: Iterable[Decision]) -> None:
        """Count the sessions of one tick."""
        found = Count(decision.verdict for decision in decisions)
        for verdict in Verdict:
            self._sessions.labels(verdict).set(found[verdict])

    def acted(self, decision: Decision) -> None:
        """Count a step that was taken."""
        self._actions.labels(decision.action).inc()
        if decision.action is Action.CANCEL and decision.verdict is Verdict.ACTIVE:
            self._false_alarms.inc()

    def stopped(self, session: Session, at: datetime, *, as_promised: bool) -> None:
        """Count a session that was stopped or released because it was found to be idle.

        as_promised: whether its person was warned as long beforehand as the rule says.
        """
        self.leads(leads=True)  # maybe only since a moment ago
        self._of_stops.announced.labels(_NOTICES[as_promised]).inc()
        self._stops[_place(session.key)] = _Stop(session.key, session.size, at)

    def reclaimed(self, session: Session, decision: Decision, at: datetime) -> None:
        """Count a session that was stopped or released, and the GPUs that it gave back."""
        if decision.idle_since:
            self._idle.observe((at - decision.idle_since).total_seconds())
        if session.gpus:
            gpus, key = float(session.gpus), session.key
            self._gpus.labels(session.team, session.size).inc(gpus)
            gain = _Gain(key, gpus, session.team, session.size, at, at)
            self._gains[key.user, key.server] = gain

    def running(self, sessions: Iterable[Session], now: datetime) -> None:
        """Count what was gained since the last tick; one that has GPUs again gains no more.

        Count stops, too, after which the same was started again. Those that were stopped in this
        tick may be among the sessions: they ran when it began.
        """
        sessions = tuple(sessions)
        self._look_for_stops(sessions, now)
        if not self._gains:
            return
        again = {_place(session.key): session.key for session in sessions if session.gpus}
        for place, gain in list(self._gains.items()):
            until = min(now, gain.since + LONGEST_GAIN)
            hours = max(until - gain.counted_to, timedelta()) / _HOUR
            self._gpu_hours.labels(gain.team, gain.size).inc(gain.gpus * hours)
            gain.counted_to = max(until, gain.counted_to)
            if again.get(place, gain.run) != gain.run or until < now:
                del self._gains[place]

    def _look_for_stops(self, sessions: Sequence[Session], now: datetime) -> None:
        if not self._stops:
            return
        there = {_place(session.key): session for session in sessions}
        for place, stop in list(self._stops.items()):
            found = there.get(place)
            is_same = found is not None and found.key != stop.run and found.size == stop.size
            in_time = now - stop.at <= STARTED_ANEW_WITHIN
            self._of_stops.anew.inc(is_same and in_time)
            if is_same or not in_time:
                del self._stops[place]

    def gone(self, after: timedelta) -> None:
        """Count how long it took from the order to stop a session until it was gone."""
        self._ending.observe(after.total_seconds())

    def ticked(self, at: datetime, late: timedelta, took: timedelta) -> None:
        """Count a tick that was finished at a moment."""
        self._last_tick.set(at.timestamp())
        self._late.observe(max(late, timedelta()).total_seconds())
        self._took.observe(took.total_seconds())

    def source_failed(self, source: str) -> None:
        """Count a source that did not answer in full."""
        self._failures.labels(source).inc()

    def unmatched(self, source: str, count: int) -> None:
        """Count sessions with GPUs of which a source knows none; 0 if it knows some."""
        self._unmatched.labels(source).set(count)

    def without_extension(self, count: int) -> None:
        """Count sessions that are known to run without our server extension."""
        self._without.set(count)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"gpucommons_idle_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"gpucommons_idle_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Collection[float]) -> Histogram:
        full = f"gpucommons_idle_{name}"
        return Histogram(full, text, registry=self.registry, buckets=tuple(buckets))


def _place(key: SessionKey) -> tuple[str, str]:
    return key.user, key.server
