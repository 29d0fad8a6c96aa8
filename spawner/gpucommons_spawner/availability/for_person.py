"""What is free for each size and, for one person, why something is not."""

import json
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from functools import cache

from gpucommons_contract.words import language, sentences, spoken

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.files_in_use import OpenFiles
from gpucommons_spawner.availability.size_capacity import SizeCapacities
from gpucommons_spawner.availability.size_pod import NO_SETTINGS, Settings
from gpucommons_spawner.availability.start_times import StartTimes
from gpucommons_spawner.availability.state import PersonState, SizeState, TeamState
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.quota import budget_words
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.grants import Grants
from gpucommons_spawner.quota.ledger import Ledger, Limits
from gpucommons_spawner.quota.shortage import QuotaRequest, shown
from gpucommons_spawner.quota.summary import quota_summary
from gpucommons_spawner.selection.person import Person, Team, only_in


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
        operator: Settings = NO_SETTINGS,
        budgets: Budgets | None = None,
    ) -> None:
        """queued: sessions with a GPU may start to wait for one that is not free now.
        operator: what is set for every session, whatever its size.
        """
        self.catalogue = catalogue
        self._files = cluster.files
        self._grants = grants or Grants()
        self._budgets = budgets or Budgets()
        self._capacities = SizeCapacities(
            catalogue.sizes, cluster, queued=queued, operator=operator
        )
        self._starts = starts or StartTimes()

    def for_person(self, person: Person, ledger: Ledger, server: str) -> PersonState:
        """Return every size as a person sees it who is about to start ``server``."""
        own = Limits.of(self.catalogue.quotas, person, None, self._grants, self._budgets)
        held = [holding for holding in ledger.held(person.name) if holding.server != server]
        teams = {
            team: self._sizes(team, person, own, ledger, server) for team in person.teams or (None,)
        }
        summary = quota_summary(
            self.catalogue, person, ledger, server, self._grants, budgets=self._budgets
        )
        return PersonState(
            sizes=tuple(_anywhere(states, person) for states in zip(*teams.values(), strict=True)),
            sessions=len(held),
            gpus=shown(sum((holding.units for holding in held), Decimal(0))),
            allowance_sessions=own.person.sessions,
            allowance_gpus=None if own.person.gpus is None else shown(own.person.gpus),
            holding=summary.everywhere,
            teams=tuple(
                TeamState(
                    name=team.name,
                    sizes=sizes,
                    environments=self._closed_environments(person.groups_in(team)),
                    holding=summary.within(team),
                )
                for team, sizes in teams.items()
                if team and len(teams) > 1
            ),
            starts=self._starts.sentences(),
        )

    def near_files(self, person: Person, team: Team, size: str, server: str) -> SizeState | None:
        """Return what a size is for somebody whose files in a team are open on one node.

        None if that makes no difference, or it is not known.
        """
        files = self._open_files(person, team, server)
        return self._capacities.near_files(size, team.name, files) if files else None

    def _open_files(self, person: Person, team: Team, server: str) -> OpenFiles | None:
        return self._files.of(team.namespace, person.name, server)

    def _sizes(
        self, team: Team | None, person: Person, own: Limits, ledger: Ledger, server: str
    ) -> tuple[SizeState, ...]:
        """Judge every size in one of the person's teams."""
        name = team.name if team else ""
        capacities, groups = self._capacities.of(name), person.groups_in(team)
        limits = own
        if team:
            limits = own.within(team, self.catalogue.quotas, self._grants, self._budgets)
        files = self._open_files(person, team, server) if team else None
        requests = {
            each: QuotaRequest.of_size(person.name, server, name, each, size)
            for each, size in self.catalogue.sizes.items()
        }
        closed = {each: size.refusal(groups) for each, size in self.catalogue.sizes.items()}
        open_ = [requests[each] for each, reason in closed.items() if reason is None]
        possible = cache(lambda: ledger.possible(open_, limits))
        states = []
        for size_name, request in requests.items():
            reason = closed[size_name] or ledger.refusal(request, limits, possible)
            near = self._capacities.near_files(size_name, name, files) if files else None
            there = near or capacities[size_name]
            said = budget_words.hourly(ledger.purse(request, limits), request.holding)
            there = there._replace(budget=said) if said else there
            states.append(there.refused(reason) if reason else there)
        return tuple(states)

    def _closed_environments(self, groups: frozenset[str]) -> dict[str, str]:
        """Return those that are not open to members of these groups, and why."""
        offers = self.catalogue.environments.items()
        reasons = {name: offer.refusal(groups) for name, offer in offers}
        return {name: why for name, why in reasons.items() if why}


def _anywhere(states: Sequence[SizeState], person: Person) -> SizeState:
    """Join what a size is in each of the person's teams: available if it is in one of them."""
    available = [state.available for state in states]
    if all(available) or not any(available):
        return states[0]
    open_in = [team for team, there in zip(person.teams, available, strict=True) if there]
    there = states[available.index(True)]
    return there._replace(note=sentences(there.note, only_in(open_in, person)))


class AvailabilityCache:
    """Remembers what was told since the last change. One for the hub."""

    def __init__(self) -> None:
        self._stamp: Hashable = None
        self._texts: dict[tuple[Person, str, str], str] = {}

    def text(
        self, stamp: Hashable, person: Person, server: str, state: Callable[[], PersonState]
    ) -> str:
        """Return the state as JSON, in the language of the request.

        It is asked for only if the stamp, the person or the language is new.
        """
        if stamp != self._stamp:
            self._stamp, self._texts = stamp, {}
        key = (person, server, language())
        if key not in self._texts:
            self._texts[key] = json.dumps(spoken(state().as_json()))
        return self._texts[key]
