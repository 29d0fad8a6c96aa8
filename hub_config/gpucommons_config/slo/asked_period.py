"""Which days a report is about. Each error says what is allowed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period

_YEARS = range(2000, 3000)


class PeriodError(Exception):
    """A period that cannot be reported. The message says what is allowed."""


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """Whole days of the site; of a period that is not over, what is over of it."""

    first: date
    last: date
    calendar: Calendar
    reported: Period
    """In UTC; it ends now if the last day is not over."""
    over: bool


def asked_period(
    calendar: Calendar, now: datetime, month: str | None, since: str | None, until: str | None
) -> AskedPeriod:
    """Return a month, this one by default, or the days from ``since`` to ``until``.

    Raises PeriodError.
    """
    today = calendar.day_of(now)
    if month is not None and (since is not None or until is not None):
        raise PeriodError("Give --month, or --since and --until, and not both.")
    if until is not None and since is None:
        raise PeriodError("Give --since, too: the first day, such as 2026-11-27.")
    if since is not None:
        first = _day(since, "--since")
        last = _day(until, "--until") if until is not None else today
        if first > today or last > today:
            late = "--since" if first > today else "--until"
            raise PeriodError(f"{late} must be {today} at the latest, which is today.")
        if last < first:
            raise PeriodError(f"--until is {last}, which is before --since, {first}.")
        whole = Period(calendar.begin_of(first), calendar.day(last).end)
    else:
        first = _month(month) if month is not None else today.replace(day=1)
        if first > today:
            raise PeriodError(f"--month must be {today:%Y-%m} at the latest, which is this month.")
        whole = calendar.month(first.year, first.month)
        last = calendar.day_of(whole.end - datetime.resolution)
    over = whole.end <= now
    reported = whole if over else Period(whole.begin, now.astimezone(UTC))
    if reported.end <= reported.begin:
        raise PeriodError(f"{first} begins just now: there is nothing to report of it yet.")
    return AskedPeriod(first, last, calendar, reported, over)


def _month(given: str) -> date:
    try:
        return _day(f"{given}-01", "--month")
    except PeriodError:
        raise PeriodError("--month must be a month such as 2026-11.") from None


def _day(given: str, name: str) -> date:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise PeriodError(f"{name} must be a day such as 2026-11-27.")
    return day
