"""What is left of all budgets, read from the records as they become known."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.budget import Budget, Rule, Subject
from gpucommons_accounting.reckoning.budgets.refunds import GPU_HOUR
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_accounting.web.site import Site
from gpucommons_contract import GPU_HOURS, SubjectKind

from tests.waiting import until

from .sessions import BERLIN, at, facts

EACH = Subject(SubjectKind.PERSON, "")
SITE = Site(Calendar(BERLIN), "EUR", 2)


class Clock:
    def __init__(self) -> None:
        self.now = at("2026-11-20T12:00+01:00")

    def __call__(self):
        return self.now


@pytest.fixture(params=["totals", "sessions"])
def store(berlin_store, request) -> Store:
    """What was charged is summed up from these."""
    if request.param == "totals":
        berlin_store.make_totals()
    return berlin_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sheet(store, clock) -> BalanceSheet:
    for unit, amount in ((GPU_HOURS, 40), ("EUR", 100), ("USD", 1)):
        budget = Budget(EACH, unit, Rule.LIMITED, at("2026-01-01"), Decimal(amount))
        store.budgets.set_budget(budget, "boss", clock.now)
    store.set_price(Price("", Decimal("1.20"), at("2026-01-01")), "boss", clock.now)
    return BalanceSheet(store, SITE, Decimal(4), clock)


def left(sheet: BalanceSheet, name="ada") -> dict[str, Decimal]:
    found = sheet.read().balances.of(SubjectKind.PERSON, name)
    return {each.unit: each.left for each in found}


def test_sessions_of_today_and_of_the_days_before_count_once_each(store, clock, sheet):
    store.add(facts("2026-11-18T08:00", "2026-11-18T10:00", "a"), clock.now)
    store.add(facts("2026-11-19T22:00+01:00", "2026-11-20T02:00+01:00", "b"), clock.now)
    store.add(facts("2026-11-20T11:00+01:00", None, "c"), clock.now)
    store.add(facts("2026-10-31T22:00+01:00", "2026-11-01T01:00+01:00", "d"), clock.now)
    store.add(
        facts("2026-11-10T22:00+01:00", "2026-11-20T00:00+01:00", "e", person="ben"), clock.now
    )
    hours = 2 + 4 + 1 + 1
    assert left(sheet) == {GPU_HOURS: 40 - hours, "EUR": 100 - hours * Decimal("1.20")}
    assert left(sheet, "ben")[GPU_HOURS] == 40 - 9 * 24 - 2
    assert left(sheet, "cleo")[GPU_HOURS] == 40


def test_what_runs_counts_until_sessions_were_last_known(store, clock, sheet):
    store.add(facts("2026-11-20T08:00+01:00", None), clock.now)
    store.beat(at("2026-11-20T11:00+01:00"))
    assert sheet.read().balances.as_of == at("2026-11-20T11:00+01:00")
    assert left(sheet)[GPU_HOURS] == 37


def test_a_session_that_turns_out_to_have_ended_days_ago_stays_counted(store, clock, sheet):
    runs = facts("2026-11-18T08:00", None)
    store.add(runs, clock.now)
    assert left(sheet)[GPU_HOURS] < 0
    clock.now += timedelta(minutes=5)
    store.add(facts("2026-11-18T08:00", "2026-11-18T10:00"), clock.now)
    assert left(sheet)[GPU_HOURS] == 38


def test_who_gets_a_removed_name_begins_with_a_full_budget(store, clock, sheet):
    old = facts("2026-11-18T08:00", "2026-11-18T10:00", "a", person_since="2025-01-01T00:00Z")
    store.add(old, clock.now)
    assert left(sheet)[GPU_HOURS] == 38
    store.add(
        facts("2026-11-20T11:30+01:00", None, "b", person_since="2026-11-20T00:00Z"), clock.now
    )
    assert left(sheet)[GPU_HOURS] == Decimal("39.5")


FIRST, SECOND = "2026-01-07T08:00:00.000001Z", "2026-11-19T08:00:00.000002Z"
"""When two accounts of the name ada were made."""


def refund(kind: AdjustmentKind, made_at: str, **about: str) -> Adjustment:
    """Give back or grant two GPU-hours."""
    whose = {"person": "", "team": ""} | about
    when = at(made_at)
    amounts = Decimal(2 * GPU_HOUR), Decimal(0), "EUR"
    return Adjustment(
        kind, whose.pop("person"), whose.pop("team"), *amounts, when, when, "boss", "", **whose
    )


@pytest.mark.parametrize("since", [FIRST, ""])
def test_case_27_who_gets_the_name_of_somebody_removed_has_a_budget_before_they_used_anything(
    store, clock, sheet, since
):
    """Nothing of what the other one used, was granted or refunded is theirs."""
    known = store.people_and_teams
    store.add(facts("2026-11-10T08:00", "2026-11-10T20:30", "a", person_since=since), clock.now)
    store.budgets.adjust(
        refund(AdjustmentKind.REFUND, "2026-11-20T09:00", person="ada", session="a")
    )
    store.budgets.adjust(refund(AdjustmentKind.GRANT, "2026-11-11T00:00", person="ada"))
    assert left(sheet)[GPU_HOURS] == 40 + 2 - Decimal("12.5") + 2
    known.meet([PersonId("ada", FIRST)])
    assert left(sheet)[GPU_HOURS] == 40 + 2 - Decimal("12.5") + 2
    known.left(PersonId("ada", FIRST), at("2026-11-18T00:00"))
    assert left(sheet)[GPU_HOURS] == 40
    known.meet([PersonId("ada", SECOND)])
    assert left(sheet)[GPU_HOURS] == 40
    store.budgets.adjust(refund(AdjustmentKind.GRANT, "2026-11-20T10:00", person="ada"))
    assert left(sheet)[GPU_HOURS] == 42


def test_case_25_a_team_that_is_made_again_begins_with_a_full_budget(store, clock, sheet):
    budget = Budget(
        Subject(SubjectKind.TEAM, "vision"), GPU_HOURS, Rule.LIMITED, at("2026-01-01"), Decimal(40)
    )
    store.budgets.set_budget(budget, "boss", clock.now)

    def of_team() -> Decimal:
        (found,) = sheet.read().balances.of(SubjectKind.TEAM, "vision")
        return found.left

    known = store.people_and_teams
    known.see_teams([SeenTeam("u1", "vision", "Vision", at("2026-01-01"))], at("2026-01-01"))
    store.add(facts("2026-11-10T08:00", "2026-11-10T18:00", "a", team_uid="u1"), clock.now)
    assert of_team() == 30
    known.see_teams([], at("2026-11-18"))
    known.see_teams([SeenTeam("u2", "vision", "Vision", at("2026-11-19"))], at("2026-11-19"))
    assert of_team() == 40


def test_a_new_price_and_the_next_day_are_taken_into_account(store, clock, sheet):
    store.add(facts("2026-11-18T08:00", "2026-11-18T10:00"), clock.now)
    assert left(sheet)["EUR"] == Decimal("97.60")
    store.set_price(Price("H100", Decimal(2), at("2026-11-01")), "boss", clock.now)
    assert left(sheet)["EUR"] == 96
    clock.now = at("2026-12-01T00:00+01:00")
    assert left(sheet) == {GPU_HOURS: 40, "EUR": 100}


def test_case_39_what_is_learnt_late_counts_in_the_month_in_which_it_was_used(store, clock, sheet):
    clock.now = at("2026-12-03T09:00+01:00")
    store.add(facts("2026-11-28T08:00", "2026-11-28T18:00"), clock.now)
    assert left(sheet)[GPU_HOURS] == 40
    store.add(facts("2026-11-30T23:00+01:00", "2026-12-01T02:00+01:00", "b"), clock.now)
    assert left(sheet)[GPU_HOURS] == 38


class CountedLock:
    """A lock that tells how many have asked for it."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.asked.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_of_those_who_wait_for_a_reading_one_begins_the_next_and_the_others_take_it_over(
    store, clock, sheet, monkeypatch
):
    """The reading that goes on began before they asked: it is none of theirs."""
    store.add(facts("2026-11-18T08:00", "2026-11-18T10:00"), clock.now)
    lock, charges, read, all_ask = CountedLock(), store.charges, [], threading.Event()

    def held_up(*given):
        found = charges(*given)
        read.append(found)
        assert len(read) > 1 or all_ask.wait(60)
        return found

    monkeypatch.setattr(store, "charges", held_up)
    monkeypatch.setattr(sheet, "_one_at_a_time", lock)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(left, sheet)
        assert lock.asked.acquire(timeout=60)
        until(lambda: read)
        store.add(facts("2026-11-19T08:00", "2026-11-19T11:00", "b"), clock.now)
        others = [pool.submit(left, sheet) for _ in range(3)]
        for _ in others:
            assert lock.asked.acquire(timeout=60)
        all_ask.set()
        assert first.result()[GPU_HOURS] == 38
        assert [each.result()[GPU_HOURS] for each in others] == [35] * 3
    assert len(read) == 2


def test_what_the_hub_needs_beside_balances_is_said(sheet):
    said = sheet.read().balances
    assert (said.time_zone, said.currency, said.hold_hours) == (BERLIN, "EUR", 4)
    assert said.rates == {"": Decimal("1.20")}
    assert {each.unit for each in said.balances} == {GPU_HOURS, "EUR"}
    assert sheet.read().begin_of(said.balances[0]) == at("2026-11-01T00:00+01:00")


def test_without_budgets_nothing_is_reckoned(store, clock):
    assert BalanceSheet(store, SITE, Decimal(4), clock).read().balances.balances == ()
