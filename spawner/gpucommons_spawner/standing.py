"""What a person and their teams hold of what they may have, in sentences. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from gpucommons_contract import Grant

from gpucommons_spawner.catalogue import Allowance, Catalogue
from gpucommons_spawner.grants import Grants, granted, widened
from gpucommons_spawner.holdings import Holding, Holdings
from gpucommons_spawner.quota import Ledger
from gpucommons_spawner.selection import Person
from gpucommons_spawner.shortage import gpus, sessions, shown
from gpucommons_spawner.teams import Team


@dataclass(frozen=True, slots=True)
class Standing:
    """Sentences about the person, and about each of their teams."""

    person: tuple[str, ...]
    teams: Mapping[Team, tuple[str, ...]]

    @property
    def everywhere(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.person, *chain.from_iterable(self.teams.values()))

    def within(self, team: Team) -> tuple[str, ...]:
        """Those about the person and one team."""
        return (*self.person, *self.teams[team])


def standing(
    catalogue: Catalogue, person: Person, ledger: Ledger, server: str, grants: Grants
) -> Standing:
    """Say it of the person, and of each team that has a limit; after each its exceptions.

    What ``server`` holds does not count: it is to be replaced.
    """
    quotas = catalogue.quotas
    held = ledger.of(person.name)
    earlier = held.get(person.name, server)
    usual, more = quotas.of(person.groups, person.name), grants.for_user(person.name)
    parts = _parts(catalogue, held, widened(usual, more), earlier)
    mine = [f"You hold {_joined(parts)}."] if parts else []
    mine += _exceptions("You", usual, more, catalogue)
    theirs = {}
    for team in person.teams:
        before = earlier if earlier and earlier.team == team.name else None
        usual, more = quotas.of_team(team.name), grants.for_team(team.name)
        who = f"The team {team.display_name}"
        parts = _parts(catalogue, ledger.of_team(team.name), widened(usual, more), before)
        said = [f"{who} holds {_joined(parts)}."] if parts else []
        theirs[team] = (*said, *_exceptions(who, usual, more, catalogue))
    return Standing(tuple(mine), theirs)


def _exceptions(
    who: str, usual: Allowance, grants: Iterable[Grant], catalogue: Catalogue
) -> Iterator[str]:
    for each in grants:
        titles = {name: size.display_name for name, size in catalogue.sizes.items()}
        if sentence := granted(who, usual, each, titles):
            yield sentence


def _parts(
    catalogue: Catalogue, held: Holdings, allowance: Allowance, earlier: Holding | None
) -> list[str]:
    parts = []
    if allowance.sessions is not None:
        parts.append(f"{len(held) - (earlier is not None)} of {sessions(allowance.sessions)}")
    if allowance.gpus is not None:
        units = held.units - (earlier.units if earlier else 0)
        parts.append(f"{shown(units)} of {gpus(allowance.gpus)}")
    for name, most in allowance.sizes.items():
        if most is not None:
            count = held.of_size(name) - (earlier is not None and earlier.size == name)
            title = catalogue.sizes[name].display_name
            parts.append(f"{count} of {sessions(most)} of the size {title}")
    return parts


def _joined(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
