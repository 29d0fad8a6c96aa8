"""How long people waited, and what they asked for and did not get."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.database.asked import Asked
from gpucommons_accounting.reckoning.capacity.demand import demand_by_size
from gpucommons_accounting.reckoning.capacity.waits import Quantile, Wait, Waits, waits_by
from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.event import Source
from gpucommons_accounting.records.start import Start
from gpucommons_contract.told import StartFault, StartOutcome

from .sessions import at, fact, session

_DAY = Period(at("2026-11-30"), at("2026-12-01"))
_NOW = at("2026-11-30T18:00")
_HALF, _NEARLY_ALL = Decimal("0.5"), Decimal("0.95")


def _minutes(*lengths: int, over: bool = True) -> list[Wait]:
    return [Wait(timedelta(minutes=each), over) for each in lengths]


def _start(asked: str, outcome: StartOutcome, why: str = "", **said: object) -> Start:
    start = Start(
        start=f"{asked}/{outcome}/{why}",
        person="ada",
        server="",
        team="vision",
        environment="pytorch",
        size="gpu",
        units=Decimal(1),
        asked=at(asked),
        at=at(asked),
        outcome=outcome,
        why=why,
        fault=StartFault.NOBODY,
        sentence="",
        uid="",
    )
    return replace(start, **said)


def test_a_wait_is_from_the_press_until_the_node_and_the_parts_sum_up():
    found = derive(
        [
            fact("asked", "2026-11-30T09:00:00", Source.HUB)(),
            fact("created", "2026-11-30T09:00:01", size="gpu", units="1")(),
            fact("bound", "2026-11-30T09:50:05", node="n1", product="H100")(),
            fact("ready", "2026-11-30T09:54:00", Source.HUB)(),
            fact("ready", "2026-11-30T09:53:58", Source.KUBELET)(),
            fact("stopping", "2026-11-30T11:54:00")(),
            fact("ended", "2026-11-30T11:54:30", Source.KUBELET)(),
        ]
    )
    lengths = [each.length for each in found.intervals(_NOW)]
    said = [timedelta(minutes=50, seconds=5), timedelta(minutes=3, seconds=55)]
    assert lengths == [*said, timedelta(hours=2), timedelta(seconds=30)]
    (waits,) = waits_by([found], _DAY, _NOW, lambda each: each.choice.size).values()
    assert (waits.bound, waits.given_up, waits.waiting) == (1, 0, 0)
    assert waits.quantile(_HALF) == Quantile(timedelta(minutes=50, seconds=5), at_least=False)
    whole, there = timedelta(hours=2, minutes=54, seconds=30), timedelta(hours=2, seconds=265)
    assert waits.expansion == Decimal(whole // timedelta(seconds=1)) / (there.seconds)


def test_a_hub_whose_clock_is_ahead_moves_no_usage():
    facts = [
        fact("asked", "2026-11-30T11:00", Source.HUB)(),
        fact("created", "2026-11-30T09:00", size="gpu", units="1")(),
        fact("bound", "2026-11-30T09:00", node="n1")(),
        fact("ready", "2026-11-30T09:00", Source.KUBELET)(),
        fact("ended", "2026-11-30T10:00", Source.KUBELET)(),
    ]
    assert derive(facts) == derive(facts[1:])


@pytest.mark.parametrize(
    ("waits", "half", "at_least"),
    [
        (_minutes(1, 2, 3), 2, False),
        (_minutes(1, 2, 3, 4), 2, False),
        (_minutes(10) + _minutes(1, 2, 3, over=False), 10, False),
        (_minutes(1) + _minutes(5, 6, 30, over=False), 30, True),
        (_minutes(5, over=False), 5, True),
        # Who gave up after a minute says nothing of the tenth: of the three left, two got through.
        (_minutes(1, over=False) + _minutes(10, 20, 40), 20, False),
    ],
)
def test_half_of_all_waited_no_longer_than_this(waits, half, at_least):
    many = Waits()
    for wait in waits:
        many.put(wait)
    found = many.quantile(_HALF)
    assert (found.length, found.at_least) == (timedelta(minutes=half), at_least)


def test_nobody_s_waits_have_no_middle():
    assert Waits().quantile(_HALF) is None
    assert Waits().expansion is None


def test_who_gave_up_and_who_waits_still_are_counted():
    given_up = derive(
        [fact("created", "2026-11-30T09:00", size="gpu")(), fact("ended", "2026-11-30T09:20")()]
    )
    waiting = derive([fact("created", "2026-11-30T17:00", size="gpu")("b")])
    long_ago = derive([fact("created", "2026-11-29T17:00", size="gpu")("c")])
    found = waits_by([given_up, waiting, long_ago], _DAY, _NOW, lambda each: each.choice.size)
    assert (found["gpu"].given_up, found["gpu"].waiting, found["gpu"].bound) == (1, 1, 0)
    nearly_all = found["gpu"].quantile(_NEARLY_ALL)
    assert (nearly_all.length, nearly_all.at_least) == (timedelta(hours=1), True)


_REFUSED = StartOutcome.REFUSED


def test_five_tries_in_ten_minutes_are_one_demand_unmet():
    tries = [_start(f"2026-11-30T09:{minute}", _REFUSED, "quota") for minute in range(56, 60)]
    tries.append(_start("2026-11-30T10:05", _REFUSED, "quota"))
    usual = [session("2026-11-30T09:00", f"2026-11-30T{end}:00", end) for end in ("10", "11", "13")]
    found = demand_by_size(tries, usual, _DAY)["gpu"]
    assert (found.asked, found.refused["quota"], len(found.unmet)) == (5, 5, 1)
    assert (found.unmet[0].tries, found.unmet[0].had_after) == (5, None)
    assert in_hours(found.unmet_time) == 2


@pytest.mark.parametrize(
    "other",
    [
        lambda start: replace(start, person="ben"),
        lambda start: replace(start, size="share"),
        lambda start: replace(start, asked=at("2026-11-30T10:00")),
    ],
)
def test_another_person_size_or_hour_is_another_demand(other: Callable[[Start], Start]):
    first = _start("2026-11-30T09:00", _REFUSED, "quota")
    found = demand_by_size([first, replace(other(first), start="other")], [], _DAY)
    assert sum(len(each.unmet) for each in found.values()) == 2


def test_what_was_had_later_is_told_and_a_mistake_is_no_demand():
    ready = _start("2026-11-30T10:30", StartOutcome.READY, at=at("2026-11-30T10:31"))
    found = demand_by_size(
        [
            _start("2026-11-30T09:00", _REFUSED, "budget"),
            ready,
            _start("2026-11-30T12:00", _REFUSED, "options"),
        ],
        [],
        _DAY,
    )["gpu"]
    assert [each.had_after for each in found.unmet] == [timedelta(minutes=91)]
    assert found.unmet_time is None  # nobody knows how long such a session takes
    assert (found.ready, found.refused["options"]) == (1, 1)


def test_what_was_asked_for_before_and_had_only_after_another_try_was_had_later():
    found = demand_by_size(
        [
            _start("2026-11-30T09:00", StartOutcome.READY, at=at("2026-11-30T09:20")),
            _start("2026-11-30T09:10", _REFUSED, "quota"),
            _start("2026-11-30T09:30", _REFUSED, "quota"),
            _start("2026-11-30T12:00", _REFUSED, "quota"),
            _start("2026-12-01T12:01", StartOutcome.READY),
        ],
        [],
        _DAY,
    )["gpu"]
    assert [(each.tries, each.had_after) for each in found.unmet] == [
        (2, timedelta(minutes=10)),
        (1, None),
    ]


def test_what_a_session_is_usually_charged_is_the_middle_whatever_its_units_are():
    asked = [_start("2026-11-30T09:00", _REFUSED, "quota")]
    hours = [("10", "1"), ("11", "0.25"), ("12", "0.25"), ("13", "0.25")]
    usual = [
        session("2026-11-30T09:00", f"2026-11-30T{end}:00", end, units=units)
        for end, units in hours
    ]
    found = demand_by_size(asked, usual, _DAY)["gpu"]
    assert in_hours(found.unmet_time) == Decimal("0.875")  # of 0.5, 0.75, 1 and 1


@pytest.mark.parametrize("cut", ["09:00", "10:10", "12:30"])
def test_any_split_of_a_time_counts_each_demand_once(store, cut):
    minutes = ("08:30", "09:20", "10:15", "12:00", "12:50")
    tries = [_start(f"2026-11-30T{each}", _REFUSED, "quota") for each in minutes]
    store.starts.add([replace(each, start=str(number)) for number, each in enumerate(tries)])
    asked, middle = Asked(store.database), at(f"2026-11-30T{cut}")
    parts = Period(_DAY.begin, middle), Period(middle, _DAY.end)
    counts = [
        sum(len(each.unmet) for each in asked.demand(period).values()) for period in (_DAY, *parts)
    ]
    assert counts[0] == counts[1] + counts[2] == 3


def test_however_many_sessions_there_are_their_waits_are_summed_up_a_few_at_a_time(store):
    """Two thousand and one, each a second longer than the one before."""
    begin = at("2026-11-30T09:00")
    some = [
        [
            fact("created", begin, size="gpu", units="1")(f"s{number:04}"),
            fact("bound", begin + timedelta(seconds=number), node="n1")(f"s{number:04}"),
        ]
        for number in range(2001)
    ]
    store.add([each for facts in some for each in facts], _NOW)
    waited = Asked(store.database).waits(_DAY, _NOW)["gpu"]
    assert (waited.starts, waited.bound) == (2001, 2001)
    lengths = [each.length.total_seconds() for each in (waited.half, waited.nearly_all)]
    assert lengths == [1000, 1900]


def test_a_start_that_was_given_up_for_want_of_room_is_unmet_and_a_broken_one_is_not():
    given_up = _start("2026-11-30T09:00", StartOutcome.GIVEN_UP, "full", fault=StartFault.CAPACITY)
    changed_mind = _start(
        "2026-11-30T12:00", StartOutcome.GIVEN_UP, "person", fault=StartFault.PERSON
    )
    broken = _start("2026-11-30T15:00", StartOutcome.FAILED, "error", fault=StartFault.PLATFORM)
    found = demand_by_size([given_up, changed_mind, broken], [], _DAY)["gpu"]
    assert [each.asked for each in found.unmet] == [given_up.asked]
    assert (found.given_up, found.failed) == (2, {StartFault.PLATFORM: 1})
