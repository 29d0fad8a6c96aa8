"""GPU time of sessions in a period: what they held, and what they are charged for.

Amounts are GPU-microseconds, as exact decimals: ``in_hours`` shows them.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours, microseconds
from gpucommons_accounting.records.session import Session, State

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class Usage:
    """GPU time by what the sessions did, and how many there were."""

    by_state: dict[State, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    uncertain: Decimal = Decimal(0)
    """What it may be more, where an end was not seen. It is in nothing else."""
    started: int = 0
    """Sessions that were asked for in the period."""
    active: int = 0
    """Sessions that were there for their person in it, for however short a time."""

    @property
    def allocated(self) -> Decimal:
        """What was held, from the node until it was free again."""
        return sum((self.by_state[state] for state in State if state.holds_gpus), Decimal(0))

    @property
    def charged(self) -> Decimal:
        """What was there for people: from ready until asked to end."""
        return self.by_state[State.CHARGED]

    def add(self, session: Session, period: Period, as_of: datetime) -> None:
        """Add what one session did in the period."""
        self.started += period.has(session.requested)
        there = False
        for interval in session.intervals(as_of):
            common = microseconds(period.common(interval.begin, interval.end))
            self.by_state[interval.state] += session.choice.units * common
            there = there or bool(common and interval.state is State.CHARGED)
        self.active += there
        if session.gone and session.gone_by:
            later = microseconds(period.common(session.gone, session.gone_by))
            self.uncertain += session.choice.units * later


def hours(amount: Decimal) -> Decimal:
    """Return GPU-hours, for people to read: two places, half to even."""
    return in_hours(amount).quantize(Decimal("0.01"))


def usage_by(
    sessions: Iterable[Session],
    period: Period,
    as_of: datetime,
    key: Callable[[Session], Key],
) -> dict[Key, Usage]:
    """Sum up what sessions did in a period, by anything that is known of a session.

    as_of: until when sessions that run are counted.
    """
    found: dict[Key, Usage] = defaultdict(Usage)
    for session in sessions:
        if session.requested < period.end and (session.gone_by or as_of) >= period.begin:
            found[key(session)].add(session, period, as_of)
    return dict(found)
