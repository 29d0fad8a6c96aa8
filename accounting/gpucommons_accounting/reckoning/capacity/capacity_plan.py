"""What more GPUs of a product would have changed for the starts of a period. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState, capacity, spans
from gpucommons_accounting.reckoning.capacity.recorded_starts import (
    RecordedStarts,
    Stay,
    recorded_starts,
)
from gpucommons_accounting.reckoning.capacity.replay import Change, replay
from gpucommons_accounting.reckoning.capacity.waits import Quantile, Wait, Waits
from gpucommons_accounting.reckoning.periods.calendar import Period, microseconds
from gpucommons_accounting.records.start import Start

WAITED = timedelta(minutes=1)
"""Who has a GPU sooner has not waited: for less than this, more GPUs do not help."""
_HALF, _NEARLY_ALL = Decimal("0.5"), Decimal("0.95")

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Figures:
    """How long some starts waited."""

    starts: int
    waited: int
    """Those that waited for more than a minute, or in vain."""
    in_vain: int
    """Those that never had a GPU: they gave up, or wait still."""
    half: Quantile | None
    """What half of them did not pass; None without any."""
    nearly_all: Quantile | None
    """What 95 of 100 did not pass."""


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """The starts of a period: as recorded, replayed, and replayed with more GPUs."""

    product: str
    more: int
    gpus: Decimal | None
    """How many could be used, on average; None where nobody knows."""
    known: Decimal
    """Of which part of the time it is known."""
    recorded: Figures
    replayed: Figures
    """With the GPUs that there were: how well the replay fits."""
    with_more: Figures
    explained: int
    """Starts that waited according to the record, and in the replay, too."""
    spared: int
    """Those of them that would not have waited with more GPUs."""
    agreeing: int
    """Starts that waited both times, or neither."""
    basis: RecordedStarts
    """What is replayed, and what of it is assumed."""


def capacity_plan(
    facts: Iterable[NodeFact],
    stays: Iterable[Stay],
    starts: Iterable[Start],
    period: Period,
    as_of: datetime,
    *,
    product: str,
    usual: Mapping[str, str],
    more: int,
) -> CapacityPlan:
    """Replay the starts of a period.

    facts: all that is known of nodes up to ``as_of``. stays, starts, usual: see `recorded_starts`.
    """
    known = list(facts)
    there = Period(period.begin, max(period.begin, as_of))
    pool = _Pool(known, product, there)
    basis = recorded_starts(pool.watch(stays), starts, product, period, as_of, usual=usual)
    asks = [each.ask for each in basis.starts]
    changes = [*pool.changes, *basis.held]
    counted = [period.has(ask.at) for ask in asks]

    def with_gpus(count: int) -> list[Wait]:
        added = Change(period.begin, Decimal(count))
        waits = replay(asks, [*changes, added], as_of)
        return [wait for wait, counts in zip(waits, counted, strict=True) if counts]

    recorded = [each.wait for each, counts in zip(basis.starts, counted, strict=True) if counts]
    replayed, with_more = with_gpus(0), with_gpus(more)
    each_time = [
        tuple(map(_waited, waits)) for waits in zip(recorded, replayed, with_more, strict=True)
    ]
    return CapacityPlan(
        product=product,
        more=more,
        gpus=_on_average(known, product, period, as_of),
        known=_known(known, period, as_of),
        recorded=_figures(recorded),
        replayed=_figures(replayed),
        with_more=_figures(with_more),
        explained=sum(first and second for first, second, _ in each_time),
        spared=sum(first and second and not third for first, second, third in each_time),
        agreeing=sum(first == second for first, second, _ in each_time),
        basis=basis,
    )


class _Pool:
    """The GPUs of a product over time.

    Nodes that are not known to be up give what sessions held there, and nothing else: these go on
    when a node is cordoned, and prove that there was something before anybody looked.
    """

    def __init__(self, facts: Sequence[NodeFact], product: str, there: Period) -> None:
        self.changes: list[Change] = []
        self._product, self._there = product, there
        self._up: dict[str, list[_Span]] = defaultdict(list)
        for fact, end in spans(facts, there.end):
            is_up = fact.state is NodeState.UP and fact.product == product
            if is_up and self._add(fact.at, end, fact.gpus):
                self._up[fact.node].append((fact.at, end))

    def watch(self, stays: Iterable[Stay]) -> Iterator[Stay]:
        """Yield sessions as they come, and add what was held where no node is known to be up."""
        for stay in stays:
            if stay.bound is not None and stay.product == self._product:
                end = stay.gone or self._there.end
                for begin, until in _gaps(self._up.get(stay.node, ()), stay.bound, end):
                    self._add(begin, until, stay.units)
            yield stay

    def _add(self, begin: datetime, end: datetime, gpus: Decimal) -> bool:
        begin, end = max(begin, self._there.begin), min(end, self._there.end)
        if begin >= end:
            return False
        self.changes += [Change(begin, gpus), Change(end, -gpus)]
        return True


def _gaps(known: Iterable[_Span], begin: datetime, end: datetime) -> Iterator[_Span]:
    """Yield what of a span is in none of those known, which are in order."""
    for since, until in known:
        if begin < min(since, end):
            yield begin, min(since, end)
        begin = max(begin, until)
    if begin < end:
        yield begin, end


def _waited(wait: Wait) -> bool:
    return not wait.over or wait.length > WAITED


def _figures(some: Iterable[Wait]) -> Figures:
    waits, starts, waited, in_vain = Waits(), 0, 0, 0
    for each in some:
        waits.put(each)
        starts += 1
        waited += _waited(each)
        in_vain += not each.over
    half, nearly_all = waits.quantile(_HALF), waits.quantile(_NEARLY_ALL)
    return Figures(starts, waited, in_vain, half, nearly_all)


def _on_average(
    facts: Sequence[NodeFact], product: str, period: Period, as_of: datetime
) -> Decimal | None:
    """Return how many GPUs there were while somebody looked."""
    found = capacity(facts, period, as_of).get(product)
    looked = _looked(facts, period, as_of)
    return found.usable / microseconds(looked) if found and looked else None


def _known(facts: Sequence[NodeFact], period: Period, as_of: datetime) -> Decimal:
    gone_by = period.common(period.begin, as_of)
    looked = _looked(facts, period, as_of)
    return Decimal(microseconds(looked)) / microseconds(gone_by) if gone_by else Decimal(0)


def _looked(facts: Sequence[NodeFact], period: Period, as_of: datetime) -> timedelta:
    first = min((each.at for each in facts), default=as_of)
    return period.common(first, as_of)
