"""What people asked for and did not get: refusals, starts that were given up, failed ones."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge
from itertools import islice

from gpucommons_contract.told import StartFault, StartOutcome

from gpucommons_accounting.reckoning.periods.calendar import Period, microseconds
from gpucommons_accounting.records.session import Session, State
from gpucommons_accounting.records.start import Start

_ONE_DEMAND = timedelta(hours=1)
"""Within this of the first one, a person who asks again for a size asks for the same."""
_FOLLOWED = timedelta(hours=24)
"""Within this a start of that size counts as what was asked for, had later."""


@dataclass(slots=True)
class Unmet:
    """Somebody asked for a size and did not get it, however often they tried within the hour."""

    asked: datetime
    """When they tried first."""
    tries: int = 1
    had_after: timedelta | None = None
    """After what time they got it all the same; None if they did not within a day."""

    def had(self, at: datetime) -> None:
        """Note that they got it at a moment."""
        if self.had_after is None and timedelta() < at - self.asked <= _FOLLOWED:
            self.had_after = at - self.asked


@dataclass(slots=True)
class Demand:
    """What was asked for of one size."""

    asked: int = 0
    """How often *Start* was pressed."""
    ready: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Starts by what refused them."""
    given_up: int = 0
    failed: Counter[StartFault] = field(default_factory=Counter)
    """Starts by whose fault it was."""
    unmet: list[Unmet] = field(default_factory=list)
    usual: Decimal | None = None
    """For how many GPU-microseconds a session of that size is charged, in the middle; None if
    there was none.
    """

    @property
    def unmet_time(self) -> Decimal | None:
        """GPU-microseconds that were asked for and not had; None where nobody knows."""
        if not self.unmet:
            return Decimal(0)
        return None if self.usual is None else self.usual * len(self.unmet)


def around(period: Period) -> Period:
    """Return of when starts are needed for what was asked for in a period.

    Before it a demand may have begun that goes on in it, and later it may have been met.
    """
    return Period(period.begin - _FOLLOWED, period.end + _FOLLOWED)


def demand_by_size(
    starts: Iterable[Start], sessions: Iterable[Session], period: Period
) -> dict[str, Demand]:
    """Sum up what was asked for in a period, by size.

    starts: those around it, in the order in which they were asked for. sessions: those by which
    it is told how much a session of each size is usually charged.
    """
    found: dict[str, Demand] = defaultdict(Demand)
    tries: dict[tuple[str, str], _Tries] = defaultdict(_Tries)
    for start in starts:
        unmet = tries[start.person, start.size].add(start)
        if period.has(start.asked):
            _add(found[start.size], start)
            if unmet:
                found[start.size].unmet.append(unmet)
    usual = _usual(sessions)
    for size, demand in found.items():
        demand.usual = usual.get(size)
    return dict(found)


def _add(demand: Demand, start: Start) -> None:
    demand.asked += 1
    match start.outcome:
        case StartOutcome.READY:
            demand.ready += 1
        case StartOutcome.REFUSED:
            demand.refused[start.why] += 1
        case StartOutcome.GIVEN_UP:
            demand.given_up += 1
        case StartOutcome.FAILED:
            demand.failed[start.fault] += 1


@dataclass(slots=True)
class _Tries:
    """What one person asked for of one size within a day, in order."""

    unmet: list[Unmet] = field(default_factory=list)
    ready: list[datetime] = field(default_factory=list)
    """When they got it: also after they had asked for more."""

    def add(self, start: Start) -> Unmet | None:
        """Take the next one; returns the demand that it begins, if it begins one."""
        self.unmet = [each for each in self.unmet if start.asked - each.asked <= _FOLLOWED]
        self.ready = [at for at in self.ready if at > start.asked]
        if start.outcome is StartOutcome.READY:
            self.ready.append(start.at)
            for each in self.unmet:
                each.had(start.at)
        if not start.unmet:
            return None
        if self.unmet and start.asked - self.unmet[-1].asked < _ONE_DEMAND:
            self.unmet[-1].tries += 1
            return None
        begun = Unmet(start.asked)
        for at in self.ready:
            begun.had(at)
        self.unmet.append(begun)
        return begun


def _usual(sessions: Iterable[Session]) -> Mapping[str, Decimal]:
    """Return for how much a session of each size is charged: the median of those that ended."""
    charged: dict[str, dict[Decimal, array[int]]] = defaultdict(lambda: defaultdict(_lengths))
    for session in sessions:
        if session.gone is not None:
            lengths = (
                each.length
                for each in session.intervals(session.gone)
                if each.state is State.CHARGED
            )
            if length := microseconds(sum(lengths, timedelta())):
                charged[session.choice.size][session.choice.units].append(length)
    return {size: _middle(each) for size, each in charged.items()}


def _lengths() -> "array[int]":
    return array("q")


def _middle(charged: Mapping[Decimal, "array[int]"]) -> Decimal:
    """Return the median of GPU-microseconds, of lengths by their units."""
    count = sum(map(len, charged.values()))
    ordered = merge(*(_times(units, lengths) for units, lengths in charged.items()))
    middle = list(islice(ordered, (count - 1) // 2, count // 2 + 1))
    return sum(middle, Decimal(0)) / len(middle)


def _times(units: Decimal, lengths: "array[int]") -> Iterator[Decimal]:
    return (units * length for length in sorted(lengths))
