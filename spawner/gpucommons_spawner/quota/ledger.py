"""Who holds what: the hub's ledger of sessions and GPUs.

A start is checked and entered in one step with nothing awaited in between, so
two starts can never both take the last GPU. An entry stays from the press of
Start until the session is gone; it is found again after a hub restart.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gpucommons_contract.wording import moment

from gpucommons_spawner.catalogue.allowance import Allowance, Quotas
from gpucommons_spawner.quota.grants import Grants, widened
from gpucommons_spawner.quota.ledger_entry import Holding, Holdings
from gpucommons_spawner.quota.shortage import QuotaOwner, QuotaRequest, free_from, shortage
from gpucommons_spawner.selection.person import Person, Team


class QuotaExceededError(Exception):
    """There is not that much more to be had. The text says who holds what, and what to do."""


_NO_LIMIT = Allowance()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a start must fit into: what the person may have, and the team as a whole."""

    person: Allowance
    team: Allowance = _NO_LIMIT
    team_title: str = ""

    @classmethod
    def of(
        cls, quotas: Quotas, person: Person, team: Team | None, grants: Grants | None = None
    ) -> "Limits":
        """Read what holds now for a session of a person in a team, exceptions included."""
        grants = grants or Grants()
        own = cls(widened(quotas.of(person.groups, person.name), grants.for_user(person.name)))
        return own.within(team, quotas, grants) if team else own

    def within(self, team: Team, quotas: Quotas, grants: Grants) -> "Limits":
        """Return the person's limits with those of a team."""
        together = widened(quotas.of_team(team.name), grants.for_team(team.name))
        return Limits(self.person, together, team.display_name)


_NOTHING = Holdings()


class Ledger:
    """All holdings of one hub. Sums are kept, so that a check costs the same at any scale."""

    def __init__(self) -> None:
        self._people: dict[str, Holdings] = {}
        self._teams: dict[str, Holdings] = {}
        self.version = 0
        """Grows with every change."""

    def reserve(self, request: QuotaRequest, limits: Limits) -> None:
        """Enter a holding if person and team have room for it.

        An earlier holding of the same server is replaced.
        Raises QuotaExceededError, and then nothing has changed.
        """
        if refusal := self.refusal(request, limits):
            raise QuotaExceededError(refusal)
        self.restore(request.person, request.holding)

    def restore(self, person: str, holding: Holding) -> None:
        """Enter a holding unasked: the session is there already, after a hub restart."""
        self.release(person, holding.server)
        self.version += 1
        self._people.setdefault(person, Holdings()).put(person, holding)
        self._teams.setdefault(holding.team, Holdings()).put(person, holding)

    def confirm(self, person: str, server: str, ends: datetime | None = None) -> None:
        """Note that a session is running, and when it ends at the latest."""
        if holding := self.of(person).get(person, server):
            running = replace(holding, running=True, ends=ends)
            self.version += 1
            self._people[person].put(person, running)
            self._teams[holding.team].put(person, running)

    def release(self, person: str, server: str) -> None:
        """Give back what a server held. Doing so twice is harmless."""
        if holding := self.of(person).get(person, server):
            self.version += 1
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

    def refusal(self, request: QuotaRequest, limits: Limits) -> str | None:
        """Say why there is no room for a session, and from when on there is; None if there is.

        What the same server holds does not count: it will be replaced.
        """
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
        return f"{reason} Yours would be free by {moment(max(when, now), round_up=True)}."

    def _shortage(self, request: QuotaRequest, limits: Limits) -> str | None:
        own = shortage(self.of(request.person), limits.person, request, QuotaOwner())
        if own is not None:
            return own
        team = request.holding.team
        owner = QuotaOwner(f"The team {limits.team_title or team}", is_team=True)
        return shortage(self.of_team(team), limits.team, request, owner)
