"""What became of the GPU time of sessions in a period, in GPU-microseconds. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, microseconds
from gpucommons_accounting.reckoning.use.activity import QUARTER, Activity, Efficiency
from gpucommons_accounting.reckoning.use.report import NOBODY_KNOWN, About, By, Report, parts
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.records.session import Session

Measured = Mapping[str, Sequence[Activity]]
"""What was measured of sessions, by their uids."""
Own = tuple[str, str]
"""What a line is about: its name, and what makes it this one among those of its name."""
_MICROSECONDS = 1_000_000


def efficiency_in(
    session: Session, measured: Iterable[Activity], period: Period, as_of: datetime
) -> Efficiency:
    """Return what became of the time of one session in a period.

    Of a quarter of an hour that is only partly in the period, or longer than the session was
    there, what was measured counts in proportion: never for more time than was held.
    """
    held, units = _held(session, as_of), session.choice.units
    if held is None or not units:
        return Efficiency()
    begin, until = max(held.begin, period.begin), min(held.end, period.end)
    if begin >= until:
        return Efficiency()
    counts = Period(begin, until)
    known = used = idle = Decimal(0)
    for each in measured:
        quarter = each.begin, each.begin + QUARTER
        there = microseconds(held.common(*quarter))
        counted = microseconds(counts.common(*quarter))
        if not counted:
            continue
        # An end that was learnt late may leave less time than was measured.
        most = max(Decimal(there), each.known_seconds * _MICROSECONDS)
        part = _MICROSECONDS * units * counted / most
        known += each.known_seconds * part
        used += each.busy_seconds * part
        idle += each.idle_seconds * part
    return Efficiency(units * microseconds(until - begin), known, used, idle)


def _held(session: Session, as_of: datetime) -> Period | None:
    """Return when a session held its GPUs; None if it never did."""
    held = [each for each in session.intervals(as_of) if each.state.holds_gpus]
    return Period(held[0].begin, held[-1].end) if held else None


@dataclass(slots=True)
class Efficiencies:
    """What became of GPU time, by a report's lines, and in all."""

    lines: dict[Own, Efficiency] = field(default_factory=dict)
    total: Efficiency = field(default_factory=Efficiency)

    def of(self, about: About) -> Efficiency:
        """Return that of one line."""
        return self.lines.get(own(about), Efficiency())


def own(about: About) -> Own:
    """Return by what a line is found, however people call it."""
    return about.name, about.id


def efficiencies(
    sessions: Iterable[Session],
    measured: Measured,
    period: Period,
    as_of: datetime,
    *,
    by: By,
    calendar: Calendar,
    identities: Identities = NOBODY_KNOWN,
) -> Efficiencies:
    """Sum up, by the lines of a `report` of the same sessions."""
    found = Efficiencies()
    for session in sessions:
        of_session = measured.get(session.uid, ())
        found.total += efficiency_in(session, of_session, period, as_of)
        for about, part in parts(session, period, by, calendar, as_of, identities=identities):
            more = efficiency_in(session, of_session, part, as_of)
            found.lines[own(about)] = found.of(about) + more
    return found


def efficiencies_of(said: Report, sums: Mapping[Own, Efficiency]) -> Efficiencies:
    """Put sums of what was measured to the lines of a report, which know what was allocated."""
    found = Efficiencies()
    for line in said.lines:
        allocated = line.usage.allocated
        measured = sums.get(own(line.about), Efficiency())
        # An end that was learnt late may leave less time than was measured.
        part = min(Decimal(1), allocated / measured.known) if measured.known else Decimal(0)
        found.lines[own(line.about)] = Efficiency(
            allocated, measured.known * part, measured.used * part, measured.idle * part
        )
    found.total = sum(found.lines.values(), Efficiency())
    return found
