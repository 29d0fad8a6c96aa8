"""How every part writes a length of time, a moment, a count and a list.

A moment is UTC in what the hub, the culler and the commands write. Pages, Lab and VS Code
replace it within the sentence by the reader's local time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_MOST_UNITS = 2
_NEXT_UNIT_BELOW = 2
"""A measured length names a second unit below this many of the first: ``1 hour 20 minutes``."""


def span(seconds: float) -> str:
    """Write a length of time that somebody set: ``45 seconds``, ``2 hours 30 minutes``, ``3 days``.

    It has at most two units. Whole minutes are always written exactly: what a day, an hour and
    a minute would take is written as ``26 hours 30 minutes``. Seconds are left out from an hour
    on, and so are fractions of a second. Negative lengths are written as ``0 seconds``.
    """
    whole = max(0, int(seconds))
    if whole >= 3600:
        whole -= whole % 60
    parts = _parts(whole)
    if len(parts) > _MOST_UNITS:
        hours, rest = divmod(whole, 3600)
        parts = [(hours, "hour"), (rest // 60, "minute")]
    return " ".join(counted(count, unit) for count, unit in parts)


def rough_span(seconds: float) -> str:
    """Write a length of time that was measured: ``45 minutes``, ``1 hour 20 minutes``, ``3 hours``.

    It is rounded down to its largest unit, and to the next one below two of it.
    """
    whole = max(0, int(seconds))
    at = next((at for at, (size, _) in enumerate(_UNITS) if whole >= size), len(_UNITS) - 1)
    size, unit = _UNITS[at]
    count, rest = divmod(whole, size)
    words = counted(count, unit)
    if count < _NEXT_UNIT_BELOW and at + 1 < len(_UNITS):
        smaller, unit = _UNITS[at + 1]
        if rest // smaller:
            words += f" {counted(rest // smaller, unit)}"
    return words


def moment(when: datetime, *, round_up: bool = False) -> str:
    """Write a moment, without its seconds: ``2026-11-28 00:48 UTC``.

    round_up writes the minute by which it is over, for what must not be announced too early.
    Raises ValueError for one without a time zone: nobody knows which moment that is.
    """
    if when.tzinfo is None:
        raise ValueError(f"{when} has no time zone")
    minute = when.astimezone(UTC).replace(second=0, microsecond=0)
    if round_up and minute < when:
        minute += timedelta(minutes=1)
    return f"{minute:%Y-%m-%d %H:%M} UTC"


def read_moment(text: str) -> datetime:
    """Read a moment that another part wrote in ISO 8601, in UTC.

    Raises ValueError for one without a time zone, or for no moment at all.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found.astimezone(UTC)


def counted(count: int, thing: str) -> str:
    """Write a number of things: ``1 session``, ``3 sessions``."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Join words: ``a, b and c``; empty if there are none."""
    *first, final = words or ("",)
    return f"{', '.join(first)} {last} {final}" if first else final


def first_of(names: Sequence[str], most: int) -> str:
    """Join the first names of what may be many: ``a, b, c and 20 more``."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _parts(whole: int) -> list[tuple[int, str]]:
    """Return how many there are of each unit, without those of which there are none."""
    parts = []
    rest = whole
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append((count, unit))
    return parts or [(0, "second")]
