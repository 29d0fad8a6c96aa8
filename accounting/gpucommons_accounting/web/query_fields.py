"""What queries and forms about usage ask for. Each error says what is allowed."""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from gpucommons_web.access import RefusedError, wrong
from gpucommons_web.fields import Fields, text

from gpucommons_accounting.database.listing import Mark
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.periods.named_period import MONTH, QUARTER, NamedPeriod
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.web.site import Site

_LONGEST_PRODUCT = 255
_YEARS = range(2000, 3000)
_LEAST = Decimal("0.000001")
_MOST_RATE = Decimal(1_000_000)


def period(fields: Fields, site: Site, now: datetime) -> Period:
    """Return the period of a query: ``month``, ``period``, or ``since`` and ``until``; by default
    this month. Days are the site's, and ``until`` is the last one.
    """
    calendar = site.calendar
    if text(fields, "period") is not None:
        if any(text(fields, name) for name in ("month", "since", "until")):
            raise wrong("Give period, and neither month, since nor until.")
        return named_period(fields, site, now, MONTH).within(calendar)
    month, since, until = (text(fields, name) for name in ("month", "since", "until"))
    if since is None and until is None:
        return calendar.month(*_month(month or f"{calendar.day_of(now):%Y-%m}"))
    if month is not None:
        raise wrong("Give month, or since and until, and not both.")
    first = read_day(since, "since") if since else calendar.day_of(now)
    last = read_day(until, "until") if until else calendar.day_of(now)
    if last < first:
        raise wrong(f"until is {last}, which is before since, {first}.")
    return Period(calendar.begin_of(first), calendar.day(last).end)


def whole_month(fields: Fields, site: Site, now: datetime) -> Period:
    """Return the month of a query; days in it would tell when somebody was there."""
    return period({"month": fields.get("month", [])}, site, now)


def last_weeks(weeks: int, site: Site, now: datetime) -> Period:
    """Return whole weeks until before today: each hour of the week as often as the others."""
    today = site.calendar.day_of(now)
    begin = today - timedelta(weeks=weeks)
    return Period(site.calendar.begin_of(begin), site.calendar.begin_of(today))


def named_period(fields: Fields, site: Site, now: datetime, months: int) -> NamedPeriod:
    """Return the month, quarter or year that ``period`` names; by default that of so many months
    which it is now.
    """
    name = text(fields, "period")
    if name is None:
        return NamedPeriod.around(site.calendar.day_of(now), months)
    try:
        return NamedPeriod.read(name)
    except ValueError as error:
        raise wrong(str(error)) from None


def quarter(fields: Fields, usual: NamedPeriod) -> NamedPeriod:
    """Return the quarter that ``quarter`` names."""
    name = text(fields, "quarter")
    if name is None:
        return usual
    try:
        found = NamedPeriod.read(name)
    except ValueError:
        found = None
    if found is None or found.months != QUARTER:
        raise wrong("quarter must be a quarter such as 2026-Q4.")
    return found


def price(fields: Fields, site: Site, now: datetime) -> Price:
    """Return the price of a form or of JSON: ``product``, ``rate``, ``valid_from``."""
    product, rate = text(fields, "product") or "", text(fields, "rate")
    try:
        amount = Decimal(rate or "")
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= _MOST_RATE) or amount % _LEAST:
        raise wrong("rate must be what an hour of one GPU costs, such as 1.20.")
    if len(product) > _LONGEST_PRODUCT or not f"{product} ".isprintable():
        raise wrong(f"product must be a name of at most {_LONGEST_PRODUCT} characters.")
    day = text(fields, "valid_from")
    first = read_day(day, "valid_from") if day else site.calendar.day_of(now)
    return Price(product, amount, site.calendar.begin_of(first))


def written(mark: Mark) -> str:
    """Write a place in a list, for an address."""
    return f"{mark.requested.isoformat()}~{mark.uid}"


def mark_of(fields: Fields, name: str) -> Mark | None:
    """Return the place in a list that a field has; None without one."""
    given = text(fields, name)
    if given is None:
        return None
    moment, _, uid = given.partition("~")
    try:
        requested = datetime.fromisoformat(moment)
    except ValueError:
        requested = datetime.min
    if requested.tzinfo is None or requested.year not in _YEARS or not uid:
        raise wrong(f"{name} must be what an answer before has as next.")
    return Mark(requested, uid)


def grouping(fields: Fields, usual: By) -> By:
    """Return what the lines of a report are to be about."""
    by = text(fields, "by")
    if by is None:
        return usual
    if by not in set(By):
        raise wrong(f"by {by!r} is unknown. It must be one of: {', '.join(By)}.")
    return By(by)


def _month(given: str) -> tuple[int, int]:
    try:
        first = read_day(f"{given}-01", "month")
    except RefusedError:
        raise wrong("month must be a month such as 2026-11.") from None
    return first.year, first.month


def read_day(given: str, name: str) -> date:
    """Return the day that a field names."""
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise wrong(f"{name} must be a day such as 2026-11-27.")
    return day
