"""What the hub tells, once or ten times and in any order, is one fact each."""

from dataclasses import fields, replace
from decimal import Decimal
from itertools import permutations

import pytest
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import in_hours
from gpucommons_accounting.reckoning.use.usage import usage_by
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.reason import ReasonCode
from gpucommons_accounting.records.session import Flag
from gpucommons_accounting.records.told import learnt
from gpucommons_contract.told import (
    EndReason,
    StartOutcome,
    ToldEnd,
    ToldError,
    ToldGone,
    ToldStart,
    read_told,
)

from .sessions import at, facts
from .store_behaviour import EVER, LEARNT

START = ToldStart(
    start="s1",
    person="ada",
    server="second",
    asked=at("2026-11-30T09:00"),
    at=at("2026-11-30T09:05"),
    outcome=StartOutcome.READY,
    team="vision",
    size="share",
    environment="pytorch",
    units=Decimal("0.142857"),
    uid="a",
)
END = ToldEnd("a", at("2026-11-30T10:05"), EndReason.ADMINISTRATOR, "Maintenance.", "root")
GONE = ToldGone("a", at("2026-11-30T10:06"))


@pytest.mark.parametrize("told", [START, END, ToldEnd("a", at("2026-11-30"), None), GONE])
def test_what_is_told_arrives_as_it_was(told):
    assert read_told(told.as_json()) == told


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "x"}, "its kind must be one of start, end, gone"),
        ({"outcome": "x"}, "'x' is not a valid StartOutcome"),
        ({"units": "NaN"}, "units must be 0 to 1024"),
        ({"units": "x"}, "it is no start"),
        ({"asked": "2026-11-30T09:00"}, "has no time zone"),
        ({"person": 3}, "person is no text"),
        ({"person": None}, "it is no start"),
        ({"uid": "x" * 65}, "uid has more than 64 characters"),
    ],
)
def test_what_makes_no_sense_is_refused_alone(change, why):
    wrong = START.as_json() | change
    with pytest.raises(ToldError, match=why):
        read_told(wrong)
    found = learnt([wrong, END.as_json(), [], None])
    assert (len(found.refused), len(found.events)) == (3, 1)


def test_each_reason_that_the_hub_knows_is_one_of_the_records():
    assert set(EndReason) < set(ReasonCode)


def test_the_reason_is_the_hub_s_and_where_it_has_none_the_pod_s():
    seen = facts("2026-11-30T09:00", "2026-11-30T10:05")
    told = learnt([END.as_json()]).events
    found = derive([*seen, *told]).reason
    assert (found.code, found.sentence, found.by) == ("administrator", "Maintenance.", "root")
    read = learnt([ToldEnd("a", END.at, None, "Its node was low on memory.").as_json()]).events
    found = derive([*seen, *read]).reason
    assert (found.code, found.sentence) == (ReasonCode.UNKNOWN, "Its node was low on memory.")


def test_a_session_that_accounting_did_not_see_at_all_is_charged_by_the_hub_s_word():
    events = learnt(each.as_json() for each in (START, END, GONE)).events
    for order in permutations(events):
        found = derive(order)
        assert (found.requested, found.ready, found.gone) == (START.asked, START.at, GONE.at)
        assert (found.choice.person, found.choice.size) == ("ada", "share")
        assert Flag.NOT_DESCRIBED not in found.flags
    (usage,) = usage_by([found], EVER, LEARNT, lambda each: each.choice.team).values()
    assert round(in_hours(usage.charged), 6) == round(Decimal("0.142857") * 61 / 60, 6)


def test_where_the_pod_was_seen_its_own_word_counts():
    seen = facts("2026-11-30T09:01", "2026-11-30T10:05", size="gpu")
    told = learnt(each.as_json() for each in (START, GONE)).events
    found = derive([*told, *seen])
    assert (found.bound, found.gone) == (at("2026-11-30T09:01"), at("2026-11-30T10:05"))
    assert (found.choice.size, found.ready) == ("gpu", START.at)


def test_what_is_told_again_changes_nothing(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'a.sqlite'}")
    store.open()
    kept = [each.name for each in fields(START)]
    for told in (START, replace(START, outcome=StartOutcome.FAILED), START):
        store.starts.add(learnt([told.as_json()]).starts)
    (found,) = store.starts.of(EVER)
    assert {name: getattr(found, name) for name in kept} == {
        name: getattr(START, name) for name in kept
    }
    store.close()
