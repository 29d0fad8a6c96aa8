"""What more GPUs would have changed, from records: hand-worked cases."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.database.asked import Asked
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.reckoning.capacity.capacity_plan import (
    CapacityPlan,
    Figures,
    capacity_plan,
)
from gpucommons_accounting.reckoning.capacity.recorded_starts import Stay, usual_products
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.event import Event, Source
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.records.start import Start
from gpucommons_contract.told import StartFault, StartOutcome

from .sessions import at, fact

_DAY = Period(at("2026-11-30"), at("2026-12-01"))
_NOW = at("2026-12-02")
_MINUTE = timedelta(minutes=1)


def _moment(time: str) -> datetime:
    return at(time if "T" in time else f"2026-11-30T{time}")


def _facts(
    person: str, asked: str, had: str | None, ended: str | None, node: str = "n1", **more: str
) -> list[Event]:
    product = more.pop("product", "H100")
    said = {"person": person, "team": "vision", "size": "gpu", "units": "1"} | more
    uid = f"{person}/{asked}"
    found = [fact("created", _moment(asked), **said)(uid)]
    if had:
        found.append(fact("bound", _moment(had), node=node, product=product)(uid))
    if ended:
        found.append(fact("ended", _moment(ended), Source.KUBELET)(uid))
    return found


def _session(*parts: str | None, **more: str) -> Session:
    return derive(_facts(*parts, **more))


def _up(gpus: int, since: str = "2026-11-01T00:00", node: str = "n1", product="H100") -> NodeFact:
    return NodeFact(node, _moment(since), NodeState.UP, product, Decimal(gpus))


_ONE = _up(1)


def _plan(
    sessions, facts=(_ONE,), starts=(), as_of=_NOW, *, more=1, product="H100"
) -> CapacityPlan:
    known = {each.uid for each in sessions}
    stays = [Stay.of(each) for each in sessions if each.choice.units]
    return capacity_plan(
        facts,
        [each for each in stays if each.product in ("", product)],
        [each for each in starts if each.units and each.unmet and each.uid not in known],
        _DAY,
        as_of,
        product=product,
        usual=usual_products((each.size, each.product, 1) for each in stays if each.had),
        more=more,
    )


def _minutes(figures: Figures) -> tuple[int, ...]:
    """Starts, those that waited, in vain, and half and 95 of 100 in minutes."""
    half, nearly_all = (each.length // _MINUTE for each in (figures.half, figures.nearly_all))
    return figures.starts, figures.waited, figures.in_vain, half, nearly_all


_BUSY = [
    _session("ada", "09:00", "09:00", "11:00"),
    _session("ben", "09:30", "11:00", "12:00"),
    _session("cleo", "10:00", None, "10:20"),
]
"""One GPU, for which Ben waits and Cleo does so in vain: an hour and a half in the middle."""


_BEN, _CLEO = ("ben", "09:30", "11:00", "12:00"), ("cleo", "10:00", None, "10:20")
_GIVEN_UP = Start(
    start="1",
    person="dan",
    server="",
    team="vision",
    environment="pytorch",
    size="gpu",
    units=Decimal(1),
    asked=_moment("10:05"),
    at=_moment("10:15"),
    outcome=StartOutcome.GIVEN_UP,
    why="full",
    fault=StartFault.CAPACITY,
    sentence="",
    uid="a-pod-that-nobody-saw",
)


@pytest.mark.parametrize(
    ("more", "spared", "waited"),
    [(1, 1, (3, 1, 1, 0, 20)), (2, 2, (3, 0, 0, 0, 0)), (9, 2, (3, 0, 0, 0, 0))],
)
def test_starts_that_would_not_have_waited_are_counted_beside_how_well_the_replay_fits(
    more, spared, waited
):
    plan = _plan(_BUSY, more=more)
    assert _minutes(plan.recorded) == _minutes(plan.replayed) == (3, 2, 1, 90, 90)
    assert (plan.explained, plan.agreeing, plan.spared) == (2, 3, spared)
    assert _minutes(plan.with_more) == waited
    assert plan.basis.never_had == {"gpu": 1}
    assert plan.basis.lengths == {"gpu": timedelta(minutes=90)}
    assert (plan.gpus, plan.known) == (1, 1)


def test_who_would_have_given_up_holds_a_gpu_for_as_long_as_others_of_that_size():
    """Cleo has the second one from 10:00 until 11:30, so that Dan, who had one at 11:00, waits."""
    sessions = [
        *_BUSY[:1],
        _session("ben", "11:00", "11:00", "12:00"),
        _session("cleo", "10:00", None, "10:20"),
        _session("dan", "11:00", "12:00", "13:30"),
    ]
    plan = _plan(sessions)
    assert _minutes(plan.replayed)[1:3] == (2, 1)
    assert _minutes(plan.with_more)[1:3] == (1, 0)
    assert (plan.explained, plan.spared) == (2, 1)
    assert _minutes(plan.with_more)[4] == 30


def test_what_waited_for_something_else_is_not_explained_and_not_spared():
    plan = _plan([_session("ada", "09:00", "09:40", "10:00"), *_BUSY[1:2]])
    assert _minutes(plan.recorded)[1] == 2
    assert _minutes(plan.replayed)[1] == 0
    assert (plan.explained, plan.spared, plan.agreeing) == (0, 0, 0)


def test_a_minute_of_waiting_is_none():
    late = [_session("ada", "09:00", "09:01", "10:00"), _session("ben", "10:00", "10:02", "11:00")]
    assert _plan(late).recorded.waited == 1


def test_whoever_gave_up_and_asked_again_within_the_hour_asked_once():
    tries = [
        _session("cleo", "10:00", None, "10:20"),
        _session("cleo", "10:30", None, "10:40"),
        _session("cleo", "10:59", "11:10", "12:00"),
    ]
    plan = _plan([*tries, *_BUSY[:1]])
    assert _minutes(plan.recorded) == (2, 1, 0, 0, 70)
    assert _minutes(plan.replayed) == (2, 1, 0, 0, 60)
    assert (plan.basis.joined, plan.basis.never_had) == (2, {})


@pytest.mark.parametrize(
    "second",
    [
        _session("cleo", "11:00", None, "11:05"),
        _session("cleo", "10:10", None, "10:30"),  # beside the first one
        _session("dan", "10:30", None, "10:40"),
        _session("cleo", "10:30", None, "10:40", size="other"),
    ],
)
def test_another_hour_server_person_or_size_is_another_start(second):
    other = _session("eve", "2026-11-29T09:00", "2026-11-29T09:00", "00:30", size="other")
    plan = _plan([*_BUSY, second, other])
    assert (plan.recorded.starts, plan.basis.joined) == (4, 0)


def test_who_had_a_gpu_and_asks_again_within_the_hour_is_another_start():
    again = [_session("fay", "13:00", "13:00", "13:05"), _session("fay", "13:10", "13:10", "13:15")]
    plan = _plan(again)
    assert (plan.recorded.starts, plan.basis.joined) == (2, 0)


def test_a_start_of_which_only_the_hub_knows_is_one_and_a_refusal_is_told_apart():
    given_up = _GIVEN_UP
    refused = {"outcome": StartOutcome.REFUSED, "fault": StartFault.NOBODY, "uid": ""}
    starts = [
        given_up,
        replace(given_up, start="2", uid="cleo/10:00"),  # of the session that is known
        replace(given_up, start="3", why="quota", **refused),
        replace(given_up, start="4", why="workspace", **refused),
        replace(given_up, start="5", why="options", **refused),
        replace(given_up, start="6", why="quota", size="large", **refused),
        replace(given_up, start="7", why="quota", units=Decimal(0), **refused),
        replace(given_up, start="8", why="quota", asked=at("2026-11-29T23:59"), **refused),
    ]
    plan = _plan(_BUSY, starts=starts)
    assert plan.basis.refused == {"quota": 1, "workspace": 1}
    assert (plan.recorded.starts, plan.recorded.in_vain) == (4, 2)
    assert plan.basis.never_had == {"gpu": 2}


def test_of_a_start_without_gpus_the_product_is_that_of_most_sessions_of_its_size():
    facts = [_up(1), _up(2, node="n2", product="A100")]
    others = [
        _session(person, "09:00", "09:00", "10:00", node="n2", product="A100")
        for person in ("dan", "eve", "fay")
    ]
    plan = _plan([*_BUSY, *others[:1]], facts)
    assert plan.recorded.starts == 3
    assert plan.basis.lengths == {"gpu": timedelta(minutes=90)}  # of those that had this product
    assert _minutes(plan.replayed) == _minutes(plan.recorded)  # the other one serves nobody here
    assert _plan([*_BUSY, *others], facts).recorded.starts == 2
    assert _plan([*_BUSY, *others], facts, product="A100").recorded.starts == 4


def test_starts_of_which_nothing_is_known_are_left_out_and_counted():
    sessions = [
        _session("ada", "09:00", "09:00", None),  # nobody knows how long it will be
        _session("ben", "09:30", None, "10:00"),
        _session("cleo", "09:30", None, "10:00", size="never-ran"),
        _session("dan", "09:30", None, "10:00", size="cpu", units="0"),
    ]
    plan = _plan(sessions)
    assert (plan.recorded.starts, plan.basis.left_out) == (1, 2)


def test_what_was_held_or_awaited_before_the_period_counts_for_others_and_not_itself():
    sessions = [
        _session("ada", "2026-11-29T20:00", "2026-11-29T20:00", "01:00"),
        _session("ben", "2026-11-29T23:00", "01:00", "03:00"),
        _session("cleo", "00:30", "03:00", "04:00"),
    ]
    plan = _plan(sessions)
    assert _minutes(plan.recorded) == _minutes(plan.replayed) == (1, 1, 0, 150, 150)
    assert _minutes(plan.with_more) == (1, 1, 0, 30, 30)
    assert _minutes(_plan(sessions, more=2).with_more) == (1, 0, 0, 0, 0)


def test_what_waits_still_has_waited_until_now_and_what_runs_still_goes_on():
    sessions = [
        _session("eve", "07:00", "07:00", "08:00"),
        _session("ada", "09:00", "09:00", None),
        _session("ben", "09:30", None, None),
    ]
    plan = _plan(sessions, as_of=_moment("12:00"))
    assert _minutes(plan.recorded) == _minutes(plan.replayed)
    assert (plan.replayed.in_vain, plan.replayed.nearly_all.at_least) == (1, True)
    assert plan.replayed.nearly_all.length == timedelta(hours=2, minutes=30)
    assert plan.with_more.waited == 0


def test_a_cordoned_node_has_what_is_held_there_and_nothing_to_give():
    cordoned = NodeFact("n2", _moment("08:30"), NodeState.CORDONED, "H100", Decimal(1))
    sessions = [_session("eve", "08:00", "08:00", "09:45", node="n2"), *_BUSY]
    facts = [_ONE, _up(1, node="n2")]
    plan = _plan(sessions, [*facts, cordoned])
    assert _minutes(plan.replayed) == _minutes(plan.recorded) == (4, 2, 1, 0, 90)
    assert _minutes(_plan(sessions, facts).replayed) == (4, 2, 1, 0, 20)  # for Ben 15


def test_before_anybody_looked_there_was_what_was_held():
    plan = _plan(_BUSY, facts=())
    assert (plan.gpus, plan.known) == (None, 0)
    assert _minutes(plan.replayed) == (3, 2, 1, 90, 90)
    half = _plan(_BUSY, facts=[_up(2, since="12:00")])
    assert (half.gpus, half.known) == (2, Decimal("0.5"))
    assert half.replayed.waited == 2


def test_shares_are_parts_of_a_gpu():
    quarter = {"size": "share", "units": "0.25"}
    sessions = [
        *(_session(str(each), "09:00", "09:00", "10:00", **quarter) for each in range(4)),
        _session("ada", "09:10", "10:00", "11:00", **quarter),
    ]
    plan = _plan(sessions)
    assert (plan.replayed.waited, plan.with_more.waited, plan.spared) == (1, 0, 1)


def test_a_month_in_which_nobody_asked_has_no_waits():
    plan = _plan([])
    assert plan.recorded == Figures(0, 0, 0, None, None)
    assert plan.basis.refused == Counter()


def test_the_records_of_a_database_are_replayed(store):
    """Of another product nothing counts but what people of a size usually have."""
    for each in (
        *(_facts(*each) for each in (("ada", "09:00", "09:00", "11:00"), _BEN, _CLEO)),
        _facts("dan", "2026-11-29T09:00", "2026-11-29T09:00", "09:30", node="n2", product="A100"),
        _facts("eve", "09:00", "09:00", None, node="n2", units="0", product=""),
    ):
        store.add(each, _NOW)
    given_up = replace(
        _GIVEN_UP, start="2", asked=_moment("10:00"), at=_moment("10:20"), uid="cleo/10:00"
    )
    store.starts.add([_GIVEN_UP, given_up])
    plan = Asked(store.database).capacity_plan([_up(1)], _DAY, _NOW, "H100", 3)
    assert (plan.recorded.starts, plan.recorded.waited) == (4, 3)
    assert (plan.explained, plan.spared) == (3, 3)
    other = Asked(store.database).capacity_plan([_up(1)], _DAY, _NOW, "A100", 2)
    assert other.recorded.starts == 0
