"""A session follows from what was learnt about it, whoever was away meanwhile."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.periods.calendar import in_hours, microseconds
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.reason import ReasonCode
from gpucommons_accounting.records.session import Flag, Session, State

from .sessions import at, fact, facts, session

_LATER = at("2026-12-01T00:00")


def _hours(found: Session, *states: State) -> Decimal:
    spans = [each for each in found.intervals(_LATER) if each.state in states]
    return round(in_hours(sum(microseconds(each.length) for each in spans)), 4)


def _held(found: Session) -> Decimal:
    return _hours(found, State.STARTING, State.CHARGED, State.ENDING)


def test_each_part_of_a_life_is_told_apart_and_they_sum_up_to_the_whole():
    found = derive(
        [
            fact("asked", "2026-11-30T09:00:00", Source.HUB)(),
            fact("created", "2026-11-30T09:00:01", units="1")(),
            fact("admitted", "2026-11-30T09:50:00")(),
            fact("bound", "2026-11-30T09:50:05")(),
            fact("ready", "2026-11-30T09:54:00", Source.HUB)(),
            fact("stopping", "2026-11-30T11:54:00")(),
            fact("ended", "2026-11-30T11:54:30", Source.KUBELET)(),
        ]
    )
    lengths = {each.state: each.length for each in found.intervals(_LATER)}
    assert lengths == {
        State.WAITING: timedelta(minutes=50, seconds=5),
        State.STARTING: timedelta(minutes=3, seconds=55),
        State.CHARGED: timedelta(hours=2),
        State.ENDING: timedelta(seconds=30),
    }
    assert _held(found) == Decimal("2.0736")
    assert sum(lengths.values(), timedelta()) == timedelta(hours=2, minutes=54, seconds=30)


def test_an_end_that_the_kubelet_wrote_down_counts_whenever_it_is_read():
    found = session("2026-11-30T09:00", "2026-11-30T10:40")
    assert _hours(found, State.CHARGED) == Decimal("1.6667")
    assert (found.end_source, found.uncertainty) == (Source.KUBELET, timedelta())


def test_where_only_samples_tell_of_the_end_it_is_known_to_within_two_of_them():
    gone = fact("missing", "2026-11-30T09:59:30", Source.ACCOUNTING, by="2026-11-30T12:00+00:00")
    sampled = fact("ended", "2026-11-30T10:39:45", Source.TELEMETRY, within_seconds="15")
    found = derive([*facts("2026-11-30T09:00", None), gone(), sampled()])
    assert _hours(found, State.CHARGED) == Decimal("1.6625")
    assert found.uncertainty == timedelta(seconds=15)
    assert found.flags == {Flag.END_UNCERTAIN}


def test_what_nobody_saw_is_charged_at_its_lower_bound():
    gone = fact("missing", "2026-11-30T09:59:30", Source.ACCOUNTING, by="2026-11-30T12:00+00:00")
    found = derive([*facts("2026-11-30T09:00", None), gone()])
    assert _hours(found, State.CHARGED) == Decimal("0.9917")
    assert round(in_hours(microseconds(found.uncertainty)), 4) == Decimal("2.0083")
    assert found.flags == {Flag.END_UNCERTAIN}
    assert found.reason.code is ReasonCode.UNKNOWN


def test_what_is_there_after_all_was_never_missing():
    gone = fact("missing", "2026-11-30T09:59:30", Source.ACCOUNTING, by="2026-11-30T12:00+00:00")
    seen = fact("seen", "2026-11-30T12:05", Source.ACCOUNTING)
    found = derive([*facts("2026-11-30T09:00", None), gone(), seen()])
    assert found.runs
    again = fact("missing", "2026-11-30T12:30", Source.ACCOUNTING, by="2026-11-30T13:00+00:00")
    found = derive([*facts("2026-11-30T09:00", None), gone(), seen(), again()])
    assert found.gone == at("2026-11-30T12:30")


def test_facts_that_come_twice_or_in_another_order_change_nothing():
    all_facts = [
        *facts("2026-11-30T09:00", "2026-11-30T10:40"),
        fact("bound", "2026-11-30T09:00", node="n1")(),
        fact("stopping", "2026-11-30T10:39")(),
        fact("ended", "2026-11-30T10:41")(),
        fact("reason", "2026-11-30T10:39", Source.CULLER, code="idle")(),
        fact("reason", "2026-11-30T10:40", Source.HUB, code="person")(),
    ]
    found = derive(all_facts)
    assert found == derive([*reversed(all_facts), *all_facts])
    assert (found.gone, found.product) == (at("2026-11-30T10:40"), "H100")


def test_a_start_that_comes_to_nothing_is_not_charged():
    found = derive(
        [
            fact("created", "2026-11-30T09:00", units="1")(),
            fact("bound", "2026-11-30T09:00")(),
            fact("stopping", "2026-11-30T09:10")(),
            fact("ended", "2026-11-30T09:10")(),
            fact("reason", "2026-11-30T09:10", Source.HUB, code="start-failed")(),
        ]
    )
    assert _hours(found, State.CHARGED) == 0
    assert _held(found) == Decimal("0.1667")
    assert found.reason.code is ReasonCode.START_FAILED


def test_a_session_whose_node_is_lost_is_charged_until_then():
    found = derive(
        [
            *facts("2026-11-30T12:00", None),
            fact("node-lost", "2026-11-30T13:00")(),
            fact("stopping", "2026-11-30T13:05")(),
            fact("ended", "2026-11-30T13:05")(),
        ]
    )
    assert _hours(found, State.CHARGED) == 1
    assert _held(found) == Decimal("1.0833")
    assert found.reason.code is ReasonCode.NODE_LOST


@pytest.mark.parametrize(
    ("said", "code", "sentence"),
    [
        ([], "unknown", ""),
        ([fact("stopping", "2026-11-30T10:00")()], "deleted", ""),
        (
            [fact("reason", "2026-11-30T10:00", Source.KUBELET, code="out-of-memory")()],
            "out-of-memory",
            "",
        ),
        (
            [
                fact("reason", "2026-11-30T09:59", Source.HUB, code="person")(),
                fact("reason", "2026-11-30T10:00", Source.CULLER, code="idle", sentence="Idle.")(),
            ],
            "idle",
            "Idle.",
        ),
    ],
)
def test_who_ended_it_knows_better_why_than_who_saw_it_end(said, code, sentence):
    found = derive([*facts("2026-11-30T09:00", "2026-11-30T10:00"), *said])
    assert (found.reason.code, found.reason.sentence) == (code, sentence)


def test_an_end_before_its_beginning_is_no_time_and_is_flagged():
    found = session("2026-11-30T12:00", "2026-11-30T11:59")
    assert _held(found) == 0
    assert Flag.CLOCKS_DISAGREE in found.flags


def test_what_nobody_described_is_kept_and_said():
    found = derive([fact("ended", "2026-11-30T12:00")()])
    assert found.flags == {Flag.NOT_DESCRIBED}
    assert found.choice.units == 0


def test_a_session_that_runs_has_no_reason_and_counts_until_now():
    found = session("2026-11-30T09:00", None)
    assert (found.runs, found.reason) == (True, None)
    (interval,) = found.intervals(at("2026-11-30T11:00"))
    assert interval.length == timedelta(hours=2)


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        Event(Source.HUB, EventKind.READY, "a", at("2026-11-30T09:00").replace(tzinfo=None))


def _learnt(event: Event, moment: str) -> Event:
    return replace(event, learnt=at(moment))


def test_a_node_that_is_called_otherwise_later_changes_nothing_of_what_was_on_it():
    first = _learnt(
        fact("bound", "2026-11-30T09:00", node="n1", product="H100")(), "2026-11-30T09:01"
    )
    later = [
        _learnt(fact("bound", "2026-11-30T09:00", node="n1", product=name)(), "2026-11-30T10:00")
        for name in ("A100", "H100-SHARED", "Z1")
    ]
    created = fact("created", "2026-11-30T09:00", units="1")()
    for other in later:
        assert derive([created, other, first]).product == "H100"


def test_of_two_descriptions_the_one_that_was_learnt_first_counts():
    one = _learnt(fact("created", "2026-11-30T09:00", person="ada")(), "2026-11-30T09:01")
    for person in ("ben", "zoe"):
        two = _learnt(fact("created", "2026-11-30T09:00", person=person)(), "2026-11-30T11:00")
        assert derive([two, one]).choice.person == "ada"


@pytest.mark.parametrize("units", ["abc", "NaN", "Infinity", "-1", "1e9", ""])
def test_units_that_make_no_sense_count_as_none_and_are_said(units):
    found = derive([fact("created", "2026-11-30T09:00", units=units, person="ada")()])
    assert (found.choice.units, found.flags) == (0, {Flag.NOT_DESCRIBED})


def test_a_container_that_ran_was_ready_where_nobody_saw_it_so():
    started = fact("ready", "2026-11-30T09:00:20", Source.KUBELET, container="started")()
    assert derive([started]).ready == at("2026-11-30T09:00:20")
    seen = fact("ready", "2026-11-30T09:00:40", Source.KUBELET)()
    assert derive([started, seen]).ready == at("2026-11-30T09:00:40")


def test_a_clock_that_is_behind_ends_no_session_before_it_was_there():
    missing = fact("missing", "2026-11-30T08:00", Source.ACCOUNTING, by="2026-11-30T12:00+00:00")
    found = derive([*facts("2026-11-30T09:00", None), missing()])
    assert (found.gone, found.gone_by) == (at("2026-11-30T09:00"), at("2026-11-30T12:00"))
    assert found.flags == {Flag.END_UNCERTAIN}
