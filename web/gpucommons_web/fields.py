"""Read what a form, a query or JSON has. Each error says what is allowed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from gpucommons_web.access import wrong

Fields = Mapping[str, Sequence[object]]
"""Each field with its values, as in a query."""
_DAY = timedelta(days=1)


def one(fields: Fields, name: str) -> object | None:
    """Return the only value of a field; None where it is left out or empty."""
    values = [value for value in fields.get(name, ()) if value not in ("", None)]
    if len(values) > 1:
        raise wrong(f"{name} was given {len(values)} times. Give it once.")
    return values[0] if values else None


def text(fields: Fields, name: str) -> str | None:
    """Return a text without spaces around it."""
    value = one(fields, name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(f"{name} must be a text, not {value!r}.")
    return value.strip() or None


def page_number(fields: Fields) -> int:
    """Return which page of a list is wanted, from 1."""
    return whole_number(fields, "page", 10**6) or 1


def moment_of(fields: Fields, name: str, *, whole_day: bool = False) -> datetime | None:
    """Return a moment in UTC: a day, or a moment in ISO 8601, in UTC unless it says otherwise.

    A day is its beginning; with ``whole_day`` its end.
    """
    value = text(fields, name)
    if value is None:
        return None
    try:
        if len(value) == len("2026-11-27"):
            day = datetime.combine(date.fromisoformat(value), time(), UTC)
            return day + _DAY if whole_day else day
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong(
            f"{name} must be a day such as 2026-11-27, or a moment such as 2026-11-27T14:30 (UTC)."
        ) from None


def whole_number(fields: Fields, name: str, most: int) -> int | None:
    """Return a whole number from 1; None where it is left out or empty."""
    value = one(fields, name)
    if value is None:
        return None
    digits = str(value)
    if not (digits.isascii() and digits.isdecimal() and 1 <= int(digits[:20]) <= most):
        raise wrong(f"{name} must be a whole number from 1 to {most}.")
    return int(digits)
