"""What is free, as one person sees it: the hub endpoint's answer, and what the page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class SizeState(NamedTuple):
    """One size as somebody sees it. ``free`` and ``total`` are None while not known."""

    name: str
    available: bool = True
    free: int | None = None
    total: int | None = None
    reason: str | None = None
    """Why not, in a sentence; None if available."""
    room: str = ""
    """How much is free, in words; empty where it is not known or never short."""
    note: str = ""
    """What to know before one chooses it: that a node must be added first; for somebody in
    several teams, in which one it is available, if not in all.
    """

    gpu: str = ""
    """Model and memory of the GPU that a session gets, in words; empty where it is not known."""
    budget: str = ""
    """What an hour takes, and what is left of the budget; empty where there is none."""

    def refused(self, reason: str) -> "SizeState":
        """Return the same for somebody who cannot have it, whatever is free."""
        return self._replace(available=False, reason=reason, note="")


@dataclass(frozen=True, slots=True)
class TeamState:
    """What one of several teams of a person opens, and what is held there."""

    name: str
    sizes: tuple[SizeState, ...]
    environments: Mapping[str, str]
    """Those that are not open in this team, and why."""
    holding: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Turn into a part of the hub endpoint's answer."""
        return _fields(self) | {"sizes": [size._asdict() for size in self.sizes]}


@dataclass(frozen=True, slots=True)
class PersonState:
    """All sizes, and what the person holds, as the hub endpoint answers it."""

    sizes: tuple[SizeState, ...]
    sessions: int
    gpus: str
    """GPUs held, a decimal."""
    allowance_sessions: int | None
    allowance_gpus: str | None
    holding: tuple[str, ...]
    """What the person and their teams hold of what they may, a sentence each."""
    teams: tuple[TeamState, ...] = ()
    """The same for each team alone; empty for somebody in one, for whom it is all the same."""
    starts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """How long the last starts took, by environment and size, as far as there were any."""

    def sizes_in(self, team: str) -> tuple[SizeState, ...]:
        """Return what the sizes are in one of the person's teams."""
        return next((each.sizes for each in self.teams if each.name == team), self.sizes)

    def as_json(self) -> dict[str, object]:
        """Turn into the hub endpoint's answer."""
        return _fields(self) | {
            "sizes": [size._asdict() for size in self.sizes],
            "teams": [team.as_json() for team in self.teams],
        }


def _fields(state: TeamState | PersonState) -> dict[str, object]:
    """Name the fields and their values. ``asdict`` would copy them, too, which takes longer."""
    return {name: getattr(state, name) for name in state.__slots__}
