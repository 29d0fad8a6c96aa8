"""That a node is being taken out of service: written on the node, read by whoever lists nodes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gpucommons_contract.formats.wording import read_moment, written_moment


@dataclass(frozen=True, slots=True)
class Drain:
    """Who takes a node out of service, from when on its sessions are stopped (UTC), and why."""

    by: str
    until: datetime
    reason: str = ""

    def to_text(self) -> str:
        """Write as the value of `Annotation.DRAIN`."""
        return json.dumps(
            {"by": self.by, "until": written_moment(self.until), "reason": self.reason}
        )


def read_drain(text: str) -> Drain | None:
    """Read it; None for what is empty or none."""
    try:
        match json.loads(text):
            case {"by": str(by), "until": str(until), "reason": str(reason)}:
                return Drain(by, read_moment(until), reason)
    except ValueError:
        pass
    return None


class DrainedEnd(StrEnum):
    """How a session on such a node ended."""

    STOPPED = "stopped"
    """For the node's sake."""
    BEFORE = "before"
    """Before that: by its person, or for another reason."""


@dataclass(frozen=True, slots=True)
class DrainedSession:
    """What became of one session of such a node. Moments are in UTC; None: not yet."""

    told: datetime | None = None
    """When the session showed that it will be stopped."""
    saved: bool | None = None
    """Whether open pages had time to save before it was stopped; None: it was not stopped yet."""
    ended: datetime | None = None
    how: DrainedEnd | None = None

    def as_json(self) -> dict[str, object]:
        """Write it for programs."""
        return {
            "told": self.told and written_moment(self.told),
            "saved": self.saved,
            "ended": self.ended and written_moment(self.ended),
            "how": self.how and str(self.how),
        }


DrainedSessions = Mapping[str, DrainedSession]
"""By the session's name, ``NAME/SERVER``."""


def drained_sessions_text(sessions: DrainedSessions) -> str:
    """Write as the value of `Annotation.DRAIN_SESSIONS`."""
    return json.dumps({name: each.as_json() for name, each in sorted(sessions.items())})


def read_drained_sessions(text: str) -> dict[str, DrainedSession]:
    """Read them; what is none is left out."""
    try:
        said = json.loads(text) if text else {}
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    return {str(name): each for name, value in said.items() if (each := _read(value))}


def _read(said: object) -> DrainedSession | None:
    try:
        match said:
            case {"told": told, "saved": bool() | None as saved, "ended": ended, "how": how}:
                return DrainedSession(
                    told=read_moment(told) if isinstance(told, str) else None,
                    saved=saved,
                    ended=read_moment(ended) if isinstance(ended, str) else None,
                    how=DrainedEnd(how) if isinstance(how, str) else None,
                )
    except ValueError:
        pass
    return None
