"""Who the people of the chaos benchmark are, and where their sessions stand."""

from dataclasses import dataclass
from enum import StrEnum

from bench.chaos.installation import TEAMS
from bench.chaos.played import Kind, kind_of

_SHARES = {
    Kind.IDLE: 0.35,
    Kind.CELL: 0.15,
    Kind.PROCESSOR: 0.15,
    Kind.GPU: 0.15,
    Kind.WAVES: 0.08,
    Kind.KEPT: 0.06,
    Kind.STRANGE: 0.06,
}


class State(StrEnum):
    """Where somebody's session stands, as they know it."""

    OFF = "off"
    STARTING = "starting"
    LIVE = "live"
    """The hub has said that it is ready: from now on it is to live."""
    ENDING = "ending"
    """Its person has asked for its end."""
    REMOVED = "removed"
    """The person is to be deleted, sessions and all."""


@dataclass
class Person:
    name: str
    team: str
    state: State = State.OFF
    uid: str = ""
    since: float = 0.0

    @property
    def kind(self) -> Kind:
        return kind_of(self.name)


def people(sessions: int) -> dict[str, list[str]]:
    """Name the people of so many sessions, and a tenth more; with their teams."""
    found = {}
    for kind, share in _SHARES.items():
        for number in range(round(sessions * share * 1.1)):
            found[f"{kind}-{number:03}@example.org"] = [TEAMS[number % len(TEAMS)]]
    return found
