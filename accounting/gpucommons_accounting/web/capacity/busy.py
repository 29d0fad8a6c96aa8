"""How busy GPUs were, in the words of the API and of the pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours
from gpucommons_accounting.reckoning.use.activity import Efficiency
from gpucommons_accounting.reckoning.use.efficiencies import (
    Efficiencies,
    Measured,
    efficiencies,
    efficiency_in,
)
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.web.asking import Records

_PLACES = Decimal("0.000001")
_PART = Decimal("0.0001")
_PARTS = 4
"""Of a bar, each with a pattern of its own."""
_LABELS, _EVERY = 12, 5
"""As many labels have room below a chart; of more bars, each fifth has one."""


@dataclass(frozen=True, slots=True)
class Busy:
    """What is known of some sessions in a period."""

    sessions: list[Session]
    measured: Measured
    period: Period
    as_of: datetime

    def of_session(self, session: Session, period: Period | None = None) -> Efficiency:
        """Return what became of the time of one of them, in the period or a part of it."""
        measured = self.measured.get(session.uid, ())
        return efficiency_in(session, measured, period or self.period, self.as_of)


async def busy(records: Records, sessions: list[Session], period: Period, now: datetime) -> Busy:
    """Ask how busy the GPUs of sessions were in a period. Raises RefusedError."""
    measured = await records.measured(period, [session.uid for session in sessions])
    return Busy(sessions, measured, period, now)


def by_line(records: Records, found: Busy, by: By) -> Efficiencies:
    """Sum up by the lines of a report of the same sessions."""
    calendar = records.site.calendar
    return efficiencies(
        found.sessions, found.measured, found.period, found.as_of, by=by, calendar=calendar
    )


def busy_json(found: Efficiency) -> dict[str, object]:
    """Return it in GPU-hours and parts of one; a part of nothing is None, and not 0."""
    return {
        "used_gpu_hours": _hours(found.used),
        "spare_gpu_hours": _hours(found.spare),
        "idle_gpu_hours": _hours(found.idle),
        "unknown_gpu_hours": _hours(found.unknown),
        "efficiency": rounded_json(found.efficiency),
        "idle_share": rounded_json(found.idle_share),
        "coverage": rounded_json(found.coverage),
    }


def busy_columns(found: Efficiency) -> dict[str, object]:
    """Return it as columns of a CSV."""
    return {
        "x_UsedGpuHours": _hours(found.used),
        "x_SpareGpuHours": _hours(found.spare),
        "x_IdleGpuHours": _hours(found.idle),
        "x_UnknownGpuHours": _hours(found.unknown),
    }


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, and its parts from below, as parts of the highest bar."""

    label: str
    """What stands below it; empty where there is no room."""
    used: float
    spare: float
    idle: float
    unknown: float


def bars(days: Iterable[tuple[date, Efficiency]]) -> list[Bar]:
    """Return a bar for each day, in order."""
    return stacked(
        (str(day.day), (each.used, each.spare, each.idle, each.unknown)) for day, each in days
    )


def stacked(rows: Iterable[tuple[str, Sequence[Decimal]]]) -> list[Bar]:
    """Return a bar for each row: its label, and up to four amounts from below."""
    found = [(label, [max(each, Decimal(0)) for each in amounts]) for label, amounts in rows]
    most = max((sum(amounts) for _, amounts in found), default=0) or 1
    every = 1 if len(found) <= _LABELS else _EVERY
    bars = []
    for place, (label, amounts) in enumerate(found):
        parts = [float(each / most) for each in amounts] + [0.0] * (_PARTS - len(amounts))
        bars.append(Bar("" if place % every else label, *parts))
    return bars


def _hours(amount: Decimal) -> str:
    return str(in_hours(max(amount, Decimal(0))).quantize(_PLACES))


def rounded_json(part: Decimal | None) -> str | None:
    """Return a number to four places; what nobody knows stays None."""
    return None if part is None else str(part.quantize(_PART))
