"""What a check found: its state, in a sentence, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of something. Not knowing is never good."""

    GOOD = "good"
    WARNING = "warning"
    """It works, but not for all, or not for long."""
    FAULT = "fault"
    """Something of GPU Commons does not work until it is fixed."""
    UNKNOWN = "unknown"
    """It could not be looked at; the text says why."""


_WORST_FIRST = (State.FAULT, State.UNKNOWN, State.WARNING, State.GOOD)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    found is a full sentence. advice says what to do, and is empty only of what is good.
    """

    state: State
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Turn into what ``--json`` prints."""
        return {"state": str(self.state), "found": self.found, "advice": self.advice}


def good(found: str) -> Finding:
    """Make a finding about which there is nothing to do."""
    return Finding(State.GOOD, found)


def warning(found: str, advice: str) -> Finding:
    """Make a finding of something that works for now, or for some."""
    return Finding(State.WARNING, found, advice)


def fault(found: str, advice: str) -> Finding:
    """Make a finding of something that does not work."""
    return Finding(State.FAULT, found, advice)


def unknown(found: str, advice: str) -> Finding:
    """Make a finding of something that could not be looked at."""
    return Finding(State.UNKNOWN, found, advice)


def worst(states: Iterable[State]) -> State:
    """Return the state that matters most; unknown if there is none at all."""
    present = set(states)
    return next((each for each in _WORST_FIRST if each in present), State.UNKNOWN)
