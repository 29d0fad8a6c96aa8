"""Balances as accounting sends them and the hub reads them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from gpucommons_contract import (
    GPU_HOURS,
    Balance,
    Balances,
    BalancesError,
    SubjectKind,
    read_balances,
)
from hypothesis import given
from hypothesis import strategies as st

DECEMBER = datetime(2026, 12, 1, tzinfo=timezone(timedelta(hours=1)))
EACH = Balance(
    SubjectKind.PERSON,
    "",
    GPU_HOURS,
    Decimal(40),
    Decimal(40),
    DECEMBER,
    left_by_name={"ada": Decimal("27.6")},
    exempt=frozenset({"ben"}),
)
VISION = Balance(
    SubjectKind.TEAM, "vision", "EUR", Decimal(100), Decimal("-3.50"), DECEMBER, "month"
)
SENT = Balances(
    as_of=datetime(2026, 11, 30, 17, tzinfo=UTC),
    time_zone="Europe/Berlin",
    currency="EUR",
    hold_hours=Decimal(4),
    rates={"": Decimal("1.20"), "H100": Decimal("2.50")},
    balances=(EACH, VISION),
)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)


def test_what_is_sent_is_what_is_read() -> None:
    assert read_balances(SENT.to_json()) == SENT


@given(amount=numbers, left=numbers, rate=numbers)
def test_no_digit_of_a_number_is_lost(amount: Decimal, left: Decimal, rate: Decimal) -> None:
    balance = Balance(SubjectKind.TEAM, "vision", GPU_HOURS, amount, left, DECEMBER)
    sent = Balances(SENT.as_of, "UTC", "EUR", Decimal(4), {"": rate}, (balance,))
    assert read_balances(sent.to_json()) == sent


def test_a_budget_that_each_has_applies_to_those_without_one_of_their_own() -> None:
    assert [each.left for each in SENT.of(SubjectKind.PERSON, "ada")] == [Decimal("27.6")]
    assert [each.left for each in SENT.of(SubjectKind.PERSON, "carl")] == [Decimal(40)]
    assert SENT.of(SubjectKind.PERSON, "ben") == ()


def test_a_budget_of_one_team_is_nobody_elses() -> None:
    assert SENT.of(SubjectKind.TEAM, "vision") == (VISION,)
    assert SENT.of(SubjectKind.TEAM, "audio") == ()
    assert SENT.of(SubjectKind.PERSON, "vision")[0].unit == GPU_HOURS


@pytest.mark.parametrize(
    ("left", "reached"), [("20.1", None), ("20", 80), ("0.1", 80), ("0", 100), ("-5", 100)]
)
def test_the_highest_of_the_percents_that_were_reached_counts(
    left: str, reached: int | None
) -> None:
    balance = Balance(SubjectKind.TEAM, "a", GPU_HOURS, Decimal(100), Decimal(left), DECEMBER)
    assert balance.reached == reached


def test_a_budget_of_nothing_is_used_up() -> None:
    balance = Balance(SubjectKind.TEAM, "a", GPU_HOURS, Decimal(0), Decimal(0), DECEMBER)
    assert balance.reached == 100


def test_a_product_without_a_price_has_that_of_all_others() -> None:
    assert SENT.rate("H100") == Decimal("2.50")
    assert SENT.rate("L4") == Decimal("1.20")
    assert Balances(SENT.as_of, "UTC", "EUR", Decimal(4)).rate("L4") is None


def test_keys_of_a_newer_service_are_passed_over() -> None:
    said = json.loads(SENT.to_json())
    said["balances"][0]["colour"] = said["weather"] = "fine"
    assert read_balances(json.dumps(said)) == SENT


def _set(*path: Any, to: object) -> Callable[[Any], None]:
    def change(said: Any) -> None:
        *way, last = path
        for key in way:
            said = said[key]
        said[last] = to

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda said: said.pop("as_of"), "lack as_of"),
        (_set("as_of", to="2026-11-30T17:00"), "no time zone"),
        (_set("hold_hours", to=4), "not a text"),
        (_set("hold_hours", to="NaN"), "not a number"),
        (_set("rates", to=[]), "no balances"),
        (_set("balances", 0, "unit", to="hours"), "neither gpu-hours nor"),
        (_set("balances", 0, "kind", to="lab"), "'lab'"),
        (_set("balances", 0, "at_limit", to="explode"), "'explode'"),
        (_set("balances", 0, "warn_at", to=["80"]), "not a whole number"),
        (_set("balances", 0, "resets_at", to="2026-12-01T00:00"), "no time zone"),
        (_set("balances", 1, "left", to="much"), "not a number"),
    ],
)
def test_what_is_no_balance_is_refused_with_what_is_wrong(
    change: Callable[[Any], None], says: str
) -> None:
    said = json.loads(SENT.to_json())
    change(said)
    with pytest.raises(BalancesError, match=says):
        read_balances(json.dumps(said))


@pytest.mark.parametrize("text", ["", "null", "[]", "3", "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(BalancesError):
        read_balances(text)
