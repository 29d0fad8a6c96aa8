"""Recorded starts of one product, as a replay takes them up. Pure.

What is not on record is assumed, and counted: for how long a start would have held GPUs that never
had any, and of which product they would have been.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from gpucommons_contract.told import StartOutcome

from gpucommons_accounting.reckoning.calendar import Period, microseconds
from gpucommons_accounting.reckoning.replay import Ask, Change
from gpucommons_accounting.reckoning.waits import Wait
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.records.start import Start

_TRIED_AGAIN = timedelta(hours=1)
"""Within this of the first one, whoever gave up and asks again for a size asks for the same."""


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
    sessions: Iterable[Session],
    starts: Iterable[Start],
    product: str,
    period: Period,
    as_of: datetime,
) -> RecordedStarts:
    """Return the starts of one product.

    sessions: all that were there in the period. starts: what the hub told of it.
    """
    found, sizes = RecordedStarts(), _Sizes(product)
    unmet = {each.uid or each.start: each for each in starts if each.units and each.unmet}
    tries = []
    for session in sessions:
        unmet.pop(session.uid, None)
        if session.choice.units:
            tries.append(_try_of(session))
            sizes.add(tries[-1])
    for start in unmet.values():
        if start.outcome is StartOutcome.GIVEN_UP:
            given_up = Try(start.person, start.size, start.units, start.asked, ended=start.at)
            tries.append(given_up)
        elif period.has(start.asked) and sizes.usual(start.size) == product:
            found.refused[start.why] += 1
    chosen = _chosen(tries, sizes, period, found)
    lengths = sizes.lengths()
    for each in _joined(chosen, period, found):
        _add(found, each, lengths.get(each.size), period, as_of)
    return found


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


class _Sizes:
    """What sessions of each size had."""

    def __init__(self, product: str) -> None:
        self.product = product
        self._products: dict[str, Counter[str]] = defaultdict(Counter)
        self._lengths: dict[str, array[int]] = defaultdict(lambda: array("q"))

    def add(self, each: Try) -> None:
        """Count a session."""
        if each.had is not None and each.product:
            self._products[each.size][each.product] += 1
            if each.ended is not None and each.product == self.product:
                self._lengths[each.size].append(microseconds(each.ended - each.had))

    def usual(self, size: str) -> str:
        """Return the product that most sessions of a size had; empty where there was none."""
        counts = self._products.get(size, Counter[str]())
        return min(counts, key=lambda product: (-counts[product], product), default="")

    def lengths(self) -> dict[str, timedelta]:
        """Return by size the median of how long they had their GPUs, of those that ended."""
        return {size: timedelta(microseconds=median(each)) for size, each in self._lengths.items()}


def _try_of(session: Session) -> Try:
    choice, gone = session.choice, session.gone
    had = session.bound if session.bound and (gone is None or session.bound < gone) else None
    return Try(
        choice.person,
        choice.size,
        choice.units,
        session.requested,
        had and max(had, session.requested),
        gone and max(gone, session.requested),
        session.product,
    )


def _chosen(
    tries: Iterable[Try], sizes: _Sizes, period: Period, found: RecordedStarts
) -> Iterator[Try]:
    """Yield those for the product."""
    for each in tries:
        product = each.product or sizes.usual(each.size)
        if not product:
            found.left_out += period.has(each.asked)
        elif product == sizes.product:
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
