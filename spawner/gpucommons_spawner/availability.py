"""What is free for each size and, for one person, why something is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.cluster import Cluster
from gpucommons_spawner.grants import Grants
from gpucommons_spawner.holdings import Holding
from gpucommons_spawner.quota import Ledger, Limits
from gpucommons_spawner.rooms import Rooms, SizeState
from gpucommons_spawner.selection import Person, only_in
from gpucommons_spawner.shortage import Wish, shown
from gpucommons_spawner.standing import standing
from gpucommons_spawner.start_times import StartTimes
from gpucommons_spawner.teams import Team


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

    def as_json(self) -> dict[str, object]:
        """Turn into the hub endpoint's answer."""
        return _fields(self) | {
            "sizes": [size._asdict() for size in self.sizes],
            "teams": [team.as_json() for team in self.teams],
        }


def _fields(state: TeamState | PersonState) -> dict[str, object]:
    """Name the fields and their values. ``asdict`` would copy them, too, which takes longer."""
    return {name: getattr(state, name) for name in state.__slots__}


class Availability:
    """Answers for one catalogue and one cluster. What no person is needed for, is counted once."""

    def __init__(
        self,
        catalogue: Catalogue,
        cluster: Cluster,
        starts: StartTimes | None = None,
        *,
        queued: bool = False,
        grants: Grants | None = None,
    ) -> None:
        """queued: sessions with a GPU may start to wait for one that is not free now."""
        self.catalogue = catalogue
        self._grants = grants or Grants()
        self._rooms = Rooms(catalogue.sizes, cluster, queued=queued)
        self._units = {name: size.units for name, size in catalogue.sizes.items()}
        self._starts = starts or StartTimes()

    def for_person(self, person: Person, ledger: Ledger, server: str) -> PersonState:
        """Every size as this person sees it who is about to start ``server``."""
        own = Limits.of(self.catalogue.quotas, person, None, self._grants)
        held = [holding for holding in ledger.held(person.name) if holding.server != server]
        teams = {
            team: self._sizes(team, person, own, ledger, server) for team in person.teams or (None,)
        }
        stands = standing(self.catalogue, person, ledger, server, self._grants)
        return PersonState(
            sizes=tuple(_anywhere(states, person) for states in zip(*teams.values(), strict=True)),
            sessions=len(held),
            gpus=shown(sum((holding.units for holding in held), Decimal(0))),
            allowance_sessions=own.person.sessions,
            allowance_gpus=None if own.person.gpus is None else shown(own.person.gpus),
            holding=stands.everywhere,
            teams=tuple(
                TeamState(
                    name=team.name,
                    sizes=sizes,
                    environments=self._closed_environments(person.groups_in(team)),
                    holding=stands.within(team),
                )
                for team, sizes in teams.items()
                if team and len(teams) > 1
            ),
            starts=self._starts.sentences(),
        )

    def _sizes(
        self, team: Team | None, person: Person, own: Limits, ledger: Ledger, server: str
    ) -> tuple[SizeState, ...]:
        """Judge every size in one of the person's teams."""
        name = team.name if team else ""
        rooms, groups = self._rooms.of(name), person.groups_in(team)
        limits = own.within(team, self.catalogue.quotas, self._grants) if team else own
        states = []
        for size_name, size in self.catalogue.sizes.items():
            holding = Holding(server, self._units[size_name], "", name, size_name)
            wish = Wish(person.name, holding, size.display_name)
            reason = size.refusal(groups) or ledger.refusal(wish, limits)
            there = rooms[size_name]
            states.append(there.refused(reason) if reason else there)
        return tuple(states)

    def _closed_environments(self, groups: frozenset[str]) -> dict[str, str]:
        """Answer those that are not open to members of these groups, and why."""
        offers = self.catalogue.environments.items()
        reasons = {name: offer.refusal(groups) for name, offer in offers}
        return {name: why for name, why in reasons.items() if why}


def _anywhere(states: Sequence[SizeState], person: Person) -> SizeState:
    """Say of a size, as it is in each of the person's teams, that it is to be had if in one."""
    available = [state.available for state in states]
    if all(available) or not any(available):
        return states[0]
    open_in = [team for team, there in zip(person.teams, available, strict=True) if there]
    return states[available.index(True)]._replace(note=only_in(open_in, person))
