"""What became of GPU time: used, spare, idle and unknown are all of it, in any split."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, in_hours
from gpucommons_accounting.reckoning.use.activity import (
    QUARTER,
    Activity,
    Efficiency,
    Meter,
    quarter_of,
)
from gpucommons_accounting.reckoning.use.efficiencies import efficiencies, efficiency_in
from gpucommons_accounting.reckoning.use.readings import Reading, activities
from gpucommons_accounting.reckoning.use.report import About, By
from hypothesis import given
from hypothesis import strategies as st

from .sessions import BERLIN, at, later, session

_LATER = at("2027-06-01T00:00")
_MONTH = Calendar(BERLIN).month(2026, 11)
_BEGIN = at("2026-11-10T09:00")


def _readings(begin: datetime, minutes: int, percent: float, highest: float | None = None):
    highest = percent if highest is None else highest
    for number in range(minutes):
        since = begin + timedelta(minutes=number)
        yield Reading(since, since + timedelta(minutes=1), percent, highest)


def _measured(uid: str, *readings: Reading, there: Period = _MONTH) -> list[Activity]:
    return activities(uid, readings, there, Meter.PROMETHEUS)


def _hours(found: Efficiency) -> tuple[Decimal, ...]:
    amounts = found.allocated, found.used, found.spare, found.idle, found.unknown
    return tuple(in_hours(each) for each in amounts)


def test_an_hour_without_telemetry_is_unknown_and_neither_idle_nor_at_work():
    measured = _measured(
        "a",
        *_readings(later("2026-11-10T10:00"), 90, 80),
        *_readings(later("2026-11-10T11:30"), 90, 0),
    )
    found = efficiency_in(session(_BEGIN, "2026-11-10T13:00"), measured, _MONTH, _LATER)
    assert _hours(found) == (4, Decimal("1.2"), Decimal("0.3"), Decimal("1.5"), 1)
    assert (found.efficiency, found.idle_share, found.coverage) == (
        Decimal("0.4"),
        Decimal("0.5"),
        Decimal("0.75"),
    )


def test_four_shares_of_one_busy_gpu_use_it_once():
    shares = [session(_BEGIN, "2026-11-10T10:00", uid, units="0.25") for uid in "abcd"]
    measured = {each.uid: _measured(each.uid, *_readings(_BEGIN, 60, 80)) for each in shares}
    found = efficiencies(shares, measured, _MONTH, _LATER, by=By.TEAM, calendar=Calendar(BERLIN))
    assert _hours(found.total) == (1, Decimal("0.8"), Decimal("0.2"), 0, 0)
    assert found.of(About("vision", "Vision")) == found.total
    assert efficiency_in(shares[0], measured["a"], _MONTH, _LATER).used * 4 == found.total.used


def test_of_a_slice_that_nobody_measures_nothing_is_idle():
    found = efficiency_in(session(_BEGIN, "2026-11-10T10:00"), [], _MONTH, _LATER)
    assert _hours(found) == (1, 0, 0, 0, 1)
    assert (found.coverage, found.idle_share, found.efficiency) == (0, None, None)


def test_a_minute_with_one_sample_of_work_is_not_idle():
    (found,) = _measured("a", *_readings(_BEGIN, 1, 0.5, 4), *_readings(_BEGIN + QUARTER / 3, 2, 3))
    assert (found.known_seconds, found.idle_seconds) == (180, 120)
    assert found.busy_seconds == Decimal("0.3")


def test_readings_count_while_the_session_was_there():
    there = Period(later("2026-11-10T09:10:30"), later("2026-11-10T09:20:15"))
    found = _measured("a", *_readings(_BEGIN, 60, 100), there=there)
    assert [(each.begin, each.known_seconds) for each in found] == [
        (_BEGIN, 270),
        (_BEGIN + QUARTER, 315),
    ]


def test_an_end_that_is_learnt_late_leaves_nothing_that_was_not_held():
    measured = _measured("a", *_readings(_BEGIN, 30, 50))
    found = efficiency_in(session(_BEGIN, later("2026-11-10T09:05")), measured, _MONTH, _LATER)
    assert _hours(found)[1:] == (Decimal(1) / 24, Decimal(1) / 24, 0, 0)


def test_a_session_that_runs_counts_until_now():
    measured = _measured("a", *_readings(_BEGIN, 5, 100))
    found = efficiency_in(session(_BEGIN, None), measured, _MONTH, _BEGIN + QUARTER * 2 / 3)
    assert found.coverage == Decimal("0.5")
    assert efficiency_in(session(_BEGIN, None), measured, _MONTH, _BEGIN) == Efficiency()


def test_quarters_begin_where_days_begin_everywhere():
    for zone in ("Asia/Kathmandu", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin"):
        midnight = Calendar(zone).day(at("2026-11-10").date()).begin
        assert quarter_of(midnight) == midnight


_SECONDS = st.integers(0, 6 * 3600)


@st.composite
def _measured_sessions(draw):
    """Sessions of a morning, with readings of any length that do not overlap, and gaps."""
    sessions, measured = [], {}
    for number in range(draw(st.integers(1, 4))):
        uid = str(number)
        begin = _BEGIN + timedelta(seconds=draw(_SECONDS))
        end = draw(st.sampled_from([None, begin + timedelta(seconds=draw(_SECONDS))]))
        units = draw(st.sampled_from(["0.142857", "0.25", "1", "8"]))
        person = draw(st.sampled_from(["ada", "ben"]))
        sessions.append(session(begin, end, uid, units=units, person=person))
        readings, moment = [], begin
        for _ in range(draw(st.integers(0, 12))):
            moment += timedelta(seconds=draw(st.integers(0, 900)))
            until = moment + timedelta(seconds=draw(st.integers(1, 900)))
            percent = draw(st.floats(0, 100))
            highest = draw(st.floats(percent, 100))
            readings.append(Reading(moment, until, percent, highest))
            moment = until
        measured[uid] = _measured(uid, *readings)
    return sessions, measured


@given(_measured_sessions(), st.datetimes(datetime(2026, 11, 10), datetime(2026, 11, 11)))
def test_any_split_of_a_period_sums_up_to_the_whole(given_sessions, cut):
    sessions, measured = given_sessions
    cut = cut.replace(tzinfo=UTC)
    as_of = at("2026-11-10T18:00")

    def total(period: Period) -> Efficiency:
        return efficiencies(
            sessions, measured, period, as_of, by=By.PERSON, calendar=Calendar(BERLIN)
        ).total

    whole = total(_MONTH)
    split = total(Period(_MONTH.begin, cut)) + total(Period(cut, _MONTH.end))
    for name in ("allocated", "known", "used", "idle"):
        assert abs(getattr(whole, name) - getattr(split, name)) < Decimal("1e-12")


@given(_measured_sessions())
def test_people_and_days_sum_up_and_nothing_is_less_than_nothing(given_sessions):
    sessions, measured = given_sessions
    as_of = at("2026-11-10T18:00")
    for by in (By.PERSON, By.DAY, By.SIZE):
        found = efficiencies(sessions, measured, _MONTH, as_of, by=by, calendar=Calendar(BERLIN))
        lines = sum(found.lines.values(), Efficiency())
        for name in ("allocated", "known", "used", "spare", "idle", "unknown"):
            of_all = getattr(found.total, name)
            assert abs(of_all - getattr(lines, name)) < Decimal("1e-12")
            assert of_all > Decimal("-1e-12")
