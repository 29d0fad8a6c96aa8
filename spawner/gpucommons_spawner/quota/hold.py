"""What one session takes of budgets beforehand, and what it used since accounting looked. Pure.

A start takes the hours that its session may last, or those of a hold if these are fewer; a session
that outlasts a hold takes the next one. So what it takes since a moment falls by what accounting
counts meanwhile, whatever its own clock says.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_spawner.quota.ledger_entry import Holding

HOUR = 3_600_000_000
"""Microseconds. Sums are GPU-microseconds, since hours would be rounded: what is taken and given
back again must leave nothing behind.
"""
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """From when on hours count, and how long a hold is."""

    since: datetime
    hold: timedelta


NEVER = Reckoning(datetime.min.replace(tzinfo=UTC), timedelta())
"""Before anything was reckoned."""


def has_begun(holding: Holding, by: Reckoning) -> bool:
    """Whether a session ran at the moment. Of one that begins later its whole hold is taken."""
    return holding.begun is not None and holding.begun < by.since


def whole_hold(holding: Holding, by: Reckoning) -> Decimal:
    """Return what a session takes that has not begun, in GPU-microseconds."""
    hold = by.hold if holding.longest is None else min(by.hold, holding.longest)
    return holding.units * length(hold)


def held_until(holding: Holding, by: Reckoning) -> datetime:
    """Return the end of the hold in which a session is that has begun."""
    assert holding.begun is not None
    if not by.hold:
        return by.since
    until = holding.begun + by.hold * ((by.since - holding.begun) // by.hold + 1)
    if holding.longest is not None:
        until = min(until, holding.begun + holding.longest)
    return min(until, holding.ends) if holding.ends else until


def taken(holding: Holding, by: Reckoning) -> Decimal:
    """Return what a session takes, in GPU-microseconds, with what it used since the moment."""
    if not has_begun(holding, by):
        return whole_hold(holding, by)
    return holding.units * length(held_until(holding, by) - by.since)


def used(holding: Holding, end: datetime, since: datetime) -> Decimal:
    """Return the GPU-microseconds that a session used since a moment until its end."""
    if holding.begun is None:
        return Decimal(0)
    return holding.units * length(end - max(holding.begun, since))


def length(span: timedelta) -> int:
    """Return the microseconds of a span; 0 for a negative one."""
    return max(span // _MICROSECOND, 0)


def on_the_clock(moment: datetime) -> int:
    """Return a moment as microseconds, which few digits can write."""
    return (moment - _EPOCH) // _MICROSECOND
