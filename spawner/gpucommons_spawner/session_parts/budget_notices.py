"""Says in sessions that run how far a budget they are charged to is used, once for each part."""

import asyncio
from collections.abc import Mapping, MutableSet
from typing import Any, Protocol

from gpucommons_contract import Notice, NoticeLevel

from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.server_record import ServerRecord
from gpucommons_spawner.quota.budget_words import USED_UP, reached
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.funds import Fund
from gpucommons_spawner.selection.person import Teams
from gpucommons_spawner.session_parts.delivery import NotifiedSpawner, deliver
from gpucommons_spawner.session_parts.quota_holding import QuotaHolding

_STATE = "budgets_told"


class _Spawner(NotifiedSpawner, Protocol):
    user: Any
    record: ServerRecord
    quota: QuotaHolding


class BudgetNotices(SessionPart):
    """Looks after each answer of accounting. What was said before the session, the page has said:
    only that a budget is used up is said to one that starts nevertheless.
    """

    def __init__(
        self,
        spawner: _Spawner,
        budgets: Budgets,
        teams: Teams,
        listening: MutableSet["BudgetNotices"],
    ) -> None:
        """listening: the hub's set of those that look."""
        self._spawner, self._budgets, self._teams = spawner, budgets, teams
        self._listening = listening
        self._told: dict[str, int] | None = None
        """By period of a budget, the percent that was said last; None: nothing looked at yet."""
        self._showing: dict[str, asyncio.Task[bool]] = {}

    def starting(self) -> None:
        """Forget what the session before was told."""
        self._told = None

    def ready(self) -> None:
        """Begin to look."""
        self._listening.add(self)
        if self.look():
            self.keep()

    def seen_running(self, pod: object) -> None:  # noqa: ARG002 -- the protocol's
        """Go on after a restart of the hub. What was not said before is said then."""
        self._listening.add(self)
        if self._told is None:
            self._told = {}

    def state(self) -> Mapping[str, object]:
        """Keep what was said."""
        return {} if self._told is None else {_STATE: dict(self._told)}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take it up again."""
        told = state.get(_STATE)
        self._told = dict(told) if isinstance(told, Mapping) else None

    def cleared(self) -> None:
        """Look no longer."""
        self._listening.discard(self)
        for each in self._showing.values():
            each.cancel()
        self._showing.clear()

    def look(self) -> bool:
        """Say what has been reached since the last look; whether something is to be kept of it."""
        held = self._spawner.quota.held
        if held is None or not self._spawner.show_notice or not self._budgets.known:
            return False
        team = next(iter(self._teams.of([held.team])), None)
        funds = self._budgets.of(self._spawner.user.name, team)
        found = {_period(fund): fund for fund in funds.each if fund.balance.reached is not None}
        now = {period: fund.balance.reached or 0 for period, fund in found.items()}
        if now == self._told:
            return False
        before, self._told = self._told, now
        noted = bool(now or before)
        if noted:
            self._spawner.record.note_state()
        for period, fund in found.items():
            if before is None:
                news = now[period] >= USED_UP and not fund.refuses and bool(held.units)
            else:
                news = now[period] > before.get(period, 0)
            if news:
                self._show(fund)
        return noted

    def keep(self) -> None:
        """Have what was noted outlive the hub, here and in other sessions."""
        self._spawner.record.keep_noted()

    def _show(self, fund: Fund) -> None:
        balance = fund.balance
        used_up = (balance.reached or 0) >= USED_UP
        notice = Notice(
            f"budget-{balance.kind}-{balance.unit}",
            reached(fund),
            NoticeLevel.WARNING if used_up else NoticeLevel.INFO,
        )
        if earlier := self._showing.get(notice.id):
            earlier.cancel()
        self._showing[notice.id] = asyncio.create_task(
            deliver(
                self._spawner,
                lambda: notice if self._spawner.quota.held else None,
                "what is left of a budget",
            )
        )


def _period(fund: Fund) -> str:
    """Name a budget and its period, as they are kept with a server."""
    balance = fund.balance
    return f"{balance.kind}/{balance.name}/{balance.unit}/{balance.resets_at.isoformat()}"
