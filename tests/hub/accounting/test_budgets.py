"""Budgets are set, granted and refunded through a real hub, which alone is told of all balances."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_contract import (
    GPU_HOURS,
    AtLimit,
    Endpoint,
    SubjectKind,
    read_balances,
)

from tests.waiting import until

from .session_pods import make_session

_EACH = {"for": "person", "amount": "40", "at_limit": "deny", "valid_from": "2026-01-01"}
_LENGTH = timedelta(hours=2)


@pytest.fixture(scope="module")
def root(hub) -> str:
    return hub.token_of("root", "access:services!service=gpu", "admin-ui")


@pytest.fixture(scope="module")
def dora(hub) -> str:
    hub.add("dora")
    return hub.token_of("dora", "access:services!service=gpu")


@pytest.fixture(scope="module")
def session(api, hub, root, dora) -> str:
    """A session of Dora's that was two hours long; its id."""
    make_session(api, "dora", "doras", _LENGTH, since=hub.since_of("dora"))
    query = f"since={datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}&person=dora"

    def found() -> list[dict]:
        listed = hub.ask("GET", f"api/sessions?{query}", root).json()["sessions"]
        return [each for each in listed if each["gone"]]

    until(found)
    return found()[0]["id"]


def _post(hub, token: str, path: str, **body: str):
    return hub.ask("POST", f"api/{path}", token, body)


def _left(hub, token: str) -> dict[str, str]:
    said = hub.ask("GET", "api/budgets", token).json()["budgets"]
    return {f"{each['name']} {each['unit']}": each["left"] for each in said}


def test_what_is_set_for_everybody_is_what_is_left_to_each(hub, root, dora):
    made = _post(hub, root, "budgets", **_EACH)
    assert (made.status_code, made.json()["by"]) == (201, "root")
    assert _left(hub, dora) == {f"dora {GPU_HOURS}": "40.000000"}


def test_a_dry_run_changes_nothing(hub, root, dora):
    _post(hub, root, "budgets", **_EACH)
    said = _post(hub, root, "budgets", **_EACH | {"amount": "3"}, dry_run="yes")
    assert (said.status_code, said.json()["amount"]) == (200, "3.000000")
    grant = {"for": "person", "name": "dora", "amount": "3", "reason": "Deadline."}
    assert _post(hub, root, "grants", **grant, dry_run="yes").status_code == 200
    assert _left(hub, dora) == {f"dora {GPU_HOURS}": "40.000000"}


def test_a_refund_frees_the_budget_and_is_a_line_of_its_own(hub, root, dora, session):
    _post(hub, root, "budgets", **_EACH)
    # A session of two hours that began just now is charged in full: its end is ahead of the clock.
    before = Decimal(_left(hub, dora)[f"dora {GPU_HOURS}"])
    made = _post(hub, root, "refunds", session=session, amount="0.25", reason="Node lost.")
    assert (made.status_code, made.json()["gpu_hours"]) == (201, "0.250000")
    assert (made.json()["person"], made.json()["team"]) == ("dora", "vision")
    again = _post(hub, root, "refunds", session=session, amount="0.5", reason="Again.")
    assert again.status_code == 400
    assert "0.25 GPU-hours of this session" in again.json()["message"]
    rest = _post(hub, root, "refunds", session=session, reason="All of it.")
    assert rest.json()["gpu_hours"] == "0.250000"
    today = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"
    report = hub.ask("GET", f"api/usage?since={today}&person=dora", root).json()
    assert [each["reason"] for each in report["adjustments"]] == ["Node lost.", "All of it."]
    lines = hub.ask("GET", f"api/sessions?since={today}&person=dora&format=csv", root).text
    assert lines.count(",Credit,") == 2
    after = Decimal(_left(hub, dora)[f"dora {GPU_HOURS}"])
    assert after - before == Decimal("0.5")


def test_a_grant_enlarges_one_person_s_budget(hub, root, dora):
    _post(hub, root, "budgets", **_EACH)
    made = _post(hub, root, "grants", **{"for": "person", "name": "ben"}, amount="5", reason="So.")
    assert made.status_code == 201
    assert Decimal(_left(hub, root)[f"ben {GPU_HOURS}"]) <= 45
    history = hub.ask("GET", "api/budgets/history?for=person&name=ben", root).json()
    assert [(each["kind"], each["by"]) for each in history["adjustments"]] == [("grant", "root")]


def test_only_administrators_change_budgets_and_see_who_did(hub, dora):
    body = {"for": "person", "name": "dora", "amount": "9", "reason": "Please.", "session": "x"}
    for path in ("budgets", "grants", "refunds"):
        refused = _post(hub, dora, path, **body)
        assert refused.status_code == 403
        assert "Only an administrator may" in refused.json()["message"]
    assert hub.ask("GET", "api/budgets/history", dora).status_code == 403


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"for": "lab"}, "for must be person or team."),
        ({"name": "No Name"}, "'No Name' is no name of a person."),
        ({"amount": "lots"}, "amount must be a number such as 40 or 12.5, in gpu-hours."),
        ({"amount": "1e3"}, "amount must be a number such as 40 or 12.5, in gpu-hours."),
        ({"amount": "-1"}, "amount must not be below 0."),
        ({"amount": "default"}, "amount cannot be default of what everybody has"),
        ({"unit": "USD"}, "unit must be gpu-hours or the site's currency, EUR."),
        ({"unit": "EUR", "amount": "0.001"}, "amount must be a number such as 40 or 12.5, in EUR."),
        ({"period": "week"}, "period must be month, quarter, year or term."),
        ({"period": "term"}, "A term needs first_day and last_day"),
        ({"first_day": "2026-10-01"}, "first_day and last_day are those of a term"),
        ({"warn_at": "80,101"}, "warn_at must be percents from 1 to 100 such as 80,100."),
        ({"at_limit": "stop"}, "at_limit must be warn or deny."),
        ({"dry_run": "maybe"}, "dry_run must be yes, or left out."),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_with_what_does(hub, root, change, message):
    answer = _post(hub, root, "budgets", **_EACH | change)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


def test_only_the_hub_is_told_of_all_balances(hub, root):
    _post(hub, root, "budgets", **_EACH)
    refused = hub.ask("GET", Endpoint.BALANCES, root)
    assert refused.status_code == 403
    said = read_balances(hub.ask("GET", Endpoint.BALANCES, hub.own_token).text)
    (of_cleo,) = said.of(SubjectKind.PERSON, "cleo")
    assert (of_cleo.amount, of_cleo.at_limit) == (40, AtLimit.DENY)
    assert said.time_zone == "Europe/Berlin"
