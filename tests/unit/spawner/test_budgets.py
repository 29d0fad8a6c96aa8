"""Budgets in the ledger: what a start takes beforehand, what is refused, and in which words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_contract import GPU_HOURS, AtLimit, Balance, Balances, SubjectKind
from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.catalogue.allowance import Quotas
from gpucommons_spawner.quota import ledger as ledger_module
from gpucommons_spawner.quota.budget_words import hourly, left, reached, unchecked
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.funds import Fund
from gpucommons_spawner.quota.hold import Reckoning, taken, used
from gpucommons_spawner.quota.holds import Holds
from gpucommons_spawner.quota.ledger import BudgetExceededError, Ledger, Limits
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.quota.shortage import QuotaRequest
from gpucommons_spawner.selection.person import Person, Team
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RESET = datetime.fromisoformat("2026-12-01T00:00:00+01:00")
HOUR_LONG, FOUR_HOURS = timedelta(hours=1), timedelta(hours=4)
VISION = Team("vision", "Computer vision", "team-vision")
ADA = Person("ada", frozenset({"vision"}), (VISION,))


class Clock:
    """The hub's, which stands until the test moves it."""

    def __init__(self):
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()

    class Moments(datetime):
        @classmethod
        def now(cls, _zone=None):
            return clock.now

    monkeypatch.setattr(ledger_module, "datetime", Moments)
    return clock


@pytest.fixture
def budgets(clock) -> Budgets:
    budgets = Budgets(clock)
    budgets.begin(closes=False, patience=timedelta(minutes=5))
    return budgets


def _balance(left="10", *, amount="10", kind=SubjectKind.PERSON, name="ada", **more) -> Balance:
    settings = {"unit": GPU_HOURS, "at_limit": AtLimit.DENY, "resets_at": RESET} | more
    return Balance(kind, name, amount=Decimal(amount), left=Decimal(left), **settings)


def _said(*balances: Balance, as_of=NOW, hold="4", **rates: str) -> Balances:
    prices = {name: Decimal(rate) for name, rate in rates.items()}
    return Balances(as_of, "Europe/Berlin", "EUR", Decimal(hold), prices, balances)


def _request(server="", units="1", person="ada", longest=HOUR_LONG, **more) -> QuotaRequest:
    holding = Holding(
        server, Decimal(units), "SciPy 1", "vision", more.pop("size", "gpu"), longest=longest
    )
    return QuotaRequest(person, replace(holding, **more), "Whole GPU")


def _limits(budgets: Budgets, person: Person = ADA) -> Limits:
    return Limits.of(Quotas(), person, VISION, None, budgets)


def _starts(ledger: Ledger, budgets: Budgets, request: QuotaRequest, person=ADA) -> bool:
    try:
        ledger.reserve(request, _limits(budgets, person))
    except BudgetExceededError:
        return False
    return True


def test_of_two_starts_at_one_instant_with_room_for_one_exactly_one_starts(budgets):
    ledger = Ledger()
    budgets.take(_said(_balance("1")))
    assert [_starts(ledger, budgets, _request(f"s{n}")) for n in range(2)] == [True, False]


def test_of_fifty_starts_at_once_as_many_start_as_there_is_room_for(budgets):
    ledger = Ledger()
    budgets.take(_said(_balance("7", kind=SubjectKind.TEAM, name="vision")))
    people = [Person(f"p{n}", frozenset({"vision"}), (VISION,)) for n in range(50)]
    started = [_starts(ledger, budgets, _request(person=p.name), p) for p in people]
    assert started == [True] * 7 + [False] * 43


def test_a_session_that_stops_after_ten_minutes_gives_back_the_rest_of_its_hold_at_once(
    budgets, clock
):
    ledger = Ledger()
    budgets.take(_said(_balance("10")))
    request = _request(longest=None)
    assert _starts(ledger, budgets, request)
    purse = ledger.purse(_request("other"), _limits(budgets))
    (fund,) = purse.funds.each
    assert purse.room(fund) == 6
    ledger.confirm("ada", "")
    clock.now += timedelta(minutes=10)
    ledger.release("ada", "")
    assert round(purse.room(fund), 2) == Decimal("9.83")


def test_what_a_session_uses_is_not_counted_twice_when_accounting_knows_of_it(budgets, clock):
    ledger = Ledger()
    budgets.take(_said(_balance("10")))
    assert _starts(ledger, budgets, _request(longest=None))
    ledger.confirm("ada", "")
    clock.now += timedelta(hours=3)
    budgets.take(_said(_balance("7"), as_of=clock.now))
    purse = ledger.purse(_request("other"), _limits(budgets))
    (fund,) = purse.funds.each
    assert (purse.held(fund), purse.room(fund)) == (1, 6)
    ledger.release("ada", "")
    assert purse.room(fund) == 7


