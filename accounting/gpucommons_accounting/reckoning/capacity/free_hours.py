"""How many GPUs were free in each hour of the week, by the site's clock. Pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState, spans
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, microseconds
from gpucommons_accounting.records.session import Session

_HOUR = timedelta(hours=1)
DAYS, HOURS = 7, 24


@dataclass(frozen=True, slots=True)
class HourOfWeek:
    """What there was in one hour of the week, over all weeks of a period."""

    time: int = 0
    """Microseconds of it that were in the period."""
    known: int = 0
    """Of these, since it has been known which nodes there are."""
    usable: Decimal = Decimal(0)
    """GPU-microseconds that sessions could have had."""
    held: Decimal = Decimal(0)
    """GPU-microseconds of these that they had."""

    def __add__(self, other: "HourOfWeek") -> "HourOfWeek":
        """Return both together."""
        return HourOfWeek(
            self.time + other.time,
            self.known + other.known,
            self.usable + other.usable,
            self.held + other.held,
        )

    @property
    def gpus(self) -> Decimal | None:
        """How many GPUs could be used, on average; None where nobody knows."""
        return self.usable / self.known if self.known else None

    @property
    def free(self) -> Decimal | None:
        """How many of them were free, on average; None where nobody knows."""
        return max(self.usable - self.held, Decimal(0)) / self.known if self.known else None

    @property
    def share(self) -> Decimal | None:
        """Which part of what could be used was free; None where nobody knows, or nothing could."""
        return max(1 - self.held / self.usable, Decimal(0)) if self.usable else None

    @property
    def coverage(self) -> Decimal | None:
        """The known part of its time; None where it was not in the period."""
        return Decimal(self.known) / self.time if self.time else None


@dataclass(frozen=True, slots=True)
class FreeHours:
    """All hours of the week, Monday's first, as ``hours[weekday][hour]``."""

    hours: list[list[HourOfWeek]]
    products: list[str]
    """All that are known, for which the same may be asked."""

    @property
    def total(self) -> HourOfWeek:
        """All of them together."""
        return sum((each for day in self.hours for each in day), HourOfWeek())

    def ends(self) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Return the weekday and hour with the most free GPUs, and those with the fewest."""
        known = [
            (each.free, day, hour)
            for day, hours in enumerate(self.hours)
            for hour, each in enumerate(hours)
            if each.free is not None
        ]
        if not known:
            return None
        most, least = max(known, key=lambda each: each[0]), min(known, key=lambda each: each[0])
        return most[1:], least[1:]


class _Amounts:
    """GPU time that is added span by span, by the hours of a period."""

    def __init__(self, hours: list[Period]) -> None:
        self._hours = hours
        self._begins = [each.begin for each in hours]
        self._parts: dict[int, Decimal] = defaultdict(Decimal)
        self._steps: dict[int, Decimal] = defaultdict(Decimal)
        """By how much more is held from an hour on, for the whole of each."""

    def add(self, begin: datetime, end: datetime, gpus: Decimal | int) -> None:
        """Add so many GPUs for a time."""
        begin, end = max(begin, self._hours[0].begin), min(end, self._hours[-1].end)
        if begin >= end:
            return
        first, last = bisect_right(self._begins, begin) - 1, bisect_left(self._begins, end) - 1
        for each in {first, last}:
            self._parts[each] += gpus * microseconds(self._hours[each].common(begin, end))
        if last > first + 1:
            self._steps[first + 1] += gpus
            self._steps[last] -= gpus

    def sums(self) -> Iterator[Decimal]:
        """Yield how much was added to each hour."""
        whole = accumulate(self._steps[place] for place in range(len(self._hours)))
        for place, (hour, gpus) in enumerate(zip(self._hours, whole, strict=True)):
            yield self._parts[place] + gpus * microseconds(hour.end - hour.begin)


def free_hours(
    facts: Iterable[NodeFact],
    sessions: Iterable[Session],
    period: Period,
    as_of: datetime,
    calendar: Calendar,
    *,
    product: str | None = None,
) -> FreeHours:
    """Reckon what was free in each hour of the week, of one product or of all.

    What sessions held on nodes that were cordoned or down takes nothing from what was free.
    """
    found = [[HourOfWeek() for _ in range(HOURS)] for _ in range(DAYS)]
    hours = list(_hours(Period(period.begin, max(period.begin, min(period.end, as_of))), calendar))
    if not hours:
        return FreeHours(found, [])
    known, usable, held = _Amounts(hours), _Amounts(hours), _Amounts(hours)
    up: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    all_facts = list(facts)
    if all_facts:
        known.add(min(each.at for each in all_facts), as_of, 1)
    for fact, end in spans(all_facts, as_of):
        if fact.state is NodeState.UP and product in (None, fact.product):
            usable.add(fact.at, end, fact.gpus)
            if end > hours[0].begin and fact.at < hours[-1].end:
                up[fact.node].append((fact.at, end))
    for session in sessions:
        for begin, end in up.get(session.node, ()):
            for interval in session.intervals(as_of):
                if interval.state.holds_gpus and session.choice.units:
                    since, until = max(begin, interval.begin), min(end, interval.end)
                    held.add(since, until, session.choice.units)
    amounts = zip(hours, known.sums(), usable.sums(), held.sums(), strict=True)
    for hour, known_time, gpus, had in amounts:
        local = hour.begin.astimezone(calendar.zone)
        time = microseconds(hour.end - hour.begin)
        found[local.weekday()][local.hour] += HourOfWeek(time, int(known_time), gpus, had)
    return FreeHours(found, sorted({each.product for each in all_facts} - {""}))


def _hours(period: Period, calendar: Calendar) -> Iterator[Period]:
    """Yield the hours of the site's clock, the first and the last one cut to the period."""
    begin = period.begin
    while begin < period.end:
        local = begin.astimezone(calendar.zone)
        gone = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        end = min(begin.astimezone(UTC) + _HOUR - gone, period.end)
        yield Period(begin, end)
        begin = end
