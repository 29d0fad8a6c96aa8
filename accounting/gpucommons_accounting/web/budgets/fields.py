"""Budgets, grants and refunds as forms and JSON describe them. Each error says what is allowed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from gpucommons_contract import GPU_HOURS, AtLimit, SubjectKind, is_team_name, is_user_name
from gpucommons_contract.formats.wording import joined
from gpucommons_web.access import wrong
from gpucommons_web.fields import Fields, text

from gpucommons_accounting.reckoning.budgets.budget import (
    WARN_AT,
    Budget,
    PeriodKind,
    Rule,
    Subject,
)
from gpucommons_accounting.web.query_fields import read_day
from gpucommons_accounting.web.site import Site

Word = TypeVar("Word", bound=StrEnum)
_MOST = Decimal(1_000_000_000)
_LEAST_HOURS = Decimal("0.000001")
_LONGEST_REASON = 500
_MOST_PERCENTS = 5
_RULES = {"unlimited": Rule.UNLIMITED, "default": Rule.DEFAULT}


def subject(fields: Fields) -> Subject:
    """Return whose: ``for``, and ``name``; without a name, everybody's or every team's."""
    kind = _word(fields, "for", SubjectKind, None)
    name = text(fields, "name") or ""
    known = is_user_name(name) if kind is SubjectKind.PERSON else is_team_name(name)
    if name and not known:
        raise wrong(f"{name!r} is no name of a {kind}.")
    return Subject(kind, name)


def named_subject(fields: Fields) -> Subject:
    """Return one person or team."""
    found = subject(fields)
    if not found.name:
        raise wrong(f"name is missing: which {found.kind}?")
    return found


def budget(fields: Fields, site: Site, now: datetime) -> Budget:
    """Return the budget that is to be set, from ``amount``, ``unit``, ``period`` and others.

    ``amount`` is a number, ``unlimited``, or ``default``: what everybody has.
    """
    given, whose = text(fields, "amount") or "", subject(fields)
    rule = _RULES.get(given, Rule.LIMITED)
    if rule is Rule.DEFAULT and not whose.name:
        raise wrong("amount cannot be default of what everybody has: write unlimited.")
    unit = unit_of(fields, site)
    amount = Decimal(0) if rule is not Rule.LIMITED else number(fields, unit, site)
    if amount < 0:
        raise wrong("amount must not be below 0.")
    period = _word(fields, "period", PeriodKind, PeriodKind.MONTH)
    first, last = (_maybe_day(fields, name) for name in ("first_day", "last_day"))
    if period is PeriodKind.TERM and (first is None or last is None or last < first):
        raise wrong("A term needs first_day and last_day, such as 2026-10-01 and 2027-03-31.")
    if period is not PeriodKind.TERM and (first or last):
        raise wrong("first_day and last_day are those of a term: give period term as well.")
    begins = _maybe_day(fields, "valid_from")
    calendar = site.calendar
    return Budget(
        whose,
        unit,
        rule,
        calendar.begin_of(begins or calendar.day_of(now)),
        amount,
        period,
        first,
        last,
        _percents(fields),
        _word(fields, "at_limit", AtLimit, AtLimit.WARN),
        reason=reason(fields, needed=False),
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """How much is to be granted or refunded, from when on it counts, and why."""

    amount: Decimal | None
    """None: all of a session."""
    unit: str
    effective_at: datetime
    reason: str


def wish(fields: Fields, site: Site, now: datetime) -> Wish:
    """Return what is to be granted or refunded: ``amount``, ``unit``, ``effective``, ``reason``."""
    unit = unit_of(fields, site)
    amount = number(fields, unit, site) if text(fields, "amount") else None
    if amount == 0:
        raise wrong("amount must not be 0.")
    day = _maybe_day(fields, "effective")
    today = day is None or day == site.calendar.day_of(now)
    effective = now if today or day is None else site.calendar.begin_of(day)
    return Wish(amount, unit, effective, reason(fields))


def unit_of(fields: Fields, site: Site) -> str:
    """Return the unit: GPU-hours unless it says otherwise."""
    unit = text(fields, "unit") or GPU_HOURS
    if unit not in (GPU_HOURS, site.currency):
        raise wrong(f"unit must be {GPU_HOURS} or the site's currency, {site.currency}.")
    return unit


def number(fields: Fields, unit: str, site: Site) -> Decimal:
    """Return how much: no finer than its unit can be written."""
    given = text(fields, "amount") or ""
    least = _LEAST_HOURS if unit == GPU_HOURS else Decimal(1).scaleb(-site.minor_unit)
    try:
        found = Decimal(given) if re.fullmatch(r"[+-]?[0-9.]{1,20}", given) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > _MOST or found % least:
        raise wrong(f"amount must be a number such as 40 or 12.5, in {unit}.")
    return found


def reason(fields: Fields, *, needed: bool = True) -> str:
    """Return why."""
    found = text(fields, "reason") or ""
    if needed and not found:
        raise wrong("reason is missing: it is kept with what you change, and others read it.")
    if len(found) > _LONGEST_REASON or not f"{found} ".isprintable():
        raise wrong(f"reason must be one line of at most {_LONGEST_REASON} characters.")
    return found


def _percents(fields: Fields) -> tuple[int, ...]:
    given = text(fields, "warn_at")
    if given is None:
        return WARN_AT
    words = given.replace(",", " ").split()
    good = all(word.isascii() and word.isdecimal() and 1 <= int(word[:9]) <= 100 for word in words)
    if not good or not 1 <= len(words) <= _MOST_PERCENTS:
        raise wrong("warn_at must be percents from 1 to 100 such as 80,100.")
    return tuple(sorted({int(word) for word in words}))


def _maybe_day(fields: Fields, name: str) -> date | None:
    given = text(fields, name)
    return read_day(given, name) if given else None


def _word(fields: Fields, name: str, words: type[Word], usual: Word | None) -> Word:
    given = text(fields, name)
    if given is None and usual is not None:
        return usual
    if given not in set(words):
        raise wrong(f"{name} must be {_one_of(words)}.")
    return words(given)


def _one_of(words: Iterable[str]) -> str:
    return joined([str(each) for each in words], "or")