def test_a_session_that_outlasts_its_hold_takes_the_next_one_but_no_more_than_it_may_last(
    budgets, clock
):
    ledger = Ledger()
    budgets.take(_said(_balance("10")))
    assert _starts(ledger, budgets, _request(longest=timedelta(hours=6)))
    ledger.confirm("ada", "", clock.now + timedelta(hours=6))
    clock.now += timedelta(hours=5)
    budgets.take(_said(_balance("5"), as_of=clock.now))
    purse = ledger.purse(_request("other"), _limits(budgets))
    assert purse.held(purse.funds.each[0]) == 1


def test_what_the_same_server_holds_is_free_for_its_next_start(budgets):
    ledger = Ledger()
    budgets.take(_said(_balance("1")))
    assert _starts(ledger, budgets, _request())
    assert _starts(ledger, budgets, _request())


def test_without_a_gpu_a_session_starts_whatever_is_left(budgets):
    budgets.take(_said(_balance("-3")))
    assert _starts(Ledger(), budgets, _request(units="0"))


def test_a_budget_that_warns_refuses_nothing(budgets):
    budgets.take(_said(_balance("-3", at_limit=AtLimit.WARN)))
    assert _starts(Ledger(), budgets, _request())


def test_money_is_reckoned_by_the_price_of_the_size_s_gpu_or_the_highest(budgets):
    euros = _balance("2.5", unit="EUR")
    budgets.take(_said(euros, H100="3.00", A100="1.00"))
    assert not _starts(Ledger(), budgets, _request())
    assert not _starts(Ledger(), budgets, _request(product="H100"))
    assert _starts(Ledger(), budgets, _request(product="A100"))


def test_a_refusal_says_what_is_left_until_when_and_what_is_possible(budgets):
    ledger = Ledger()
    budgets.take(_said(_balance("1.3", amount="40")))
    assert _starts(ledger, budgets, _request())
    others = [
        QuotaRequest(
            "ada", Holding("x", Decimal("0.25"), "", "vision", "share", longest=HOUR_LONG), "Share"
        ),
        QuotaRequest("ada", Holding("x", Decimal(2), "", "vision", "two"), "Two GPUs"),
        QuotaRequest("ada", Holding("x", Decimal(0), "", "vision", "cpu"), "CPU only"),
    ]
    with pytest.raises(BudgetExceededError) as raised:
        ledger.reserve(_request("x"), _limits(budgets), others)
    assert str(raised.value) == (
        "This start takes 1 GPU-hour of your budget beforehand, and 0.3 of 40 GPU-hours are left "
        "until 2026-11-30 23:00 UTC. Sessions hold 1 GPU-hour more; what they do not use of it is "
        "free once they stop. Possible now: Share or CPU only. Ask an administrator for more."
    )


def test_a_team_s_budget_refuses_with_the_team_s_name(budgets):
    budgets.take(_said(_balance("0", kind=SubjectKind.TEAM, name="vision")))
    told = Ledger().refusal(_request(), _limits(budgets))
    assert told.startswith("This start takes 1 GPU-hour of the budget of the team Computer vision")


def test_the_quota_is_what_a_refusal_is_about_if_it_has_no_room_either(budgets):
    budgets.take(_said(_balance("0")))
    quotas = Quotas(default=Allowance(gpus=Decimal(0)))
    told = Ledger().refusal(_request(), Limits.of(quotas, ADA, VISION, None, budgets))
    assert told.startswith("This needs 1 GPU; you may have none now.")


# While accounting is away


def test_without_accounting_there_are_no_budgets(clock):
    budgets = Budgets(clock)
    assert budgets.of("ada", VISION).each == ()
    clock.now += timedelta(days=1)
    assert budgets.outage is None


def test_what_was_said_last_holds_for_a_while_and_then_what_the_operator_chose(budgets, clock):
    budgets.take(_said(_balance("0")))
    clock.now += timedelta(minutes=5)
    assert not _starts(Ledger(), budgets, _request())
    clock.now += timedelta(seconds=1)
    assert _starts(Ledger(), budgets, _request())
    assert unchecked(budgets.outage) == (
        "What is left of budgets is not known: accounting has not answered since "
        "2026-11-24 12:00 UTC. Sessions start whatever is left."
    )
    budgets.take(_said(_balance("0")))
    assert not _starts(Ledger(), budgets, _request())


def test_an_operator_may_choose_that_nothing_with_a_gpu_starts_meanwhile(clock):
    budgets = Budgets(clock)
    budgets.begin(closes=True, patience=timedelta(minutes=5))
    budgets.take(_said(_balance("10"), _balance("10", name="ben", at_limit=AtLimit.WARN)))
    clock.now += timedelta(minutes=6)
    ledger = Ledger()
    limits = _limits(budgets)
    possible = ledger.possible([_request("x", "0"), _request("y")], limits)
    told = ledger.refusal(_request(), limits, lambda: possible)
    assert told == (
        "What is left of budgets is not known: accounting has not answered since "
        "2026-11-24 12:00 UTC. No session with a GPU starts until it answers. "
        "Possible now: Whole GPU. Tell an administrator."
    )
    assert _starts(ledger, budgets, _request(units="0"))
    ben = Person("ben", frozenset({"vision"}), (VISION,))
    assert _starts(ledger, budgets, _request(person="ben"), ben), "his budget refuses nothing"


