"""Budgets: how much a person or a team may use in a period of the calendar. Pure.

A budget holds from a moment on, until another one for the same takes its place; it is never edited.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from gpucommons_contract import AtLimit, SubjectKind

from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.periods.named_period import MONTH, QUARTER, YEAR, NamedPeriod

WARN_AT = (80, 100)
"""Percent of a budget at which people are warned, unless it says otherwise."""


class Subject(NamedTuple):
    """Whose a budget is. An empty name: everybody's, or every team's, that has none of its own."""

    kind: SubjectKind
    name: str


class PeriodKind(StrEnum):
    """After what time a budget begins anew."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    TERM = "term"
    """From a first day to a last one; then there is none."""


class Rule(StrEnum):
    """What is set of somebody."""

    LIMITED = "limited"
    UNLIMITED = "unlimited"
    """They have no limit, whatever everybody has."""
    DEFAULT = "default"
    """They have what everybody has."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What is set for one subject in one unit, from a moment on."""

    subject: Subject
    unit: str
    """`GPU_HOURS` of the contract, or the currency's code."""
    rule: Rule
    valid_from: datetime
    amount: Decimal = Decimal(0)
    """GPU-hours or money, where it is limited."""
    period: PeriodKind = PeriodKind.MONTH
    first_day: date | None = None
    last_day: date | None = None
    """Of a term."""
    warn_at: tuple[int, ...] = WARN_AT
    at_limit: AtLimit = AtLimit.WARN
    made_at: datetime | None = None
    by: str = ""
    reason: str = ""

    def at(self, moment: datetime, calendar: Calendar) -> Period | None:
        """Return its period at a moment; None for a term that has not begun or is over."""
        day = calendar.day_of(moment)
        match self.period:
            case PeriodKind.MONTH:
                return NamedPeriod.around(day, MONTH).within(calendar)
            case PeriodKind.QUARTER:
                return NamedPeriod.around(day, QUARTER).within(calendar)
            case PeriodKind.YEAR:
                return NamedPeriod.around(day, YEAR).within(calendar)
        if self.first_day is None or self.last_day is None:
            return None
        term = Period(calendar.begin_of(self.first_day), calendar.day(self.last_day).end)
        return term if term.has(moment) else None


def in_force(
    budgets: Iterable[Budget], moment: datetime, calendar: Calendar
) -> dict[tuple[Subject, str], Budget]:
    """Return what holds at a moment, by subject and unit; those without a limit too.

    Of several for one subject and unit the one that begins last, and of those the one made last.
    The order in which they are given does not matter.
    """
    found: dict[tuple[Subject, str], Budget] = {}
    for each in sorted(budgets, key=_newest_last):
        if each.valid_from <= moment:
            found[each.subject, each.unit] = each
    return {
        key: each
        for key, each in found.items()
        if each.rule is Rule.UNLIMITED
        or (each.rule is Rule.LIMITED and each.at(moment, calendar) is not None)
    }


def _newest_last(budget: Budget) -> tuple[datetime, datetime]:
    return budget.valid_from, budget.made_at or budget.valid_from
