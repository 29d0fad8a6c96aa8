"""What is left of a budget: periods of the site's calendar, charges, grants and refunds."""

from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.balances import Balancing, periods_of
from gpucommons_accounting.reckoning.budgets.budget import (
    Budget,
    PeriodKind,
    Rule,
    Subject,
    in_force,
)
from gpucommons_accounting.reckoning.budgets.pace import lasts_until
from gpucommons_accounting.reckoning.budgets.refunds import RefundError, charged, refund
from gpucommons_accounting.reckoning.budgets.spending import KINDS, Spending, Spent, charged_in
from gpucommons_accounting.reckoning.budgets.spending import spending as spending_of
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.prices import Price, PriceList
from gpucommons_accounting.reckoning.use.report import NOBODY_KNOWN, report
from gpucommons_accounting.records.deriving import derive
from gpucommons_contract import GPU_HOURS, Balance, SubjectKind
from hypothesis import given
from hypothesis import strategies as st

from .sessions import BERLIN, at, fact, facts, session

CALENDAR = Calendar(BERLIN)
ADA = Subject(SubjectKind.PERSON, "ada")
EACH = Subject(SubjectKind.PERSON, "")
VISION = Subject(SubjectKind.TEAM, "vision")
BEFORE = at("2026-01-01")
NOON = at("2026-11-20T12:00+01:00")
PRICES = PriceList(
    [
        Price("", Decimal("1.20"), BEFORE),
        Price("", Decimal("1.50"), at("2026-12-01T00:00+01:00")),
    ]
)


def limited(whose: Subject, amount: str = "40", unit: str = GPU_HOURS, **more) -> Budget:
    return Budget(whose, unit, Rule.LIMITED, BEFORE, Decimal(amount), **more)


def adjustment(kind: str, hours: str, *, person="ada", team="", money="0", when=NOON) -> Adjustment:
    gpu_time = Decimal(hours) * 3_600_000_000
    what = AdjustmentKind(kind)
    return Adjustment(
        what, person, team, gpu_time, Decimal(money), "EUR", when, when, "boss", "So."
    )


def spending(sessions, period: Period, as_of: datetime, prices: PriceList, newest) -> Spending:
    charged = {}
    for by in KINDS:
        said = report(sessions, period, as_of, by, calendar=CALENDAR, prices=prices)
        charged |= charged_in(said, by)
    return spending_of(charged, newest, NOBODY_KNOWN)


def left(sessions, budgets, moment=NOON, adjustments=()) -> list[Balance]:
    found = in_force(budgets, moment, CALENDAR)
    periods = periods_of(found, moment, CALENDAR)
    spent = {period: spending(sessions, period, moment, PRICES, {}) for period in periods.values()}
    return Balancing(found, periods, spent, adjustments, "EUR", CALENDAR).balances()


