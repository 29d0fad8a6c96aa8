"""Hours of the week, such as nights, weekends or a course."""

import re
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from gpucommons_spawner.part import Part

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MIDNIGHT = time()


class Day(StrEnum):
    """Days of the week, in the order of ``datetime.weekday``."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def _clock(value: object) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a time of day such as "08:00"')
    return time(int(found[1]), int(found[2]))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Berlin or UTC") from None
    return name


Clock = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$"}),
]
"""A time of day, written in hours and minutes."""
Zone = Annotated[str, AfterValidator(_zone)]


class Hours(Part):
    """From one time of day to another, on some days of the week, where the clock shows it."""

    days: tuple[Day, ...] = Field(
        default=tuple(Day), min_length=1, description="on which they begin; left out, every day"
    )
    begin: Clock = Field(default=_MIDNIGHT, description='such as "20:00"')
    end: Clock = Field(
        default=_MIDNIGHT, description='such as "08:00"; not after begin, it is on the next day'
    )
    time_zone: Zone = Field(default="UTC", description="whose clock, such as Europe/Berlin")

    def hold(self, now: datetime) -> bool:
        """Whether a moment lies in these hours. The end is not in them any more."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        today, yesterday = local.weekday(), (local - timedelta(days=1)).weekday()
        clock = local.time()
        if self.begin < self.end:
            return self._on(today) and self.begin <= clock < self.end
        return (self._on(today) and clock >= self.begin) or (
            self._on(yesterday) and clock < self.end
        )

    def _on(self, weekday: int) -> bool:
        return list(Day)[weekday] in self.days
