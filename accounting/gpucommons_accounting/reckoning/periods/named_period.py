"""Months, quarters and years by their names: ``2026-11``, ``2026-Q4``, ``2026``."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, months_later

MONTH, QUARTER, YEAR = 1, 3, 12
"""How many months each has."""
_WRITTEN = re.compile(r"(2\d{3})(?:-(0[1-9]|1[0-2])|-Q([1-4]))?")
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NamedPeriod:
    """A month, a quarter or a year of the site."""

    first: date
    """Its first day."""
    months: int

    @classmethod
    def read(cls, text: str) -> "NamedPeriod":
        """Read a name. Raises ValueError, which says what is one."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(
                "period must be a month such as 2026-11, a quarter such as 2026-Q4, or a year "
                "such as 2026."
            )
        year, month, quarter = found.groups()
        if month:
            return cls(date(int(year), int(month), 1), MONTH)
        if quarter:
            return cls(date(int(year), QUARTER * int(quarter) - 2, 1), QUARTER)
        return cls(date(int(year), 1, 1), YEAR)

    @classmethod
    def around(cls, day: date, months: int) -> "NamedPeriod":
        """Return the month, quarter or year that a day is in."""
        return cls(date(day.year, (day.month - 1) // months * months + 1, 1), months)

    def __str__(self) -> str:
        """Write its name."""
        if self.months == YEAR:
            return f"{self.first:%Y}"
        if self.months == QUARTER:
            return f"{self.first:%Y}-Q{self.first.month // QUARTER + 1}"
        return f"{self.first:%Y-%m}"

    @property
    def end(self) -> date:
        """The first day after it."""
        return months_later(self.first, self.months)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - _DAY

    @property
    def before(self) -> "NamedPeriod":
        """The one before it, of the same length."""
        return NamedPeriod(months_later(self.first, -self.months), self.months)

    @property
    def after(self) -> "NamedPeriod":
        """The one after it."""
        return NamedPeriod(self.end, self.months)

    def within(self, calendar: Calendar) -> Period:
        """Return it as a span of time."""
        return Period(calendar.begin_of(self.first), calendar.begin_of(self.end))

    def steps(self) -> list[date]:
        """Return the first days of its parts: a month's days, a quarter's weeks, a year's months.

        Weeks begin on Monday; the first one may begin in the middle.
        """
        found, day = [], self.first
        while day < self.end:
            found.append(day)
            if self.months == YEAR:
                day = months_later(day, 1)
            elif self.months == QUARTER:
                day += _WEEK - day.weekday() * _DAY
            else:
                day += _DAY
        return found
