"""Days and months of the site, as spans of real time.

A day in the site's time zone has 23, 24 or 25 hours. Spans are compared and subtracted in UTC
alone, so that an hour that clocks show twice is two hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MICROSECOND = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From ``begin`` until just before ``end``, both in UTC."""

    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Raise ValueError if it ends before it begins, or has no time zone."""
        if self.begin.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs moments with a time zone")
        if self.end < self.begin:
            raise ValueError(f"a period ends before it begins: {self.begin} to {self.end}")

    def common(self, begin: datetime, end: datetime) -> timedelta:
        """Return how much of that span is in the period."""
        return max(min(self.end, end) - max(self.begin, begin), timedelta())

    def has(self, moment: datetime) -> bool:
        """Whether the moment is in it."""
        return self.begin <= moment < self.end

    @property
    def hours(self) -> Decimal:
        """How long it is, in hours."""
        return in_hours(microseconds(self.end - self.begin))


class Calendar:
    """The site's days, by the name of its IANA time zone, such as ``Europe/Berlin``."""

    def __init__(self, zone: str) -> None:
        """Raise ValueError for a name that is no time zone."""
        try:
            self.zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"{zone!r} is no time zone: an IANA name such as Europe/Berlin is needed"
            ) from error

    def begin_of(self, day: date) -> datetime:
        """Return when a day begins, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def day(self, day: date) -> Period:
        """Return one day."""
        return Period(self.begin_of(day), self.begin_of(day + _ONE_DAY))

    def month(self, year: int, month: int) -> Period:
        """Return one month. Raises ValueError for one that is none."""
        first = date(year, month, 1)
        return Period(self.begin_of(first), self.begin_of(months_later(first, 1)))

    def day_of(self, moment: datetime) -> date:
        """Return the day that a moment is in."""
        return moment.astimezone(self.zone).date()

    def days(self, period: Period) -> Iterator[tuple[date, Period]]:
        """Yield the days of a period; the first and the last one cut to it."""
        day = self.day_of(period.begin)
        while (begin := self.begin_of(day)) < period.end:
            end = self.begin_of(day + _ONE_DAY)
            yield day, Period(max(begin, period.begin), min(end, period.end))
            day += _ONE_DAY


def months_later(first: date, months: int) -> date:
    """Return the first day of a month that is so many later, from any day of one."""
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def microseconds(length: timedelta) -> int:
    """Return a length as a whole number, so that sums are exact."""
    return length // _MICROSECOND


def in_hours(amount: Decimal | int) -> Decimal:
    """Return microseconds, of time or of GPU time, in hours."""
    return Decimal(amount) / 3_600_000_000