async def test_a_start_waits_for_the_first_answer_and_not_for_ever(clock):
    budgets = Budgets(clock)
    await budgets.until_known()  # there is no accounting
    budgets.begin(closes=False, patience=timedelta(minutes=5))
    budgets.take(_said())
    await budgets.until_known()
    silent = Budgets(clock)
    silent.begin(closes=True, patience=timedelta(minutes=5))
    assert silent.outage is None
    clock.now += timedelta(seconds=11)
    await silent.until_known()
    assert not _starts(Ledger(), silent, _request()), "nobody knows whether there is a budget"


def test_a_clock_that_is_ahead_gives_nothing_away(budgets, clock):
    ledger = Ledger()
    budgets.take(_said(_balance("1"), as_of=NOW + timedelta(hours=2)))
    assert _starts(ledger, budgets, _request())
    ledger.confirm("ada", "")
    assert not _starts(ledger, budgets, _request("second"))


# Words


def test_an_hour_is_told_by_the_budget_that_lasts_shortest(budgets):
    ledger = Ledger()
    team = _balance("100", amount="100", kind=SubjectKind.TEAM, name="vision")
    budgets.take(_said(_balance("7.339"), team, H100="2.50"))
    purse = ledger.purse(_request(), _limits(budgets))
    assert hourly(purse, _request().holding) == (
        "About 1 GPU-hour per hour; you have 7.33 GPU-hours left until 2026-11-30 23:00 UTC."
    )
    assert hourly(purse, _request(units="0").holding) == ""
    assert left(purse) == [
        "You have 7.33 of 10 GPU-hours left until 2026-11-30 23:00 UTC.",
        "The team Computer vision has 100 of 100 GPU-hours left until 2026-11-30 23:00 UTC.",
    ]


def test_without_a_budget_an_hour_is_told_by_its_price_alone(budgets):
    budgets.take(_said(H100="2.50"))
    purse = Ledger().purse(_request(), _limits(budgets))
    assert hourly(purse, _request(units="0.25", product="H100").holding) == (
        "About 0.63 EUR per hour."
    )
    budgets.take(_said())
    assert hourly(Ledger().purse(_request(), _limits(budgets)), _request().holding) == ""


@pytest.mark.parametrize(
    ("left", "at_limit", "words"),
    [
        ("2.1", AtLimit.DENY, ""),
        ("2", AtLimit.DENY, "80% of your budget of 10 GPU-hours until {} are used."),
        (
            "0",
            AtLimit.DENY,
            "Your budget of 10 GPU-hours is used up until {}. "
            "What runs goes on; nothing more starts with a GPU.",
        ),
        (
            "-1",
            AtLimit.WARN,
            "Your budget of 10 GPU-hours is used up until {}. "
            "What runs goes on, and more may start.",
        ),
    ],
)
def test_it_is_said_when_a_part_of_a_budget_is_used(left, at_limit, words):
    said = reached(Fund(_balance(left, at_limit=at_limit)))
    assert said == words.format("2026-11-30 23:00 UTC")


def test_each_has_a_budget_who_has_none_of_their_own(budgets):
    usual = _balance("5", amount="5", name="", left_by_name={"ada": Decimal("0.5")})
    budgets.take(_said(usual, _balance("9", name="ben")))
    balances = {name: budgets.of(name).each[0].balance.left for name in ("ada", "cleo")}
    assert balances == {"ada": Decimal("0.5"), "cleo": Decimal(5)}


# Sums that are kept

_OFFSETS = st.integers(-50_000, 50_000).map(lambda seconds: timedelta(seconds=seconds))
_STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("enter"),
            st.sampled_from("abc"),
            st.sampled_from(["1", "0.25", "0.142857", "0"]),
            st.one_of(st.none(), _OFFSETS),
        ),
        st.tuples(st.just("leave"), st.sampled_from("abc"), st.none(), _OFFSETS),
        st.tuples(st.just("look"), st.none(), st.sampled_from([4, 1, 0]), _OFFSETS),
    ),
    max_size=40,
)


@given(_STEPS)
def test_a_sum_that_is_kept_is_what_it_would_be_if_it_were_reckoned_anew(steps):
    kept, entered, ended = Holds(), {}, []
    by = Reckoning(NOW, FOUR_HOURS)
    for kind, server, number, offset in steps:
        if kind == "enter":
            begun = None if offset is None else NOW + offset
            longest = timedelta(hours=6) if server == "a" else None
            holding = Holding(server, Decimal(number), "", begun=begun, longest=longest)
            entered[server] = holding
            kept.enter("ada", holding)
        elif kind == "leave" and server in entered:
            ended.append((entered.pop(server), NOW + offset))
            kept.leave("ada", *ended[-1])
        elif kind == "look":
            by = Reckoning(max(by.since, NOW + offset), timedelta(hours=number))
            ended = [(each, end) for each, end in ended if end > by.since]
        found = kept.amounts(SubjectKind.PERSON, "ada", by)
        expected = [taken(each, by) for each in entered.values()]
        expected += [used(each, end, by.since) for each, end in ended]
        assert sum(found.values()) == sum(expected)
