"""What ended sessions did on each day and in each month of the site, ready to be summed up.

Amounts are whole microseconds, and ``units`` is among what they are kept by: so sums are exact, and
a price may be set or changed without a word in here being touched.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from gpucommons_accounting.reckoning.periods.calendar import (
    Calendar,
    Period,
    microseconds,
    months_later,
)
from gpucommons_accounting.records.session import Flag, Interval, Session, State

_INSTANT = timedelta(microseconds=1)
AMOUNTS = (
    *("waiting", "starting", "charged", "ending", "uncertain"),
    *("started", "begun", "continued", "uncertain_ends"),
    *("known_ms", "busy_ms", "idle_ms"),
)
"""Microseconds in each state, and what may have been more; then how many were asked for, began to
be charged, were charged already before, and ended unseen; and the milliseconds of `Activity`.
"""
_MEASURED = 3
"""So many of them are of what was measured."""
Amounts = tuple[int, ...]
"""In the order of ``AMOUNTS``."""


class Span(StrEnum):
    """How long what a total is of lasts."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Key:
    """What totals are kept by, in the words of then."""

    span: Span
    begin: date
    """Its first day."""
    team: str
    team_uid: str
    person: str
    person_since: str
    size: str
    environment: str
    product: str
    units: Decimal


class Quarter(NamedTuple):
    """What was measured in a quarter of an hour, in milliseconds: see `Activity`."""

    begin: datetime
    known: int
    busy: int
    idle: int


@dataclass(frozen=True, slots=True)
class Total:
    """What those of one name did with GPUs of one product, ``units`` of them each."""

    name: str
    product: str
    units: Decimal
    amounts: Amounts
    carried: int
    """How many of them were charged already when the period began."""
    id: str = ""
    """What makes it this person or team among those of its name; empty for all else."""

    def __getitem__(self, name: str) -> int:
        """Return an amount by its name."""
        return self.amounts[AMOUNTS.index(name)]


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days of the site, from ``begin`` until before ``end``, and the total to look at."""

    span: Span
    begin: date
    end: date


def shares(session: Session, calendar: Calendar) -> Iterator[tuple[Key, Amounts]]:
    """Yield what an ended session did on each day and in each month; nothing of one that runs."""
    if session.gone is None:
        return
    end = max(session.gone_by or session.gone, session.requested + _INSTANT)
    months: set[date] = set()
    intervals = list(session.intervals(session.gone))
    days = [day for day, _ in calendar.days(Period(session.requested, end))]
    for day in days:
        first = day.replace(day=1)
        found = [(Span.DAY, day, calendar.day(day))]
        if first not in months:
            months.add(first)
            found.append((Span.MONTH, first, calendar.month(first.year, first.month)))
        amounts: Amounts | None = None
        for span, begin, period in found:
            if amounts is None or len(days) > 1:  # in one day, the month has what the day has
                amounts = _amounts(session, session.gone, intervals, period)
            yield _key(session, span, begin), amounts


def measured_shares(
    session: Session, calendar: Calendar, quarters: Iterable[Quarter]
) -> Iterator[tuple[Key, Amounts]]:
    """Yield what was measured of an ended session on each day and in each month.

    It is of the quarter's own day, also where the session ended before, as was learnt late.
    """
    if session.gone is None:
        return
    sums: dict[tuple[Span, date], list[int]] = defaultdict(lambda: [0] * _MEASURED)
    for each in quarters:
        day = calendar.day_of(each.begin)
        for of in ((Span.DAY, day), (Span.MONTH, day.replace(day=1))):
            sums[of] = [a + b for a, b in zip(sums[of], each[1:], strict=True)]
    rest = (0,) * (len(AMOUNTS) - _MEASURED)
    for (span, begin), measured in sums.items():
        yield _key(session, span, begin), (*rest, *measured)


def _key(session: Session, span: Span, begin: date) -> Key:
    choice = session.choice
    return Key(
        span,
        begin,
        choice.team,
        choice.team_uid,
        choice.person,
        choice.person_since,
        choice.size,
        choice.environment,
        session.product,
        choice.units,
    )


def _amounts(
    session: Session, gone: datetime, intervals: list[Interval], period: Period
) -> Amounts:
    times, begun, continued = dict.fromkeys(State, 0), 0, 0
    for interval in intervals:
        common = microseconds(period.common(interval.begin, interval.end))
        times[interval.state] += common
        if common and interval.state is State.CHARGED:
            begun = int(period.has(interval.begin))
            continued = 1 - begun
    uncertain = microseconds(period.common(gone, session.gone_by or gone))
    ended = int(Flag.END_UNCERTAIN in session.flags and period.has(gone))
    started = int(period.has(session.requested))
    counts = (started, begun, continued, ended)
    return (*times.values(), uncertain, *counts, *(0,) * _MEASURED)


def whole_days(period: Period, calendar: Calendar) -> tuple[date, date] | None:
    """Return first day and the day after the last one; None unless they are whole days."""
    first, end = calendar.day_of(period.begin), calendar.day_of(period.end)
    same = Period(calendar.begin_of(first), calendar.begin_of(end))
    return (first, end) if same == period else None


def in_spans(first: date, end: date) -> Iterator[Days]:
    """Put days together of as many whole months as there are, and the days beside them."""
    begin_month = first if first.day == 1 else months_later(first, 1)
    end_month = end.replace(day=1)
    if begin_month >= end_month:
        parts = [Days(Span.DAY, first, end)]
    else:
        parts = [
            Days(Span.DAY, first, begin_month),
            Days(Span.MONTH, begin_month, end_month),
            Days(Span.DAY, end_month, end),
        ]
    yield from (part for part in parts if part.begin < part.end)