@pytest.mark.parametrize(
    ("kind", "moment", "begin", "end"),
    [
        ("month", "2026-11-30T23:59:59+01:00", "2026-11-01", "2026-12-01"),
        ("month", "2026-12-01T00:00+01:00", "2026-12-01", "2027-01-01"),
        ("month", "2026-11-30T23:30+00:00", "2026-12-01", "2027-01-01"),
        ("quarter", "2026-12-31T12:00+01:00", "2026-10-01", "2027-01-01"),
        ("quarter", "2027-03-31T23:00+02:00", "2027-01-01", "2027-04-01"),
        ("year", "2026-12-31T23:59+01:00", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_period_is_one_of_the_site_s_calendar(kind, moment, begin, end):
    found = limited(ADA, period=PeriodKind(kind)).at(at(moment), CALENDAR)
    days = (CALENDAR.begin_of(date.fromisoformat(each)) for each in (begin, end))
    assert found == Period(*days)


def test_the_month_in_which_clocks_change_resets_at_midnight_by_the_clock_of_then():
    october = left([], [limited(ADA)], at("2026-10-20T12:00+02:00"))[0].resets_at
    assert october.isoformat() == "2026-11-01T00:00:00+01:00"
    march = left([], [limited(ADA)], at("2027-03-20T12:00+01:00"))[0].resets_at
    assert march.isoformat() == "2027-04-01T00:00:00+02:00"
    assert (march.tzname(), october.tzname()) == ("CEST", "CET")


def test_a_term_has_its_days_and_there_is_no_budget_beside_them():
    term = limited(
        ADA, period=PeriodKind.TERM, first_day=date(2026, 10, 1), last_day=date(2026, 11, 30)
    )
    assert left([], [term])[0].resets_at == at("2026-12-01T00:00+01:00")
    assert left([], [term], at("2026-12-01T00:00+01:00")) == []
    assert left([], [term], at("2026-09-30T23:59+02:00")) == []


def test_case_4_usage_over_the_end_of_a_month_counts_in_both():
    over = [session("2026-11-30T22:15+01:00", "2026-12-01T02:45+01:00", units="2")]
    (november,) = left(over, [limited(ADA)], at("2026-11-30T23:59:59+01:00"))
    (december,) = left(over, [limited(ADA)], at("2026-12-01T03:00+01:00"))
    assert (november.used, december.used) == (Decimal("3.5"), Decimal("5.5"))


def test_case_22_money_counts_by_the_price_of_its_moment():
    night = [session("2026-11-30T20:00+01:00", "2026-12-01T04:00+01:00")]
    year = [limited(VISION, "100", "EUR", period=PeriodKind.YEAR)]
    assert left(night, year, at("2026-12-02"))[0].used == Decimal("10.80")
    november = PRICES.charges(night[0], CALENDAR.month(2026, 11), at("2026-12-02"))
    dearer = PriceList(
        [Price("", Decimal("1.20"), BEFORE), Price("", Decimal(9), at("2026-12-02"))]
    )
    again = dearer.charges(night[0], CALENDAR.month(2026, 11), at("2026-12-03"))
    assert [each.cost for each in november] == [each.cost for each in again] == [Decimal("4.80")]


def test_case_25_the_budget_of_a_team_that_was_made_again_starts_full():
    old = session("2026-11-10T08:00", "2026-11-10T18:00", "a", team_uid="u1")
    new = session("2026-11-15T08:00", "2026-11-15T10:00", "b", team_uid="u2")
    month = CALENDAR.month(2026, 11)
    spent = spending([old, new], month, NOON, PRICES, {VISION: "u2"})
    assert spent[VISION].amount(GPU_HOURS) == 2
    assert spent[ADA].amount(GPU_HOURS) == 12
    unknown = session("2026-11-10T08:00", "2026-11-10T18:00", "c")
    assert spending([unknown], month, NOON, PRICES, {VISION: "u2"})[VISION].gpu_time


def test_case_27_who_gets_the_name_of_somebody_removed_has_used_nothing():
    old = session("2026-11-10T08:00", "2026-11-10T20:30", "a", person_since="2025-01-01")
    new = session("2026-11-15T08:00", "2026-11-15T08:00", "b", person_since="2026-11-14")
    spent = spending([old, new], CALENDAR.month(2026, 11), NOON, PRICES, {ADA: "2026-11-14"})
    assert ADA not in spent
    assert spent[VISION].amount(GPU_HOURS) == Decimal("12.5")


def test_case_28_a_refund_of_a_lost_session_frees_the_budget_and_leaves_the_record():
    lost = derive(
        [
            *facts("2026-11-20T11:00", None),
            fact("node-lost", "2026-11-20T12:00")(),
            fact("ended", "2026-11-20T12:05")(),
        ]
    )
    moment = at("2026-11-20T13:00")
    whole = charged(lost, PRICES, moment)
    assert (whole.amount(GPU_HOURS), whole.money) == (1, Decimal("1.20"))
    assert left([lost], [limited(ADA)], moment)[0].left == 39
    back = adjustment("refund", "1", team="vision", money="1.20")
    assert refund(whole, Spent(), None, GPU_HOURS, 2) == back.given("EUR")
    found = left([lost], [limited(ADA), limited(VISION, "100", "EUR")], moment, [back])
    assert [(each.left, each.used) for each in found] == [(40, 0), (100, 0)]
    assert charged(lost, PRICES, moment) == whole


def test_a_refund_of_a_part_costs_that_part_rounded_once():
    whole = charged(session("2026-11-20T08:00", "2026-11-20T11:00"), PRICES, NOON)
    part = refund(whole, Spent(), Decimal(1), GPU_HOURS, 2)
    assert part.money == Decimal("1.20")
    assert refund(whole, part, None, GPU_HOURS, 2) == whole - part
    assert refund(whole, part, Decimal(-1), GPU_HOURS, 2).gpu_time == -part.gpu_time


@pytest.mark.parametrize("parts", [["0.2"] * 3, ["0.1"] * 7, ["0.3", "0.2", "0.1"]])
def test_what_was_refunded_in_parts_is_taken_back_at_once_to_the_cent(parts):
    prices = PriceList([Price("", Decimal("0.07"), BEFORE)])
    whole = charged(session("2026-11-20T08:00", "2026-11-20T09:00"), prices, NOON)
    before = Spent()
    for part in map(Decimal, parts):
        before += refund(whole, before, part, GPU_HOURS, 2)
    hours = sum(map(Decimal, parts))
    assert before + refund(whole, before, -hours, GPU_HOURS, 2) == Spent()
    some = before + refund(whole, before, Decimal("0.01") - hours, GPU_HOURS, 2)
    assert some.money >= 0
    with pytest.raises(RefundError, match="Nothing is left"):
        refund(whole, before, Decimal(0), GPU_HOURS, 2)


@pytest.mark.parametrize("amount", ["3.1", "-0.1"])
def test_no_more_than_was_charged_is_refunded_and_no_more_taken_back_than_was_refunded(amount):
    whole = charged(session("2026-11-20T08:00", "2026-11-20T11:00"), PRICES, NOON)
    with pytest.raises(RefundError, match=r"3\.00 GPU-hours of this session \(3\.60 in money\)"):
        refund(whole, Spent(), Decimal(amount), GPU_HOURS, 2)
    with pytest.raises(RefundError, match="Nothing is left"):
        refund(whole, whole, None, GPU_HOURS, 2)


def test_case_35_a_session_that_ended_early_leaves_the_rest_of_its_budget():
    ended = [session("2026-11-20T10:00", "2026-11-20T10:10")]
    (found,) = left(ended, [limited(ADA, "4")])
    assert found.left.quantize(Decimal("0.01")) == Decimal("3.83")


def test_case_38_a_running_session_counts_until_now():
    runs = [session("2026-11-20T10:00+01:00", None)]
    assert left(runs, [limited(ADA)])[0].left == 38
    assert left(runs, [limited(ADA)], at("2026-11-20T13:00+01:00"))[0].left == 37


def test_a_grant_enlarges_the_budget_of_its_period_alone():
    grants = [adjustment("grant", "10"), adjustment("grant", "-4")]
    (found,) = left([session("2026-11-02", "2026-11-03")], [limited(ADA)], NOON, grants)
    assert (found.amount, found.left) == (46, 22)
    assert left([], [limited(ADA)], at("2026-12-02"), grants)[0].amount == 40


def test_everybody_s_budget_is_for_those_without_one_of_their_own():
    sessions = [
        session("2026-11-02T08:00", "2026-11-02T10:00", name, person=name)
        for name in ("ada", "ben", "cleo", "dora")
    ]
    budgets = [
        limited(EACH),
        limited(Subject(SubjectKind.PERSON, "ben"), "5"),
        Budget(Subject(SubjectKind.PERSON, "cleo"), GPU_HOURS, Rule.UNLIMITED, BEFORE),
        Budget(ADA, GPU_HOURS, Rule.UNLIMITED, BEFORE),
        Budget(ADA, GPU_HOURS, Rule.DEFAULT, at("2026-02-01")),
        limited(ADA, "7", "EUR"),
    ]
    given = adjustment("grant", "1", person="dora")
    found = {(each.name, each.unit): each for each in left(sessions, budgets, NOON, [given])}
    everybody = found["", GPU_HOURS]
    assert everybody.left_by_name == {"ada": 38}
    assert everybody.exempt == {"ben", "cleo", "dora"}
    assert (found["ben", GPU_HOURS].left, found["dora", GPU_HOURS].amount) == (3, 41)
    assert found["ada", "EUR"].left == Decimal("4.60")
    assert len(found) == 4


def test_of_several_budgets_the_one_that_began_last_counts_whatever_their_order():
    first = Budget(ADA, GPU_HOURS, Rule.LIMITED, at("2026-02-01"), Decimal(1), made_at=NOON)
    again = Budget(
        ADA, GPU_HOURS, Rule.LIMITED, at("2026-02-01"), Decimal(2), made_at=at("2026-11-21")
    )
    to_come = Budget(ADA, GPU_HOURS, Rule.LIMITED, at("2026-12-01"), Decimal(3), made_at=BEFORE)
    for order in ([first, again, to_come], [to_come, again, first], [again, to_come, first]):
        assert in_force(order, NOON, CALENDAR)[ADA, GPU_HOURS] is again
        assert in_force(order, at("2026-12-01"), CALENDAR)[ADA, GPU_HOURS] is to_come


moments = st.datetimes(datetime(2026, 10, 20), datetime(2026, 12, 5)).map(
    lambda each: each.isoformat()
)


@st.composite
def stays(draw) -> tuple[str, str]:
    begin, end = sorted([draw(moments), draw(moments)])
    return begin, end


@given(
    spans=st.lists(stays(), max_size=6), cuts=st.lists(moments, max_size=4), back=st.integers(0, 9)
)
def test_any_split_of_a_period_sums_to_the_whole_with_refunds(spans, cuts, back):
    sessions = [
        session(begin, end, str(number), units="0.142857")
        for number, (begin, end) in enumerate(spans)
    ]
    refunds = [adjustment("refund", str(back), when=at(each)) for each in cuts]
    whole = Period(at("2026-10-15"), at("2026-12-10"))
    marks = sorted({whole.begin, *map(at, cuts), whole.end})

    def net(period: Period) -> Decimal:
        spent = spending(sessions, period, whole.end, PRICES, {}).get(ADA, Spent())
        given = [each for each in refunds if period.has(each.effective_at)]
        return spent.gpu_time - sum((each.gpu_time for each in given), Decimal(0))

    parts = [net(Period(*each)) for each in pairwise(marks)]
    assert sum(parts, Decimal(0)) == net(whole)


@given(st.data())
def test_what_is_left_does_not_depend_on_any_order(data):
    spans = data.draw(st.lists(stays(), max_size=5))
    sessions = [session(*span, str(number)) for number, span in enumerate(spans)]
    numbers = data.draw(
        st.lists(st.tuples(st.sampled_from(["grant", "refund"]), st.integers(-5, 5)))
    )
    adjustments = [adjustment(kind, f"{hours}.333333") for kind, hours in numbers]
    budgets = [limited(ADA), limited(VISION, "9", "EUR"), limited(EACH, "1")]
    said = left(sessions, budgets, NOON, adjustments)
    again = left(
        data.draw(st.permutations(sessions)),
        data.draw(st.permutations(budgets)),
        NOON,
        data.draw(st.permutations(adjustments)),
    )
    assert again == said


def test_case_32_with_nine_of_ten_hours_used_there_is_room_for_one_hold_of_one_hour():
    nine = [session("2026-11-10T08:00", "2026-11-10T17:00")]
    (found,) = left(nine, [limited(ADA, "10")])
    assert (found.left, found.reached) == (1, 80)


@pytest.mark.parametrize(
    ("hours", "moment", "until"),
    [
        (10, "2026-11-11T00:00+01:00", "2026-11-16T00:00+01:00"),
        (10, "2026-11-21T00:00+01:00", None),
        (0, "2026-11-11T00:00+01:00", None),
        (15, "2026-11-11T00:00+01:00", None),
        (10, "2026-11-01T23:00+01:00", None),
    ],
)
def test_how_long_a_budget_lasts_follows_from_its_period_until_now(hours, moment, until):
    begin = at("2026-11-01T00:00+01:00")
    resets = at("2026-12-01T00:00+01:00")
    balance = Balance(
        SubjectKind.PERSON, "ada", GPU_HOURS, Decimal(15), Decimal(15 - hours), resets
    )
    assert lasts_until(balance, begin, at(moment)) == (until and at(until))
