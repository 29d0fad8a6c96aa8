"""What is left of all budgets as accounting last said it, and since when it says nothing."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gpucommons_contract import Balance, Balances, SubjectKind

from gpucommons_spawner.quota.funds import Fund, Funds, Outage
from gpucommons_spawner.quota.hold import Reckoning
from gpucommons_spawner.selection.person import Team

FIRST_ANSWER = timedelta(seconds=10)
"""How long starts wait for accounting after the hub's start; it answers within milliseconds."""
_NO_BUDGETS = Funds()


class Budgets:
    """One for the hub. Until it was told that the hub has accounting, there are no budgets."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._begun: datetime | None = None
        self._closes, self._patience = False, timedelta.max
        self._balances: Balances | None = None
        self._heard: datetime | None = None
        self._funds = _NO_BUDGETS
        self._own: dict[tuple[SubjectKind, str], list[Balance]] = {}
        self._usual: dict[SubjectKind, list[Balance]] = {}
        self._known = asyncio.Event()
        self._changes = 0

    # What it is told

    def begin(self, *, closes: bool, patience: timedelta) -> None:
        """Expect balances from now on.

        closes: nothing with a GPU starts without them. patience: how old they may become.
        """
        self._begun = self._begun or self._now()
        self._closes, self._patience = closes, patience

    def take(self, balances: Balances) -> None:
        """Take what accounting says. Its clock may be ahead of ours."""
        self._heard = self._now()
        balances = replace(balances, as_of=min(balances.as_of, self._heard))
        before, self._balances = self._balances, balances
        hold = timedelta(hours=float(balances.hold_hours))
        by = Reckoning(balances.as_of, hold)
        self._funds = Funds((), by, balances.rates, balances.currency)
        if before is None or replace(before, as_of=balances.as_of) != balances:
            self._changes += 1
            self._own, self._usual = defaultdict(list), defaultdict(list)
            for each in balances.balances:
                if each.name:
                    self._own[each.kind, each.name].append(each)
                else:
                    self._usual[each.kind].append(each)
        self._known.set()

    # What is asked of it

    async def until_known(self) -> None:
        """Wait for the first balances, for a few seconds after the hub's start; then no more."""
        if self._begun is None or self._known.is_set():
            return
        wait = self._begun + FIRST_ANSWER - self._now()
        try:
            async with asyncio.timeout(max(wait.total_seconds(), 0)):
                await self._known.wait()
        except TimeoutError:
            return

    @property
    def known(self) -> bool:
        """Whether accounting has said anything since the hub's start."""
        return self._known.is_set()

    @property
    def outage(self) -> Outage | None:
        """Tell whether accounting has not answered for too long."""
        if self._begun is None:
            return None
        if self._heard is None:
            late = self._now() > self._begun + FIRST_ANSWER
        else:
            late = self._now() - self._heard > self._patience
        return Outage(self._heard, self._closes) if late else None

    @property
    def version(self) -> Hashable:
        """Another one after each change of what is said of them."""
        return self._changes, self.outage

    def of(self, person: str, team: Team | None = None) -> Funds:
        """Return the budgets that the starts of a person are charged to, in a team or in any."""
        if self._begun is None:
            return _NO_BUDGETS
        own = tuple(Fund(each) for each in self._that_apply(SubjectKind.PERSON, person))
        return replace(self._funds, each=own + self._of_team(team), outage=self.outage)

    def with_team(self, funds: Funds, team: Team) -> Funds:
        """Return the budgets of a person together with those of a team."""
        return replace(funds, each=(*funds.each, *self._of_team(team)))

    def _of_team(self, team: Team | None) -> tuple[Fund, ...]:
        if team is None:
            return ()
        found = self._that_apply(SubjectKind.TEAM, team.name)
        return tuple(Fund(each, team.display_name) for each in found)

    def _that_apply(self, kind: SubjectKind, name: str) -> list[Balance]:
        found = list(self._own.get((kind, name), ()))
        usual = (each.applied_to(name) for each in self._usual.get(kind, ()))
        return found + [each for each in usual if each]
