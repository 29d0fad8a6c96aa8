"""GPU-hours in days and months of the site, shared GPUs, and sums that are exact."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState, capacity
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, in_hours
from gpucommons_accounting.reckoning.use.activity import Activity, efficiency
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.report import By, report
from gpucommons_accounting.reckoning.use.usage import Usage, hours, usage_by
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.event import Source
from hypothesis import given
from hypothesis import strategies as st

from .sessions import BERLIN, at, fact, facts, later, session

_CALENDAR = Calendar(BERLIN)
_LATER = at("2027-06-01T00:00")


def _charged(sessions, period: Period) -> Decimal:
    found = usage_by(sessions, period, _LATER, lambda _: "all")
    return in_hours(found["all"].charged) if found else Decimal(0)


def _four_gpus(since: str, *more: NodeFact) -> list[NodeFact]:
    return [NodeFact("A", at(since), NodeState.UP, "H100", Decimal(4)), *more]


@pytest.mark.parametrize(
    ("begin", "end", "days", "whole_day"),
    [
        ("2026-10-24T22:00+02:00", "2026-10-25T06:00+01:00", ["2", "7"], "100"),
        ("2027-03-27T22:00+01:00", "2027-03-28T06:00+02:00", ["2", "5"], "92"),
    ],
)
def test_a_day_on_which_clocks_change_has_the_hours_that_it_has(begin, end, days, whole_day):
    found = session(begin, end)
    per_day = _CALENDAR.days(Period(at(begin), at(end)))
    assert [_charged([found], period) for _, period in per_day] == [Decimal(each) for each in days]
    day = _CALENDAR.day(at(end).date())
    reported = capacity(_four_gpus("2026-01-01"), day, _LATER)["H100"].reported
    assert in_hours(reported) == Decimal(whole_day)


def test_an_hour_that_clocks_show_twice_is_an_hour():
    found = session("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00")
    assert _charged([found], _CALENDAR.day(date(2026, 10, 25))) == 1


def test_a_month_ends_by_the_site_s_clock():
    found = session("2026-11-30T22:15+01:00", "2026-12-01T02:45+01:00", units="2")
    november, december = _CALENDAR.month(2026, 11), _CALENDAR.month(2026, 12)
    assert _charged([found], november) == Decimal("3.5")
    assert _charged([found], december) == Decimal("5.5")
    utc = Calendar("UTC")
    assert _charged([found], utc.month(2026, 11)) == Decimal("5.5")
    for month, started in ((november, 1), (december, 0)):
        usage = usage_by([found], month, _LATER, lambda _: "all")["all"]
        assert (usage.started, usage.active) == (started, 1)


def test_people_with_names_that_begin_alike_are_apart():
    spans = {"ada": "02:00", "ada2": "05:00", "ada-lovelace": "01:00"}
    sessions = [
        session("2026-11-30T00:00", f"2026-11-30T{end}", person, person=person)
        for person, end in spans.items()
    ]
    found = usage_by(sessions, _CALENDAR.month(2026, 11), _LATER, lambda s: s.choice.person)
    assert {who: hours(usage.charged) for who, usage in found.items()} == {
        "ada": Decimal("2.00"),
        "ada2": Decimal("5.00"),
        "ada-lovelace": Decimal("1.00"),
    }


@pytest.mark.parametrize(
    ("count", "units", "length", "right"),
    [
        (1, "0.25", 2, "0.50"),
        (16, "0.25", 2, "8.00"),
        (1, "0.142857", 7, "1.00"),
        (7, "0.142857", 1, "1.00"),
        (3600, "1", 1 / 3600, "1.00"),
    ],
)
def test_parts_of_gpus_sum_up_to_gpus(count, units, length, right):
    begin = "2026-11-10T00:00"
    sessions = [
        session(begin, later(begin, hours=length), str(each), units=units) for each in range(count)
    ]
    month = _CALENDAR.month(2026, 11)
    assert hours(usage_by(sessions, month, _LATER, lambda _: 0)[0].allocated) == Decimal(right)


def test_shares_are_part_of_what_there_is():
    begin = "2026-11-10T00:00"
    sessions = [
        session(begin, later(begin, hours=2), str(each), units="0.25") for each in range(10)
    ]
    period = Period(at(begin), later(begin, hours=2))
    there = capacity(_four_gpus("2026-01-01"), period, _LATER)["H100"]
    allocated = usage_by(sessions, period, _LATER, lambda _: 0)[0].allocated
    assert there.allocation_rate(allocated) == Decimal("0.625")


def test_gpus_that_are_cordoned_are_there_and_not_to_be_had():
    day = Period(at("2026-11-10"), at("2026-11-11"))
    gpu = {"product": "H100", "gpus": Decimal(1)}
    facts = [
        *(NodeFact(node, at("2026-11-01"), NodeState.UP, **gpu) for node in "ABCD"),
        NodeFact("A", at("2026-11-10T06:00"), NodeState.CORDONED, **gpu),
        NodeFact("A", at("2026-11-10T12:00"), NodeState.UP, **gpu),
    ]
    there = capacity(facts, day, _LATER)["H100"]
    assert (in_hours(there.reported), in_hours(there.cordoned), in_hours(there.usable)) == (
        96,
        6,
        90,
    )


def test_what_ends_on_a_cordoned_node_makes_the_site_no_fuller_than_full():
    period = Period(at("2026-11-10T00:00"), at("2026-11-10T10:00"))
    facts = [
        NodeFact("A", at("2026-11-01"), NodeState.UP, "H100", Decimal(1)),
        NodeFact("A", at("2026-11-10T02:00"), NodeState.CORDONED, "H100", Decimal(1)),
    ]
    there = capacity(facts, period, _LATER)["H100"]
    held = usage_by([session("2026-11-10T00:00", None)], period, _LATER, lambda _: 0)[0].allocated
    beside = Decimal(8) / 10 * held
    assert there.allocation_rate(held) == 5
    assert there.allocation_rate(held, beside) == 1


def test_a_node_that_is_there_counts_until_now_and_one_that_is_gone_no_longer():
    period = Period(at("2026-11-10"), at("2026-11-11"))
    gone = NodeFact("A", at("2026-11-10T03:00"), NodeState.ABSENT)
    assert in_hours(
        capacity(_four_gpus("2026-11-01"), period, at("2026-11-10T01:00"))["H100"].reported
    ) == Decimal(4)
    there = capacity(_four_gpus("2026-11-01", gone), period, _LATER)
    assert in_hours(there["H100"].reported) == 12


def test_what_is_not_known_is_neither_idle_nor_at_work():
    measured = Activity("a", at("2026-11-10"), Decimal(10800), Decimal(4320), Decimal(5400))
    found = efficiency(Decimal(14400), [(Decimal(1), measured)])
    assert found.used / 3600 == Decimal("1.2")
    assert (found.efficiency, found.idle_share, found.coverage) == (
        Decimal("0.4"),
        Decimal("0.5"),
        Decimal("0.75"),
    )


def test_four_shares_of_one_busy_gpu_use_it_once():
    quarter = Decimal("0.25")
    measured = [
        (quarter, Activity(each, at("2026-11-10"), Decimal(3600), Decimal(2880), Decimal(0)))
        for each in "abcd"
    ]
    assert efficiency(Decimal(3600), measured).used / 3600 == Decimal("0.8")


def test_of_what_was_not_measured_nothing_is_said():
    found = efficiency(Decimal(3600), [])
    assert (found.efficiency, found.idle_share, found.coverage, found.unknown) == (
        None,
        None,
        0,
        3600,
    )


def test_what_may_have_been_more_is_in_no_sum():
    usage = Usage()
    uncertain = session("2026-11-10T09:00", "2026-11-10T10:00")
    uncertain = type(uncertain)(
        uncertain.uid,
        uncertain.choice,
        uncertain.requested,
        bound=uncertain.bound,
        ready=uncertain.ready,
        gone=uncertain.gone,
        gone_by=at("2026-11-10T12:00"),
    )
    usage.add(uncertain, Period(at("2026-11-10"), at("2026-11-11")), _LATER)
    assert (in_hours(usage.allocated), in_hours(usage.uncertain)) == (1, 2)


def test_a_time_zone_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'Berlin' is no time zone"):
        Calendar("Berlin")


_MOMENTS = st.datetimes(
    datetime(2026, 10, 1),
    datetime(2026, 12, 1),
    timezones=st.just(UTC),
)
_UNITS = st.sampled_from(["0", "0.142857", "0.25", "1", "8"])


@st.composite
def _sessions(draw):
    found = []
    for number in range(draw(st.integers(1, 8))):
        begin = draw(_MOMENTS)
        length = draw(st.timedeltas(timedelta(), timedelta(days=40)))
        end = draw(st.sampled_from([begin + length, None]))
        who = draw(st.sampled_from(["ada", "bob"]))
        units, team = draw(_UNITS), draw(st.sampled_from(["vision", "astro"]))
        found.append(session(begin, end, str(number), units=units, person=who, team=team))
    return found


@given(_sessions(), _MOMENTS)
def test_people_teams_and_days_sum_up_to_the_whole(sessions, as_of):
    whole = Period(at("2026-09-01"), at("2027-02-01"))

    def total(period: Period, key) -> Decimal:
        found = usage_by(sessions, period, as_of, key)
        return sum((usage.allocated for usage in found.values()), Decimal(0))

    everything = total(whole, lambda _: 0)
    assert everything == total(whole, lambda each: each.choice.person)
    assert everything == total(whole, lambda each: each.choice.team)
    days = (period for _, period in _CALENDAR.days(whole))
    assert everything == sum((total(day, lambda _: 0) for day in days), Decimal(0))


def test_each_start_is_counted_on_its_day_and_each_uncertain_end_where_it_was():
    sessions = [session("2026-11-10T12:00", "2026-11-10T11:59", "a")]
    month = _CALENDAR.month(2026, 11)
    said = report(sessions, month, _LATER, By.DAY, calendar=_CALENDAR, prices=PriceList([]))
    assert [(line.name, line.usage.started) for line in said.lines] == [("2026-11-10", 1)]
    gone = fact("missing", "2026-12-02T00:00", Source.ACCOUNTING, by="2026-12-03T00:00+00:00")
    over = derive([*facts("2026-11-30T00:00", None), gone()])
    for year, number, uncertain in ((2026, 11, 0), (2026, 12, 1)):
        of_month = _CALENDAR.month(year, number)
        said = report([over], of_month, _LATER, By.TEAM, calendar=_CALENDAR, prices=PriceList([]))
        assert said.total.uncertain_ends == uncertain
