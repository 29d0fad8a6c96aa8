"""One session, from the press of *Start* until its GPUs were free again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from gpucommons_accounting.records.event import Source
from gpucommons_accounting.records.reason import Reason

LONGEST_REACH = 20
"""More than a century."""
_HOUR = timedelta(hours=1)


class State(StrEnum):
    """What a session does during one interval of its life."""

    WAITING = "waiting"
    """It holds nothing yet."""
    STARTING = "starting"
    """It holds its GPUs, and nobody can work yet."""
    CHARGED = "charged"
    """It is there for its person."""
    ENDING = "ending"
    """It holds its GPUs, and nobody can work any more."""

    @property
    def holds_gpus(self) -> bool:
        """Whether its GPUs are taken."""
        return self is not State.WAITING


class Flag(StrEnum):
    """What is odd about a record, for an administrator to look at."""

    CLOCKS_DISAGREE = "clocks-disagree"
    """It ended before it began, by clocks of different machines. It counts as no time at all."""
    END_UNCERTAIN = "end-uncertain"
    """It ended while nobody looked. It is charged until it was last seen."""
    NOT_DESCRIBED = "not-described"
    """Nobody said whose session it was, or what was chosen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose session it is and what was chosen, in the words of then."""

    person: str = ""
    person_since: str = ""
    """When their account was made: who gets the name of a removed one is somebody else."""
    server: str = ""
    team: str = ""
    team_uid: str = ""
    """The uid of the team's namespace: a team that is made again under its name is another."""
    environment: str = ""
    version: str = ""
    image: str = ""
    size: str = ""
    mode: str = ""
    units: Decimal = Decimal(0)
    """GPUs charged, such as 0.25; 0 without a GPU."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A span of a session's life, from ``begin`` until just before ``end``, in UTC."""

    state: State
    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is; never negative."""
        return max(self.end - self.begin, timedelta())


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of one session. All moments are in UTC; None for what has not happened."""

    uid: str
    choice: Choice
    requested: datetime
    admitted: datetime | None = None
    bound: datetime | None = None
    ready: datetime | None = None
    stopping: datetime | None = None
    """When it ceased to be of use: it was asked to end, or its node was lost."""
    gone: datetime | None = None
    """When its GPUs were free again; where that is not known, when it was last seen."""
    gone_by: datetime | None = None
    """When they were free at the latest; the same as ``gone`` where it is exact."""
    end_source: Source | None = None
    node: str = ""
    product: str = ""
    """The GPU's model, as its node named it at that time."""
    reason: Reason | None = None
    flags: frozenset[Flag] = frozenset()

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self.gone is None

    @property
    def uncertainty(self) -> timedelta:
        """How much later than recorded it may have ended."""
        if self.gone is None or self.gone_by is None:
            return timedelta()
        return self.gone_by - self.gone

    @property
    def reach(self) -> int | None:
        """The least n for which it was there for at most 2^n hours; None while it runs."""
        if self.gone is None:
            return None
        hours = -((self.requested - (self.gone_by or self.gone)) // _HOUR)
        return min((max(hours, 1) - 1).bit_length(), LONGEST_REACH)

    def intervals(self, as_of: datetime) -> Iterator[Interval]:
        """Yield what it did, one after the other without a gap; one that runs until ``as_of``."""
        end = self.gone or max(as_of, self.requested)
        bound = _within(self.bound, self.requested, end)
        useless = min(self.stopping or end, end)
        ready = _within(self.ready, bound, end)
        charged_until = _within(useless, ready, end)
        marks = (
            (State.WAITING, self.requested, bound),
            (State.STARTING, bound, ready),
            (State.CHARGED, ready, charged_until),
            (State.ENDING, charged_until, end),
        )
        for state, begin, until in marks:
            if until > begin:
                yield Interval(state, begin, until)


def _within(moment: datetime | None, begin: datetime, end: datetime) -> datetime:
    """Return the moment, moved between ``begin`` and ``end``; ``end`` if it never came."""
    return min(max(moment, begin), end) if moment else end
