"""What sessions are told of budgets that are used up or nearly, and how often."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_contract import GPU_HOURS, AtLimit, Balance, Balances, SubjectKind
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.ledger_entry import Holding

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEN = Balance(
    SubjectKind.PERSON, "ada", GPU_HOURS, Decimal(10), Decimal(10), NOW + timedelta(days=6)
)
MOST_USED = "80% of your budget of 10 GPU-hours until 2026-11-30 12:00 UTC are used."
USED_UP = (
    "Your budget of 10 GPU-hours is used up until 2026-11-30 12:00 UTC. "
    "What runs goes on, and more may start."
)


@pytest.fixture
def budgets(monkeypatch) -> Budgets:
    budgets = Budgets(lambda: NOW)
    budgets.begin(closes=False, patience=timedelta(minutes=5))
    monkeypatch.setattr(GPUSpawner.hub_state, "budgets", budgets)
    return budgets


class Session:
    """A session of Ada's with a GPU, and what it was told to show."""

    def __init__(self, make_spawner, budgets: Budgets):
        self.told: list[str] = []
        self._make, self._budgets = make_spawner, budgets
        self._begin(make_spawner({}, show_notice=self._show))
        self.spawner.record.note_state = self._note
        self.spawner.record.keep_noted = self._keep
        self.noted: dict = {}
        self.kept: dict = {}

    def _begin(self, spawner: GPUSpawner) -> None:
        self.spawner = spawner
        (self._part,) = (each for each in spawner.parts if type(each).__name__ == "BudgetNotices")
        holding = Holding("", Decimal(1), "SciPy", "vision", "gpu", running=True)
        spawner.hub_state.ledger.restore("ada", holding)
        spawner.quota.holder = "ada"

    async def _show(self, _spawner, notice) -> None:
        self.told.append(notice.text)

    def _note(self) -> None:
        self.noted = dict(self._part.state())

    def _keep(self) -> None:
        self.kept = self.noted

    async def left(self, left: str, **more) -> None:
        """Let accounting say what is left."""
        balance = replace(TEN, left=Decimal(left), **more)
        balances = (balance,)
        self._budgets.take(Balances(NOW, "UTC", "EUR", Decimal(4), {}, balances))
        self.spawner.hub_state._tell_of_budgets()
        await self.settles()

    async def settles(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def comes_up(self) -> None:
        self._part.ready()
        await self.settles()

    async def meets_a_new_hub(self) -> None:
        """Let the hub be restarted."""
        kept = self.kept
        self._part.cleared()
        self._begin(self._make({}, show_notice=self._show))
        self.spawner.record.note_state = self._note
        self.spawner.record.keep_noted = self._keep
        self._part.restore(kept)
        self._part.seen_running(None)
        await self.settles()


@pytest.fixture
def session(make_spawner, budgets, monkeypatch) -> Session:
    monkeypatch.setattr(GPUSpawner, "ready", True)
    return Session(make_spawner, budgets)


async def test_each_part_is_told_once(session):
    await session.left("5")
    await session.comes_up()
    for left in ("3", "2", "1.9", "0", "-1"):
        await session.left(left)
    assert session.told == [MOST_USED, USED_UP]


async def test_what_the_page_has_said_before_the_start_is_not_said_again(session):
    await session.left("1")
    await session.comes_up()
    assert session.told == []
    await session.left("0")
    assert session.told == [USED_UP]


async def test_a_session_that_starts_though_all_is_used_is_told_so(session):
    await session.left("0")
    await session.comes_up()
    assert session.told == [USED_UP]


async def test_what_starts_although_a_budget_refuses_takes_nothing_and_is_told_nothing(session):
    await session.left("0", at_limit=AtLimit.DENY)
    await session.comes_up()
    assert session.told == []


async def test_the_next_period_is_told_of_again(session):
    await session.left("5")
    await session.comes_up()
    await session.left("1")
    await session.left("10", resets_at=NOW + timedelta(days=36))
    await session.left("1", resets_at=NOW + timedelta(days=36))
    assert [text[:3] for text in session.told] == ["80%", "80%"]


async def test_a_restarted_hub_repeats_nothing_and_says_what_is_new(session):
    await session.left("5")
    await session.comes_up()
    await session.left("1")
    await session.meets_a_new_hub()
    await session.left("1")
    assert session.told == [MOST_USED]
    await session.left("0")
    assert session.told == [MOST_USED, USED_UP]


async def test_a_session_that_is_gone_is_told_nothing(session):
    await session.left("5")
    await session.comes_up()
    session.spawner.quota.cleared()
    await session.left("0")
    assert session.told == []
