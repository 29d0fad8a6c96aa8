"""What a person and their teams hold of what they may have, in sentences. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from gpucommons_contract import Grant

from gpucommons_spawner.catalogue.allowance import Allowance
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.quota.grants import Grants, widened
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.quota.ledger_entry import Holding, Holdings
from gpucommons_spawner.quota.shortage import gpus, sessions, shown
from gpucommons_spawner.selection.person import Person, Team


@dataclass(frozen=True, slots=True)
class QuotaSummary:
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


def quota_summary(
    catalogue: Catalogue, person: Person, ledger: Ledger, server: str, grants: Grants
) -> QuotaSummary:
    """Say it of the person, and of each team that has a limit; after each its exceptions.

    What ``server`` holds does not count: it will be replaced.
    """
    quotas = catalogue.quotas
    held = ledger.of(person.name)
    earlier = held.get(person.name, server)
    usual, more = quotas.of(person.groups, person.name), grants.for_user(person.name)
    mine = _held(("You", "hold"), catalogue, held, widened(usual, more), earlier)
    mine += _exceptions("You", usual, more, catalogue)
    theirs = {}
    for team in person.teams:
        before = earlier if earlier and earlier.team == team.name else None
        usual, more = quotas.of_team(team.name), grants.for_team(team.name)
        who = f"The team {team.display_name}"
        limits, of_team = widened(usual, more), ledger.of_team(team.name)
        said = _held((who, "holds"), catalogue, of_team, limits, before)
        theirs[team] = (*said, *_exceptions(who, usual, more, catalogue))
    return QuotaSummary(tuple(mine), theirs)


def _exceptions(
    who: str, usual: Allowance, grants: Iterable[Grant], catalogue: Catalogue
) -> Iterator[str]:
    for each in grants:
        titles = {name: size.display_name for name, size in catalogue.sizes.items()}
        if sentence := granted(who, usual, each, titles):
            yield sentence


def granted(who: str, usual: Allowance, grant: Grant, titles: dict[str, str]) -> str | None:
    """Say what somebody was granted beyond the usual; None if it is nothing. Pure.

    who is such as ``You`` or ``The team Vision``; titles are those of the sizes, by name.
    """
    after = widened(usual, [grant])
    parts = []
    if after.sessions is not None and after.sessions != usual.sessions:
        parts.append(sessions(after.sessions))
    if after.gpus is not None and after.gpus != usual.gpus:
        parts.append(gpus(after.gpus))
    for name, most in after.sizes.items():
        if most is not None and most != usual.sizes[name]:
            parts.append(f"{sessions(most)} of the size {titles[name]}")
    if not parts:
        return None
    return f"{who} may have {_joined(parts)} until {grant.last()}, granted by {grant.by}."


def _held(
    who: tuple[str, str],
    catalogue: Catalogue,
    held: Holdings,
    allowance: Allowance,
    earlier: Holding | None,
) -> list[str]:
    """Say how much is held of what is limited, and of what there may be nothing at all.

    who: the subject, and its verb for holding.
    """
    parts, none = [], []
    if allowance.sessions == 0:
        none.append("sessions")
    elif allowance.sessions is not None:
        parts.append(f"{len(held) - (earlier is not None)} of {sessions(allowance.sessions)}")
    if allowance.gpus == 0:
        none.append("GPUs")
    elif allowance.gpus is not None:
        units = held.units - (earlier.units if earlier else 0)
        parts.append(f"{shown(units)} of {gpus(allowance.gpus)}")
    for name, most in allowance.sizes.items():
        title = catalogue.sizes[name].display_name
        if most == 0:
            none.append(f"sessions of the size {title}")
        elif most is not None:
            count = held.of_size(name) - (earlier is not None and earlier.size == name)
            parts.append(f"{count} of {sessions(most)} of the size {title}")
    said = [f"{who[0]} {who[1]} {_joined(parts)}."] if parts else []
    return said + ([f"{who[0]} may have no {_joined(none, ' and no ')} now."] if none else [])


def _joined(parts: list[str], last: str = " and ") -> str:
    return last.join(filter(None, (", ".join(parts[:-1]), parts[-1])))
