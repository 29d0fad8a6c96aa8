"""How much of the time that sessions held their GPUs these worked, as far as it is known.

On a shared GPU the activity is that of the GPU: what is said of one session is an estimate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

QUARTER = timedelta(minutes=15)
"""Days of all time zones of today begin with one: India and Nepal are not on the hour."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Meter(StrEnum):
    """Who measured it, the best first."""

    PROMETHEUS = "prometheus"
    """An exporter on the node."""
    SESSION = "session"
    """The session itself, of which its person is the master."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What was measured of one session in a quarter of an hour."""

    uid: str
    begin: datetime
    known_seconds: Decimal
    """For how long there were samples: a gap is not known, and is not zero."""
    busy_seconds: Decimal
    """Time at work, weighted by how busy the GPU was: 60 s at 80 % are 48."""
    idle_seconds: Decimal
    """Known time in which no sample was above what counts as work. Nothing of it is busy."""
    peak_memory: int | None = None
    """Bytes, the most that was in use on its GPUs; on a shared GPU by all."""
    meter: Meter = Meter.PROMETHEUS

    def better(self, other: "Activity") -> "Activity":
        """Return of two about the same quarter the one that knows more, in whatever order."""
        return max(self, other, key=Activity._knowledge)

    def _knowledge(self) -> tuple[object, ...]:
        trust = -list(Meter).index(self.meter)
        memory = -1 if self.peak_memory is None else self.peak_memory
        return self.known_seconds, trust, self.busy_seconds, self.idle_seconds, memory


def quarter_of(moment: datetime) -> datetime:
    """Return when the quarter of an hour begins that a moment is in."""
    return moment - (moment - _EPOCH) % QUARTER


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What became of allocated GPU time; all amounts in one unit, such as GPU-microseconds.

    ``used``, ``spare``, ``idle`` and ``unknown`` sum up to ``allocated``.
    """

    allocated: Decimal = Decimal(0)
    known: Decimal = Decimal(0)
    used: Decimal = Decimal(0)
    idle: Decimal = Decimal(0)

    def __add__(self, other: "Efficiency") -> "Efficiency":
        """Sum up two."""
        return Efficiency(
            self.allocated + other.allocated,
            self.known + other.known,
            self.used + other.used,
            self.idle + other.idle,
        )

    @property
    def unknown(self) -> Decimal:
        """Allocated time of which nothing was measured."""
        return self.allocated - self.known

    @property
    def spare(self) -> Decimal:
        """What a GPU at work could have done more: three quarters of an hour at 25 %."""
        return self.known - self.used - self.idle

    @property
    def coverage(self) -> Decimal | None:
        """Known part of what was allocated; None where nothing was."""
        return self.known / self.allocated if self.allocated else None

    @property
    def efficiency(self) -> Decimal | None:
        """Used part of what is known; None where nothing is. It needs ``coverage`` beside it."""
        return self.used / self.known if self.known else None

    @property
    def idle_share(self) -> Decimal | None:
        """Idle part of what is known; None where nothing is."""
        return self.idle / self.known if self.known else None


def efficiency(allocated: Decimal, measured: Iterable[tuple[Decimal, Activity]]) -> Efficiency:
    """Sum up what was measured: ``(units, activity)`` of each session.

    allocated: GPU-seconds of the same sessions in the same time.
    """
    known = used = idle = Decimal(0)
    for units, activity in measured:
        known += units * activity.known_seconds
        used += units * activity.busy_seconds
        idle += units * activity.idle_seconds
    return Efficiency(allocated, known, used, idle)
