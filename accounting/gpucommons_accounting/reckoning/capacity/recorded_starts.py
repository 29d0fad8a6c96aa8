"""Recorded starts of one product, as a replay takes them up. Pure.

What is not on record is assumed, and counted: for how long a start would have held GPUs that never
had any, and of which product they would have been.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from gpucommons_contract.told import StartOutcome

from gpucommons_accounting.reckoning.capacity.replay import Ask, Change
from gpucommons_accounting.reckoning.capacity.waits import Wait
from gpucommons_accounting.reckoning.periods.calendar import Period, microseconds
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.records.start import Start

_TRIED_AGAIN = timedelta(hours=1)
"""Within this of the first one, whoever gave up and asks again for a size asks for the same."""


class Stay(NamedTuple):
    """What a replay needs to know of a session with GPUs. All moments are in UTC."""

    person: str
    size: str
    units: Decimal
    requested: datetime
    bound: datetime | None
    gone: datetime | None
    node: str
    product: str
    """Empty where nobody knows."""

    @classmethod
    def of(cls, session: Session) -> "Stay":
        """Return what is needed of a session."""
        choice = session.choice
        return cls(
            choice.person,
            choice.size,
            choice.units,
            session.requested,
            session.bound,
            session.gone,
            session.node,
            session.product,
        )

    @property
    def had(self) -> datetime | None:
        """When it had its GPUs; None if it never did."""
        if self.bound is None or (self.gone is not None and self.bound >= self.gone):
            return None
        return max(self.bound, self.requested)


@dataclass(frozen=True, slots=True)
class RecordedStart:
    """One start, and how long it waited according to the record."""

    ask: Ask
    wait: Wait


@dataclass(slots=True)
class RecordedStarts:
    """The starts of a product around a period."""

    starts: list[RecordedStart] = field(default_factory=list)
    """Also those that were asked for before the period, and waited when it began."""
    held: list[Change] = field(default_factory=list)
    """What sessions hold that had their GPUs before the period."""
    lengths: dict[str, timedelta] = field(default_factory=dict)
    """How long starts that never had GPUs are taken to have held them, by size: the median of the
    sessions that ended.
    """
    never_had: Counter[str] = field(default_factory=Counter)
    """How many of these there are."""
    product_assumed: int = 0
    """Sessions of which only their size says which product they had: the usual one."""
    joined: int = 0
    """Presses of *Start* that are counted with an earlier one."""
    left_out: int = 0
    """Starts of which nobody knows for which product they were, or for how long."""
    refused: Counter[str] = field(default_factory=Counter)
    """Starts that were refused, by what refused them: no GPUs were waited for."""


def recorded_starts(
    stays: Iterable[Stay],
    starts: Iterable[Start],
    product: str,
    period: Period,
    as_of: datetime,
    *,
    usual: Mapping[str, str],
) -> RecordedStarts:
    """Return the starts of one product.

    stays: of the sessions that were there in the period, those of the product, and those of which
    nobody knows it. starts: those of the period that came to nothing and are no session on record.
    usual: by size the product that most sessions had (`usual_products`).
    """
    found, lengths = RecordedStarts(), _Lengths()
    tries = []
    for stay in stays:
        tries.append(_try_of(stay))
        if stay.product == product:
            lengths.add(stay)
    for start in starts:
        if start.outcome is StartOutcome.GIVEN_UP:
            given_up = Try(start.person, start.size, start.units, start.asked, ended=start.at)
            tries.append(given_up)
        elif period.has(start.asked) and usual.get(start.size) == product:
            found.refused[start.why] += 1
    chosen = _chosen(tries, product, usual, period, found)
    medians = lengths.medians()
    for each in _joined(chosen, period, found):
        _add(found, each, medians.get(each.size), period, as_of)
    return found


def usual_products(counts: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """Return by size the product that most sessions had.

    counts: size, product, and how many sessions had their GPUs.
    """
    by_size: dict[str, Counter[str]] = defaultdict(Counter)
    for size, product, count in counts:
        by_size[size][product] += count
    return {
        size: min(each, key=lambda product: (-each[product], product))
        for size, each in by_size.items()
    }


@dataclass(frozen=True, slots=True)
class Try:
    """A press of *Start* for GPUs."""

    person: str
    size: str
    units: Decimal
    asked: datetime
    had: datetime | None = None
    """When it had its GPUs; None if it never did."""
    ended: datetime | None = None
    """When it gave up, or gave them back; None if it still waits, or has them."""
    product: str = ""
    """Empty where nobody knows."""

    def is_followed_by(self, other: "Try") -> bool:
        """Whether a later one is for the same: this one gave up, and its person asked again."""
        return (
            self.had is None
            and self.ended is not None
            and self.ended <= other.asked < self.asked + _TRIED_AGAIN
        )


class _Lengths:
    """How long sessions of each size had their GPUs, of those that ended."""

    def __init__(self) -> None:
        self._each: dict[str, array[int]] = defaultdict(lambda: array("q"))

    def add(self, stay: Stay) -> None:
        """Count one."""
        if stay.had is not None and stay.gone is not None:
            self._each[stay.size].append(microseconds(stay.gone - stay.had))

    def medians(self) -> dict[str, timedelta]:
        """Return the median of each size."""
        return {size: timedelta(microseconds=median(each)) for size, each in self._each.items()}


def _try_of(stay: Stay) -> Try:
    ended = stay.gone and max(stay.gone, stay.requested)
    had = stay.had
    return Try(stay.person, stay.size, stay.units, stay.requested, had, ended, stay.product)


def _chosen(
    tries: Iterable[Try],
    product: str,
    usual: Mapping[str, str],
    period: Period,
    found: RecordedStarts,
) -> Iterator[Try]:
    """Yield those for the product."""
    for each in tries:
        likely = each.product or usual.get(each.size)
        if not likely:
            found.left_out += period.has(each.asked)
        elif likely == product:
            yield each


def _joined(tries: Iterable[Try], period: Period, found: RecordedStarts) -> Iterator[Try]:
    """Yield each with those that followed it, as one that was asked for at first."""
    last: dict[tuple[str, str], Try] = {}
    for each in sorted(tries, key=lambda each: each.asked):
        key = each.person, each.size
        before = last.get(key)
        if before is not None and before.is_followed_by(each):
            found.joined += period.has(before.asked)
            last[key] = replace(each, asked=before.asked)
            continue
        if before is not None:
            yield before
        last[key] = each
    yield from last.values()


def _add(
    found: RecordedStarts, each: Try, usual: timedelta | None, period: Period, as_of: datetime
) -> None:
    """Add a start. usual: for how long a session of its size has its GPUs."""
    if each.had is not None:
        _add_session(found, each, each.had, period)
    elif usual is None:
        found.left_out += period.has(each.asked)
    else:
        if period.has(each.asked):
            found.never_had[each.size] += 1
            found.lengths[each.size] = usual
        wait = Wait(max((each.ended or as_of) - each.asked, timedelta()), over=False)
        found.starts.append(RecordedStart(Ask(each.asked, each.units, usual, each.ended), wait))


def _add_session(found: RecordedStarts, each: Try, had: datetime, period: Period) -> None:
    if had < period.begin:
        found.held.append(Change(period.begin, -each.units))
        if each.ended is not None:
            found.held.append(Change(each.ended, each.units))
        return
    length = None if each.ended is None else each.ended - had
    ask = Ask(each.asked, each.units, length)
    found.starts.append(RecordedStart(ask, Wait(had - each.asked, over=True)))
    found.product_assumed += not each.product and period.has(each.asked)
