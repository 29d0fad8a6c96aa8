"""Who holds what: the hub's ledger of sessions and GPUs.

A start is checked and entered in one step with nothing awaited in between, so
two starts can never both take the last GPU. An entry stays from the press of
Start until the session is gone; it is found again after a hub restart.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gpucommons_contract.formats.wording import joined, moment
from gpucommons_contract.words import phrase, sentences

from gpucommons_spawner.catalogue.allowance import Allowance, Quotas
from gpucommons_spawner.quota import budget_words
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.funds import Funds, Purse
from gpucommons_spawner.quota.grants import Grants, widened
from gpucommons_spawner.quota.holds import Holds
from gpucommons_spawner.quota.ledger_entry import Holding, Holdings
from gpucommons_spawner.quota.shortage import QuotaOwner, QuotaRequest, free_from, shortage
from gpucommons_spawner.selection.person import Person, Team


class QuotaExceededError(Exception):
    """There is not that much more to be had. The text says who holds what, and what to do."""


class BudgetExceededError(QuotaExceededError):
    """A budget has no room for the start. The text says until when, and what is possible."""


_NO_LIMIT = Allowance()
_NO_BUDGETS = Funds()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a start must fit into: what the person may have, and the team as a whole."""

    person: Allowance
    team: Allowance = _NO_LIMIT
    team_title: str = ""
    funds: Funds = _NO_BUDGETS

    @classmethod
    def of(
        cls,
        quotas: Quotas,
        person: Person,
        team: Team | None,
        grants: Grants | None = None,
        budgets: Budgets | None = None,
    ) -> "Limits":
        """Read what holds now for a session of a person in a team, exceptions included."""
        grants, budgets = grants or Grants(), budgets or Budgets()
        usual = quotas.of(person.groups, person.name)
        own = cls(widened(usual, grants.for_user(person.name)), funds=budgets.of(person.name))
        return own.within(team, quotas, grants, budgets) if team else own

    def within(self, team: Team, quotas: Quotas, grants: Grants, budgets: Budgets) -> "Limits":
        """Return the person's limits with those of a team."""
        together = widened(quotas.of_team(team.name), grants.for_team(team.name))
        funds = budgets.with_team(self.funds, team)
        return Limits(self.person, together, team.display_name, funds)


_NOTHING = Holdings()


class Ledger:
    """All holdings of one hub. Sums are kept, so that a check costs the same at any scale."""

    def __init__(self) -> None:
        self._people: dict[str, Holdings] = {}
        self._teams: dict[str, Holdings] = {}
        self.holds = Holds()
        """What they take of budgets."""
        self.version = 0
        """Grows with every change."""

    def reserve(
        self, request: QuotaRequest, limits: Limits, others: Iterable[QuotaRequest] = ()
    ) -> None:
        """Enter a holding if person and team have room for it, in quota and budgets.

        An earlier holding of the same server is replaced. others: the same with other sizes, of
        which a refusal names those that are possible.
        Raises QuotaExceededError or BudgetExceededError, and then nothing has changed.
        """
        if refusal := self._quota_refusal(request, limits):
            raise QuotaExceededError(refusal)
        if refusal := self._budget_refusal(request, limits, lambda: self.possible(others, limits)):
            raise BudgetExceededError(refusal)
        self.restore(request.person, request.holding)

    def restore(self, person: str, holding: Holding) -> None:
        """Enter a holding unasked: the session is there already, after a hub restart."""
        self.release(person, holding.server, goes_on=True)
        self.version += 1
        self.holds.enter(person, holding)
        self._people.setdefault(person, Holdings()).put(person, holding)
        self._teams.setdefault(holding.team, Holdings()).put(person, holding)

    def confirm(self, person: str, server: str, ends: datetime | None = None) -> None:
        """Note that a session is running, and when it ends at the latest."""
        if holding := self.of(person).get(person, server):
            begun = holding.begun or datetime.now(UTC)
            running = replace(holding, running=True, ends=ends, begun=begun)
            self.version += 1
            self.holds.enter(person, running)
            self._people[person].put(person, running)
            self._teams[holding.team].put(person, running)

    def release(self, person: str, server: str, *, goes_on: bool = False) -> None:
        """Give back what a server held. Doing so twice is harmless.

        goes_on: the session does, and is entered again.
        """
        if holding := self.of(person).get(person, server):
            self.version += 1
            self.holds.leave(person, holding, None if goes_on else datetime.now(UTC))
            for those, name in ((self._people, person), (self._teams, holding.team)):
                those[name].drop(person, server)
                if not those[name]:
                    del those[name]

    def of(self, person: str) -> Holdings:
        """Return what a person holds."""
        return self._people.get(person, _NOTHING)

    def of_team(self, team: str) -> Holdings:
        """Return what the sessions of a team hold together."""
        return self._teams.get(team, _NOTHING)

    def held(self, person: str) -> tuple[Holding, ...]:
        """List what a person holds, oldest first."""
        return tuple(holding for _, holding in self.of(person))

    def all(self) -> list[tuple[str, Holding]]:
        """List who holds what."""
        return [each for holdings in self._people.values() for each in holdings]

    def refusal(
        self, request: QuotaRequest, limits: Limits, possible: Callable[[], str] = str
    ) -> str | None:
        """Say why there is no room for a session, and from when on there is; None if there is.

        What the same server holds does not count: it will be replaced. possible: gives the sizes
        that there is room for, as `possible` names them.
        """
        return self._quota_refusal(request, limits) or self._budget_refusal(
            request, limits, possible
        )

    def possible(self, requests: Iterable[QuotaRequest], limits: Limits) -> str:
        """Name the sizes that there is room for in quota and budgets."""
        return joined(
            [
                each.size_title
                for each in requests
                if not limits.funds.closed(each.holding)
                and self.purse(each, limits).short(each.holding) is None
                and self._shortage(each, limits) is None
            ],
            "or",
        )

    def _quota_refusal(self, request: QuotaRequest, limits: Limits) -> str | None:
        reason = self._shortage(request, limits)
        if reason is None:
            return None
        held = (
            (self.of(request.person), limits.person),
            (self.of_team(request.holding.team), limits.team),
        )
        if (when := free_from(held, request)) is None:
            return reason
        now = datetime.now(UTC)
        free = moment(max(when, now), round_up=True)
        return sentences(reason, phrase("Yours would be free by %(moment)s.", moment=free))

    def _shortage(self, request: QuotaRequest, limits: Limits) -> str | None:
        own = shortage(self.of(request.person), limits.person, request, QuotaOwner())
        if own is not None:
            return own
        team = request.holding.team
        owner = QuotaOwner(limits.team_title or team)
        return shortage(self.of_team(team), limits.team, request, owner)

    def purse(self, request: QuotaRequest, limits: Limits) -> Purse:
        """Return what budgets have for a session. What the same server holds counts as free."""
        earlier = self.of(request.person).get(request.person, request.holding.server)
        return Purse(limits.funds, self.holds, earlier)

    def _budget_refusal(
        self, request: QuotaRequest, limits: Limits, possible: Callable[[], str]
    ) -> str | None:
        purse, wanted = self.purse(request, limits), request.holding
        if purse.funds.outage and purse.funds.closed(wanted):
            return budget_words.closed(purse.funds.outage, possible())
        if (fund := purse.short(wanted)) is None:
            return None
        return budget_words.refusal(fund, purse, wanted, possible())
