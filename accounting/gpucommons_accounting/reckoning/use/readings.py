"""Readings of a session's GPUs, summed up by the quarter of an hour. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gpucommons_contract import WORK_ABOVE_PERCENT

from gpucommons_accounting.reckoning.periods.calendar import Period, microseconds
from gpucommons_accounting.reckoning.use.activity import QUARTER, Activity, Meter, quarter_of

_MILLISECONDS = Decimal("0.001")
_MILLION = 1_000_000
MEMORY_LIMIT = 2**50
"""Bytes, a million GiB: no session has as much, and every database keeps less."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What all GPUs of a session did in a short time, from ``begin`` until just before ``end``."""

    begin: datetime
    end: datetime
    percent: float
    """How busy they were, on average of them and of the time."""
    highest: float
    """Percent, of the busiest one at its busiest moment."""
    memory: int | None = None
    """Bytes, the most in use on all of them together; less than ``MEMORY_LIMIT``."""


def activities(
    uid: str, readings: Iterable[Reading], there: Period, meter: Meter
) -> list[Activity]:
    """Sum up the readings of one session, which do not overlap; each counts within ``there``."""
    sums: dict[datetime, _Sum] = {}
    for reading in readings:
        begin = max(reading.begin, there.begin)
        end = min(reading.end, there.end)
        while begin < end:
            quarter = quarter_of(begin)
            until = min(end, quarter + QUARTER)
            sums.setdefault(quarter, _Sum()).add(reading, microseconds(until - begin))
            begin = until
    return [found.of(uid, quarter, meter) for quarter, found in sorted(sums.items())]


@dataclass(slots=True)
class _Sum:
    known: int = 0
    busy: Decimal = Decimal(0)
    idle: int = 0
    memory: int | None = None

    def add(self, reading: Reading, length: int) -> None:
        """length: microseconds."""
        self.known += length
        if reading.highest > WORK_ABOVE_PERCENT:
            self.busy += length * Decimal(str(min(max(reading.percent, 0.0), 100.0))) / 100
        else:
            self.idle += length
        if reading.memory is not None:
            self.memory = max(self.memory or 0, reading.memory)

    def of(self, uid: str, quarter: datetime, meter: Meter) -> Activity:
        known, busy, idle = (
            (Decimal(each) / _MILLION).quantize(_MILLISECONDS)
            for each in (self.known, self.busy, self.idle)
        )
        # Rounding makes nothing of more than there was.
        busy = min(busy, known - idle)
        return Activity(uid, quarter, known, max(busy, Decimal(0)), idle, self.memory, meter)
