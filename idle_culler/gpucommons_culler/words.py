"""Times as people read them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_PRECISE = 2
"""Below so many of a unit the next smaller one is named too: ``1 hour 20 minutes``."""


def span(length: timedelta) -> str:
    """Write a length of time: ``45 minutes``, ``1 hour 20 minutes``, ``3 hours``."""
    seconds = max(0, int(length.total_seconds()))
    for at, (size, unit) in enumerate(_UNITS):
        count, rest = divmod(seconds, size)
        if count or size == 1:
            text = _counted(count, unit)
            if count < _PRECISE and at + 1 < len(_UNITS):
                smaller, name = _UNITS[at + 1]
                if rest // smaller:
                    text += f" {_counted(rest // smaller, name)}"
            return text
    raise AssertionError("seconds are the last unit")


def moment(when: datetime, now: datetime) -> str:
    """Write a moment: ``14:30 UTC``, with the day if that is not today."""
    when = when.astimezone(UTC)
    clock = f"{when:%H:%M} UTC"
    return clock if when.date() == now.astimezone(UTC).date() else f"{clock} on {day(when)}"


def day(when: datetime) -> str:
    """Write a day: ``3 December``."""
    return f"{when.day} {when:%B}"


def joined(words: Sequence[str]) -> str:
    """Join words: ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"
