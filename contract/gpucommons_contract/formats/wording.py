"""How every part writes a length of time, a moment, a count and a list.

A moment is UTC in what the hub, the culler and the commands write. Pages, Lab and VS Code
replace it within the sentence by the reader's local time.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from gpucommons_contract.words.phrase import listed, phrase, phrases

LOST_BY_A_STOP = phrase("Stopping loses variables and what runs; files, tabs and layout come back.")
"""What pages, warnings, JupyterLab and VS Code say before a session is stopped."""
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC\b")
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
    return listed((_of_unit(count, unit) for count, unit in parts), " ")


def rough_span(seconds: float) -> str:
    """Write a length of time that was measured: ``45 minutes``, ``1 hour 20 minutes``, ``3 hours``.

    It is rounded down to its largest unit, and to the next one below two of it.
    """
    whole = max(0, int(seconds))
    at = next((at for at, (size, _) in enumerate(_UNITS) if whole >= size), len(_UNITS) - 1)
    size, unit = _UNITS[at]
    count, rest = divmod(whole, size)
    words = [_of_unit(count, unit)]
    if count < _NEXT_UNIT_BELOW and at + 1 < len(_UNITS):
        smaller, unit = _UNITS[at + 1]
        if rest // smaller:
            words.append(_of_unit(rest // smaller, unit))
    return listed(words, " ")


def moment(when: datetime, *, round_up: bool = False) -> str:
    """Write a moment, without its seconds: ``2026-11-28 00:48 UTC``.

    round_up writes the minute by which it is over, for what must not be announced too early.
    Raises ValueError for one without a time zone, which could be any of several moments.
    """
    if when.tzinfo is None:
        raise ValueError(f"{when} has no time zone")
    minute = when.astimezone(UTC).replace(second=0, microsecond=0)
    if round_up and minute < when:
        minute += timedelta(minutes=1)
    return f"{minute:%Y-%m-%d %H:%M} UTC"


def names_moment(text: str) -> bool:
    """Whether a text names a moment, as ``moment`` writes one."""
    return _MOMENT.search(text) is not None


def read_moment(text: str) -> datetime:
    """Read a moment that another part wrote in ISO 8601, in UTC.

    Raises ValueError for one without a time zone, for text that is not a moment, and for one that
    is not in the years 1 to 9999 of UTC.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is in no year that can be written") from error


def written_moment(when: datetime) -> str:
    """Write a moment for another part, to the second: ``2026-11-30T05:34:44Z``."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def counted(count: int, thing: str) -> str:
    """Write a number of things: ``1 session``, ``3 sessions``."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def joined(words: Sequence[str], last: Literal["and", "or"] = "and") -> str:
    """Join words: ``a, b and c``; empty without any."""
    *first, final = words or ("",)
    if not first:
        return final
    if last == "or":
        return phrase("%(first)s or %(last)s", first=listed(first), last=final)
    return phrase("%(first)s and %(last)s", first=listed(first), last=final)


def first_of(names: Sequence[str], most: int) -> str:
    """Join the first of what may be many names: ``a, b, c and 20 more``."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _of_unit(count: int, unit: str) -> str:
    match unit:
        case "day":
            return phrases("%(count)d day", "%(count)d days", count)
        case "hour":
            return phrases("%(count)d hour", "%(count)d hours", count)
        case "minute":
            return phrases("%(count)d minute", "%(count)d minutes", count)
        case _:
            return phrases("%(count)d second", "%(count)d seconds", count)


def _parts(whole: int) -> list[tuple[int, str]]:
    """Return how many there are of each unit, without units of which there are none."""
    parts = []
    rest = whole
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append((count, unit))
    return parts or [(0, "second")]
