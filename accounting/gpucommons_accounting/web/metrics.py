"""Accounting's metrics, read from the database: they survive restarts, and grow with no person."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_web.health import MetricsHandler
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.capacity.capacity import NodeState
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.counting import (
    ENDED,
    ENDS_SEEN,
    GPU_SECONDS,
    REFUSALS,
    SECONDS_BUCKETS,
    START,
    STARTS,
    WAIT,
    Key,
)
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_accounting.web.budgets.metrics import budget_metrics

_INSTANT = timedelta(microseconds=1)
_COUNTERS = (
    (
        GPU_SECONDS,
        "GPU time that sessions held, by what they did meanwhile.",
        ("team", "size", "product", "state"),
    ),
    (ENDED, "Sessions that ended, and why.", ("reason",)),
    (ENDS_SEEN, "Sessions that ended: whether the moment is known.", ("moment",)),
    (
        STARTS,
        "Starts that were accepted: whether people could work, and else whose fault it was.",
        ("outcome", "fault"),
    ),
    (REFUSALS, "Starts that were refused, and by what.", ("why",)),
)
_HISTOGRAMS = (
    (WAIT, "How long sessions waited until they had a node."),
    (START, "How long sessions took from then until people could work."),
)


class AccountingMetrics(Collector):
    """Reads the database at each scrape. It blocks: call it in a thread."""

    def __init__(self, store: Store, sheet: BalanceSheet, now: Callable[[], datetime]) -> None:
        self._store, self._sheet, self._now = store, sheet, now
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def exposition(self) -> bytes:
        """Return all of them in Prometheus' text format. Raises StoreUnavailableError."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Yield nothing: registering it is not to read the database."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yield all of them."""
        kept = self._store.counters.read()
        for name, about, labels in _COUNTERS:
            counter = CounterMetricFamily(name, about, labels=labels)
            for key, value in kept.items():
                if key.name == name:
                    counter.add_metric(key.labels, float(value))
            yield counter
        for name, about in _HISTOGRAMS:
            yield _histogram(name, about, kept)
        now = self._now()
        there = self._store.sessions(Period(now, now + _INSTANT))
        yield from self._of_gpus([session for session in there if session.runs])
        yield from _of_waiting([session for session in there if not session.bound], now)
        yield from budget_metrics(self._sheet.read().balances)
        yield from self._of_accounting(now)

    def _of_gpus(self, running: list[Session]) -> Iterator[Metric]:
        gpus = GaugeMetricFamily(
            "gpucommons_gpus", "GPUs that there are, by their nodes.", labels=("product", "state")
        )
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for fact in self._store.nodes().values():
            if fact.state is not NodeState.ABSENT:
                sums[fact.product, str(fact.state)] += fact.gpus
        for labels, count in sorted(sums.items()):
            gpus.add_metric(labels, float(count))
        yield gpus
        held = GaugeMetricFamily(
            "gpucommons_allocated_gpus", "GPUs that sessions hold.", labels=("product",)
        )
        taken: dict[str, Decimal] = dict.fromkeys((product for product, _ in sums), Decimal(0))
        for session in running:
            if session.bound and session.choice.units:
                taken[session.product] = taken.get(session.product, Decimal(0))
                taken[session.product] += session.choice.units
        for product, count in sorted(taken.items()):
            held.add_metric((product,), float(count))
        yield held

    def _of_accounting(self, now: datetime) -> Iterator[Metric]:
        uncertain = self._store.counters.uncertain_ends()
        yield GaugeMetricFamily(
            "gpucommons_uncertain_ends", "Sessions whose end nobody saw.", value=uncertain
        )
        beat = self._store.last_beat()
        if beat is not None:
            yield GaugeMetricFamily(
                "gpucommons_accounting_lag_seconds",
                "For how long it has not been known which sessions there are.",
                value=max((now - beat).total_seconds(), 0),
            )


class StoredMetricsHandler(MetricsHandler):
    """The metrics, read in a thread."""

    async def exposition(self) -> bytes | str:
        """Return all of them."""
        return await asyncio.to_thread(self._metrics.exposition)


def _of_waiting(waiting: list[Session], now: datetime) -> Iterator[Metric]:
    pending = GaugeMetricFamily(
        "gpucommons_pending_gpus", "GPUs that sessions without a node wait for.", labels=("size",)
    )
    oldest = GaugeMetricFamily(
        "gpucommons_oldest_wait_seconds", "How long the first of them has waited.", labels=("size",)
    )
    for size in sorted({session.choice.size for session in waiting}):
        of_size = [session for session in waiting if session.choice.size == size]
        pending.add_metric((size,), float(sum(session.choice.units for session in of_size)))
        longest = max(now - session.requested for session in of_size)
        oldest.add_metric((size,), max(longest.total_seconds(), 0))
    yield pending
    yield oldest


def _histogram(name: str, about: str, kept: dict[Key, Decimal]) -> Metric:
    histogram = HistogramMetricFamily(name, about, labels=("size",))
    for size in sorted({key.labels[0] for key in kept if key.name == name}):
        below, buckets = 0.0, []
        for most in (*map(str, SECONDS_BUCKETS), "+Inf"):
            below += float(kept.get(Key(name, (size, most)), 0))
            buckets.append((most, below))
        total = float(kept.get(Key(name, (size, "sum")), 0))
        histogram.add_metric((size,), buckets, sum_value=total)
    return histogram
