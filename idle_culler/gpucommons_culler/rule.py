"""What an installation wants done with idle sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Ending(StrEnum):
    """What is done with a session that was idle for too long."""

    STOP = "stop"
    """It is stopped."""
    RELEASE = "release"
    """It is stopped, and started again at once with the same files in a size without a GPU."""


@dataclass(frozen=True, slots=True)
class IdleRule:
    """The rule of one session at one moment.

    A session is warned ``warn_after`` of idleness and ended ``stop_after`` of it; what lies
    between is the least time that its person has to answer. None for stop_after is never.
    """

    name: str
    """Where it comes from, for people: ``the default``, ``size gpu``, ``course hours``."""
    warn_after: timedelta = timedelta(minutes=30)
    stop_after: timedelta | None = timedelta(hours=1)
    keep_at_most: timedelta = timedelta(hours=12)
    """For how long people may keep an idle session, all their keeping together. For as long, if
    that is more than 12 hours, a session's own word counts while the platform sees no use."""
    keep_times: int = 3
    """How often people may keep it, until it is used again."""
    warm_up: timedelta = timedelta(minutes=15)
    """From its start nothing is done for so long."""
    ending: Ending = Ending.STOP
    release_to: str | None = None
    """The size to go on in, where the ending is `Ending.RELEASE`."""
    under_pressure: bool = False
    """Whether it is ended only while somebody waits for its size."""

    @property
    def notice(self) -> timedelta:
        """The least time between warning and end."""
        return (self.stop_after or timedelta()) - self.warn_after


class Rules(Protocol):
    """Where rules come from, such as the catalogue's file."""

    def of(self, team: str, size: str, now: datetime) -> IdleRule:
        """Answer what holds now for a team's sessions of a size."""
