"""Why a session ended."""

from dataclasses import dataclass
from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a session ended, as records, metrics and exports name it."""

    PERSON = "person"
    """Its person stopped it, or took another size."""
    ADMINISTRATOR = "administrator"
    IDLE = "idle"
    MAX_DURATION = "max-duration"
    PREEMPTED = "preempted"
    OUT_OF_MEMORY = "out-of-memory"
    REMOVED = "removed"
    """Its person may use the hub, or the team, no longer."""
    START_FAILED = "start-failed"
    EVICTED = "evicted"
    NODE_LOST = "node-lost"
    FAILED = "failed"
    """Its own program ended."""
    DELETED = "deleted"
    """The pod was deleted, and nobody said why."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why it ended, who ended it, and the sentence that its person read."""

    code: ReasonCode
    sentence: str = ""
    by: str = ""
