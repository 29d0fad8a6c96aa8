"""Who holds what: the hub's ledger of sessions and GPUs.

A start is checked and entered in one step with nothing awaited in between, so
two starts can never both take the last GPU. An entry stays from the press of
Start until the session is gone; it is found again after a hub restart.
"""

from dataclasses import dataclass, replace

from gpucommons_spawner.catalogue import Allowance, Quotas
from gpucommons_spawner.holdings import Holding, Holdings
from gpucommons_spawner.selection import Person
from gpucommons_spawner.shortage import Holder, Wish, shortage
from gpucommons_spawner.teams import Team


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
    def of(cls, quotas: Quotas, person: Person, team: Team | None) -> "Limits":
        """Read what holds for a session of a person in a team."""
        own = quotas.of(person.groups, person.name)
        return cls(own, quotas.of_team(team.name), team.display_name) if team else cls(own)


_NOTHING = Holdings()


class Ledger:
    """All holdings of one hub. Sums are kept, so that a check costs the same at any scale."""

    def __init__(self) -> None:
        self._people: dict[str, Holdings] = {}
        self._teams: dict[str, Holdings] = {}

    def reserve(self, wish: Wish, limits: Limits) -> None:
        """Enter a holding if person and team have room for it.

        An earlier holding of the same server is replaced.
        Raises QuotaExceededError, and then nothing has changed.
        """
        if refusal := self.refusal(wish, limits):
            raise QuotaExceededError(refusal)
        self.restore(wish.person, wish.holding)

    def restore(self, person: str, holding: Holding) -> None:
        """Enter a holding unasked: the session is there already, after a hub restart."""
        self.release(person, holding.server)
        self._people.setdefault(person, Holdings()).put(person, holding)
        self._teams.setdefault(holding.team, Holdings()).put(person, holding)

    def confirm(self, person: str, server: str) -> None:
        """Note that a session that was starting is running."""
        if holding := self.of(person).get(person, server):
            running = replace(holding, running=True)
            self._people[person].put(person, running)
            self._teams[holding.team].put(person, running)

    def release(self, person: str, server: str) -> None:
        """Give back what a server held. Doing so twice is harmless."""
        if holding := self.of(person).get(person, server):
            for those, name in ((self._people, person), (self._teams, holding.team)):
                those[name].drop(person, server)
                if not those[name]:
                    del those[name]

    def of(self, person: str) -> Holdings:
        """Answer what a person holds."""
        return self._people.get(person, _NOTHING)

    def of_team(self, team: str) -> Holdings:
        """Answer what the sessions of a team hold together."""
        return self._teams.get(team, _NOTHING)

    def held(self, person: str) -> tuple[Holding, ...]:
        """List what a person holds, oldest first."""
        return tuple(holding for _, holding in self.of(person))

    def refusal(self, wish: Wish, limits: Limits) -> str | None:
        """Say why there is no room for a session; None if there is.

        What the same server holds does not count: it is to be replaced.
        """
        own = shortage(self.of(wish.person), limits.person, wish, Holder())
        if own is not None:
            return own
        team = wish.holding.team
        holder = Holder(f"The team {limits.team_title or team}", is_team=True)
        return shortage(self.of_team(team), limits.team, wish, holder)
