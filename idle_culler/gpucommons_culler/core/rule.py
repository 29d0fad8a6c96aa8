"""What an installation wants to happen to idle sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class EndAction(StrEnum):
    """What happens to a session that was idle for too long."""

    STOP = "stop"
    """It is stopped."""
    RELEASE = "release"
    """It is stopped, and restarted at once with the same files in a size without a GPU."""


@dataclass(frozen=True, slots=True)
class IdleRule:
    """The rule of one session at one moment.

    A session is warned after ``warn_after`` of idleness and stopped after ``stop_after``; the time
    between is the least that its person has to respond. None for stop_after means never.
    """

    name: str
    """Where it comes from, for people: ``the default``, ``size gpu``, ``course hours``."""
    warn_after: timedelta = timedelta(minutes=30)
    stop_after: timedelta | None = timedelta(hours=1)
    keep_at_most: timedelta = timedelta(hours=12)
    """For how long people may keep an idle session in total. If that is more than 12 hours, what
    only the session itself reports counts for as long."""
    keep_times: int = 3
    """How often people may keep it until it is used again."""
    warm_up: timedelta = timedelta(minutes=15)
    """For this long after its start nothing is done."""
    action: EndAction = EndAction.STOP
    release_to: str | None = None
    """The size to restart in, where the action is `EndAction.RELEASE`."""
    under_pressure: bool = False
    """Whether it is stopped only while somebody is waiting for its size."""

    @property
    def warning_time(self) -> timedelta:
        """The least time between the warning and the stop."""
        return (self.stop_after or timedelta()) - self.warn_after

    def in_seconds(self) -> dict[str, str]:
        """Write it as a session reads it; one that is never stopped is never warned."""
        if self.stop_after is None:
            return {"warn_after": "never", "stop_after": "never"}
        return {
            "warn_after": f"{self.warn_after.total_seconds():.0f}",
            "stop_after": f"{self.stop_after.total_seconds():.0f}",
        }


class Rules(Protocol):
    """Where rules come from, such as the catalogue's file."""

    def of(self, team: str, size: str, now: datetime) -> IdleRule:
        """Return the rule that applies now to a team's sessions of a size."""
