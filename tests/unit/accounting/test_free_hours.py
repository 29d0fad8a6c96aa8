"""Which hours of the week had free GPUs, by the site's clock."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.reckoning.capacity.free_hours import FreeHours, free_hours
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.records.session import Session
from hypothesis import given
from hypothesis import strategies as st

from .sessions import BERLIN, at, session

_BERLIN = Calendar(BERLIN)
_NOVEMBER = _BERLIN.month(2026, 11)
_DECEMBER = at("2026-12-10T00:00")
_MONDAY, _SUNDAY = 0, 6


def _up(since: str, product: str = "H100", node: str = "n1") -> NodeFact:
    return NodeFact(node, at(since), NodeState.UP, product, Decimal(4))


def _found(facts, sessions, period: Period = _NOVEMBER, as_of: datetime = _DECEMBER, **more):
    return free_hours(facts, sessions, period, as_of, _BERLIN, **more)


def _free(found: FreeHours, day: int, hour: int) -> Decimal | None:
    return found.hours[day][hour].free


def test_a_session_takes_from_the_hours_in_which_it_was_there_by_the_site_s_clock():
    """In Berlin it is Monday from 09:30 until 11:00; November has five Mondays."""
    held = session("2026-11-09T08:30", "2026-11-09T10:00", units="2")
    found = _found([_up("2026-10-01")], [held])
    assert _free(found, _MONDAY, 8) == 4
    assert _free(found, _MONDAY, 9) == 4 - Decimal(2) / 2 / 5
    assert _free(found, _MONDAY, 10) == 4 - Decimal(2) / 5
    assert _free(found, _MONDAY, 11) == 4
    assert found.hours[_MONDAY][10].share == 1 - Decimal(2) / 4 / 5
    (_, _), least = found.ends()
    assert least == (_MONDAY, 10)


def test_a_session_of_many_hours_is_in_each_of_them():
    found = _found([_up("2026-10-01")], [session("2026-10-20T00:00", None, units="1")])
    assert {each.free for day in found.hours for each in day} == {3}


def test_an_hour_that_clocks_show_twice_counts_twice():
    """On Sunday, 25 October 2026, the third hour was there twice, and on 29 March not at all."""
    october, march = _BERLIN.month(2026, 10), _BERLIN.month(2026, 3)
    facts = [_up("2026-01-01")]
    twice = _found(facts, [], october).hours[_SUNDAY]
    assert twice[2].time - twice[3].time == timedelta(hours=1) // timedelta(microseconds=1)
    once = _found(facts, [], march).hours[_SUNDAY]
    assert once[3].time - once[2].time == timedelta(hours=1) // timedelta(microseconds=1)
    assert twice[2].free == once[2].free == 4


def test_what_was_before_the_first_look_is_not_known_and_not_free():
    found = _found([_up("2026-11-15T23:00")], [])
    assert found.total.coverage == Decimal(1) / 2
    assert _free(found, _MONDAY, 8) == 4
    unknown = _found([], [])
    assert (unknown.total.coverage, unknown.total.free, unknown.ends()) == (0, None, None)


def test_hours_to_come_are_not_in_it():
    found = _found([_up("2026-10-01")], [], as_of=at("2026-11-01T22:00"))
    assert found.hours[_SUNDAY][22].coverage == 1
    assert found.hours[_SUNDAY][23].coverage is None
    assert _free(found, _MONDAY, 0) is None


def test_a_cordoned_node_has_nothing_free_and_who_goes_on_there_takes_nothing_from_others():
    cordoned = NodeFact("n1", at("2026-10-02"), NodeState.CORDONED, "H100", Decimal(4))
    facts = [_up("2026-10-01"), cordoned, _up("2026-10-01", node="n2")]
    found = _found(facts, [session("2026-10-01T00:00", None)])  # on n1
    assert {each.free for day in found.hours for each in day} == {4}
    assert {each.gpus for day in found.hours for each in day} == {4}


def test_how_a_node_was_before_the_period_costs_nothing_for_each_session(monkeypatch):
    """A node that went up and down for a year."""
    looked, intervals = [], Session.intervals

    def counted(session: Session, as_of: datetime):
        looked.append(session.uid)
        return intervals(session, as_of)

    monkeypatch.setattr(Session, "intervals", counted)
    first = at("2025-10-01")
    facts = [
        NodeFact("n1", first + timedelta(days=day), state, "H100", Decimal(4))
        for day, state in enumerate([NodeState.DOWN, NodeState.UP] * 180)
    ]
    assert facts[-1].state is NodeState.UP
    found = _found(facts, [session("2026-10-20T00:00", None)])
    assert {each.free for day in found.hours for each in day} == {3}
    assert len(looked) == 1


def test_one_product_is_told_without_the_others():
    facts = [_up("2026-10-01"), _up("2026-10-01", "A100", "n2")]
    sessions = [session("2026-10-01T00:00", None)]
    assert _free(_found(facts, sessions), _MONDAY, 0) == 7
    assert _free(_found(facts, sessions, product="H100"), _MONDAY, 0) == 3
    assert _free(_found(facts, sessions, product="A100"), _MONDAY, 0) == 4


@pytest.mark.parametrize("zone", [BERLIN, "Asia/Kathmandu", "America/St_Johns"])
@given(
    parts=st.lists(st.tuples(st.integers(0, 45 * 24 * 60), st.integers(0, 5 * 24 * 60)), max_size=5)
)
def test_all_hours_together_are_what_sessions_held(zone, parts):
    calendar, begin = Calendar(zone), at("2026-10-20T00:00")
    month = calendar.month(2026, 11)
    sessions = []
    for number, (first, length) in enumerate(parts):
        since = begin + timedelta(minutes=first)
        sessions.append(session(since, since + timedelta(minutes=length), str(number)))
    facts = [NodeFact("n1", at("2026-10-01"), NodeState.UP, "H100", Decimal(9))]
    found = free_hours(facts, sessions, month, _DECEMBER, calendar).total
    held = sum((month.common(each.bound, each.gone) for each in sessions if each.gone), timedelta())
    assert found.held == held // timedelta(microseconds=1)
    assert found.time == found.known == (month.end - month.begin) // timedelta(microseconds=1)
