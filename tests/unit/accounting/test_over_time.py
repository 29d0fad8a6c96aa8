"""What teams used in the parts of a month, a quarter and a year."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.database.sums.reports import Wanted
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.reckoning.periods.calendar import Calendar, in_hours
from gpucommons_accounting.reckoning.periods.named_period import MONTH, QUARTER, YEAR, NamedPeriod
from gpucommons_accounting.reckoning.use.over_time import OverTime, capacities
from gpucommons_accounting.reckoning.use.report import By
from hypothesis import given
from hypothesis import strategies as st

from .sessions import BERLIN, at, facts

_BERLIN = Calendar(BERLIN)
_NOW = at("2026-11-30T12:00")


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_is_read_as_it_is_written(name, first, end):
    found = NamedPeriod.read(name)
    assert (found.first, found.end, str(found)) == (first, end, name)


@pytest.mark.parametrize("name", ["2026-13", "2026-Q5", "2026-q1", "26", "1999", "2026-1", ""])
def test_what_names_no_period_is_answered_with_what_does(name):
    with pytest.raises(ValueError, match="a quarter such as 2026-Q4"):
        NamedPeriod.read(name)


@given(st.dates(date(2000, 1, 1), date(2998, 1, 1)), st.sampled_from([MONTH, QUARTER, YEAR]))
def test_periods_and_their_parts_follow_each_other_without_a_gap(day, months):
    found = NamedPeriod.around(day, months)
    assert found.first <= day <= found.last
    assert NamedPeriod.read(str(found)) == found
    assert found.after.first == found.end
    assert found.after.before == found
    steps = found.steps()
    assert steps[0] == found.first
    assert steps == sorted(set(steps))
    assert steps[-1] < found.end


def test_a_quarter_s_weeks_begin_on_monday():
    steps = NamedPeriod.read("2026-Q4").steps()
    assert steps[:3] == [date(2026, 10, 1), date(2026, 10, 5), date(2026, 10, 12)]
    assert all(day.weekday() == 0 for day in steps[1:])


@pytest.fixture
def filled(berlin_store):
    """Sessions of two teams over month ends and over the change of clocks; one runs."""
    begin = at("2026-09-28T20:00")
    for number in range(40):
        since = begin + number * timedelta(hours=37)
        end = None if number == 39 else since + timedelta(hours=number)
        team = "audio" if number % 3 else "vision"
        berlin_store.add(facts(since, end, str(number), team=team, units="0.142857"), _NOW)
    return berlin_store


def _over_time(store: Store, name: str, team: str | None = None) -> OverTime:
    found = OverTime(NamedPeriod.read(name), _BERLIN)
    wanted = [Wanted(step.period, By.TEAM) for step in found.steps]
    said = store.reports(wanted, _NOW, Whose(team=team))
    found.fill({each.period: report for each, report in said.items()})
    return found


@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize("name", ["2026-10", "2026-Q4", "2026"])
def test_all_parts_together_are_what_the_report_says(filled, name, totals):
    if totals:
        filled.make_totals()
    found = _over_time(filled, name)
    said = filled.report(NamedPeriod.read(name).within(_BERLIN), _NOW, By.TEAM)
    assert filled.totals_are_made() == totals
    assert dict(found.teams()) == {line.about: line.usage.charged for line in said.lines}
    assert sum(step.allocated for step in found.steps) == said.total.usage.allocated
    for step in found.steps:
        of_step = filled.report(step.period, _NOW, By.TEAM).total.usage
        assert sum(step.charged.values()) == of_step.charged


def test_one_team_is_told_without_the_others(filled):
    filled.make_totals()
    found = _over_time(filled, "2026-10", "vision")
    assert [team.name for team, _ in found.teams()] == ["vision"]


def test_what_there_was_is_told_of_each_part(filled):
    found = _over_time(filled, "2026-10")
    known = [
        NodeFact("n1", at("2026-10-02T22:00"), NodeState.UP, "H100", Decimal(4)),
        NodeFact("n2", at("2026-10-02T22:00"), NodeState.DOWN, "A100", Decimal(1)),
    ]
    there = capacities(known, found.steps, _NOW)
    assert [in_hours(each.reported) for each in there[1:3]] == [0, 120]
    assert in_hours(there[2].usable) == 96
    assert in_hours(there[24].reported) == 125  # clocks were put back
