"""What a person and their teams hold of what they may have, in sentences. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from gpucommons_contract import Grant
from gpucommons_contract.words import listed, phrase

from gpucommons_spawner.catalogue.allowance import Allowance
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.quota import budget_words
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.funds import Purse
from gpucommons_spawner.quota.grants import Grants, widened
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.quota.ledger_entry import Holding, Holdings
from gpucommons_spawner.quota.shortage import (
    QuotaOwner,
    gpus,
    of_most,
    of_size,
    sessions,
    shown,
)
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
    catalogue: Catalogue,
    person: Person,
    ledger: Ledger,
    server: str,
    grants: Grants,
    *,
    budgets: Budgets,
) -> QuotaSummary:
    """Say it of the person, and of each team that has a limit; after each its exceptions, and
    what is left of its budget.

    What ``server`` holds does not count: it will be replaced.
    """
    quotas = catalogue.quotas
    held = ledger.of(person.name)
    earlier = held.get(person.name, server)
    usual, more = quotas.of(person.groups, person.name), grants.for_user(person.name)
    mine = _held("", catalogue, held, widened(usual, more), earlier)
    mine += _exceptions("", usual, more, catalogue)
    own = budgets.of(person.name)
    mine += budget_words.left(Purse(own, ledger.holds, earlier))
    if own.outage:
        mine.append(budget_words.unchecked(own.outage))
    theirs = {}
    for team in person.teams:
        before = earlier if earlier and earlier.team == team.name else None
        usual, more = quotas.of_team(team.name), grants.for_team(team.name)
        limits, of_team = widened(usual, more), ledger.of_team(team.name)
        said = _held(team.display_name, catalogue, of_team, limits, before)
        said += _exceptions(team.display_name, usual, more, catalogue)
        funds = budgets.with_team(replace(own, each=()), team)
        left = budget_words.left(Purse(funds, ledger.holds, before))
        theirs[team] = (*said, *left)
    return QuotaSummary(tuple(mine), theirs)


def _exceptions(
    team: str, usual: Allowance, grants: Iterable[Grant], catalogue: Catalogue
) -> Iterator[str]:
    for each in grants:
        titles = {name: size.display_name for name, size in catalogue.sizes.items()}
        if sentence := granted(team, usual, each, titles):
            yield sentence


def granted(team: str, usual: Allowance, grant: Grant, titles: dict[str, str]) -> str | None:
    """Say what somebody was granted beyond the usual; None if it is nothing. Pure.

    team is what the team is called, empty for the person; titles are those of the sizes, by name.
    """
    after = widened(usual, [grant])
    parts = []
    if after.sessions is not None and after.sessions != usual.sessions:
        parts.append(sessions(after.sessions))
    if after.gpus is not None and after.gpus != usual.gpus:
        parts.append(gpus(after.gpus))
    for name, most in after.sizes.items():
        if most is not None and most != usual.sizes[name]:
            parts.append(of_size(sessions(most), titles[name]))
    if not parts:
        return None
    values = {"what": _joined(parts), "end": grant.last(), "by": grant.by}
    if team:
        return phrase(
            "The team %(team)s may have %(what)s until %(end)s, granted by %(by)s.",
            team=team,
            **values,
        )
    return phrase("You may have %(what)s until %(end)s, granted by %(by)s.", **values)


def _held(
    team: str,
    catalogue: Catalogue,
    held: Holdings,
    allowance: Allowance,
    earlier: Holding | None,
) -> list[str]:
    """Say how much is held of what is limited, and of what there may be nothing at all.

    team: what the team is called, empty for the person.
    """
    parts: list[str] = []
    none: list[str] = []
    if allowance.sessions == 0:
        none.append(phrase("sessions"))
    elif allowance.sessions is not None:
        count = len(held) - (earlier is not None)
        parts.append(of_most(count, sessions(allowance.sessions)))
    if allowance.gpus == 0:
        none.append(phrase("GPUs"))
    elif allowance.gpus is not None:
        units = held.units - (earlier.units if earlier else 0)
        parts.append(of_most(shown(units), gpus(allowance.gpus)))
    for name, most in allowance.sizes.items():
        title = catalogue.sizes[name].display_name
        if most == 0:
            none.append(of_size(phrase("sessions"), title))
        elif most is not None:
            count = held.of_size(name) - (earlier is not None and earlier.size == name)
            parts.append(of_size(of_most(count, sessions(most)), title))
    said = [_holds(team, _joined(parts))] if parts else []
    return said + ([QuotaOwner(team).may_have_no(_none_of(none))] if none else [])


def _holds(team: str, what: str) -> str:
    if team:
        return phrase("The team %(team)s holds %(what)s.", team=team, what=what)
    return phrase("You hold %(what)s.", what=what)


def _joined(parts: list[str]) -> str:
    *first, last = parts
    return phrase("%(first)s and %(last)s", first=listed(first), last=last) if first else last


def _none_of(parts: list[str]) -> str:
    *first, last = parts
    return phrase("%(first)s and no %(last)s", first=listed(first), last=last) if first else last
