"""Administrators see sessions of a month, and refund one in a step, with a reason."""

import re
from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.use.prices import Price

from ..sessions import at, facts
from .conftest import NOW

_MONTH = "sessions?month=2026-11"
_REFUND = "sessions/refund?month=2026-11&person=ben"
_WHY = {"session": "b", "reason": "Node lost."}


@pytest.fixture
def records(berlin_store):
    """An hour of Ada's, two of Ben's at 3 euros each, and one of Ben's that goes on."""
    for uid, person, begin, end in (
        ("a", "ada", "2026-11-10T08:00", "2026-11-10T09:00"),
        ("b", "ben", "2026-11-11T08:00", "2026-11-11T10:00"),
        ("c", "ben", "2026-11-30T08:00", None),
        ("d", "ben", "2026-10-11T08:00", "2026-10-11T10:00"),
    ):
        berlin_store.add(facts(begin, end, uid, person=person), NOW)
    berlin_store.set_price(Price("", Decimal(3), at("2026-01-01")), "root", NOW)


async def _page(client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


def _offered(page: str) -> list[str]:
    return re.findall(r'name="session" value="(\w+)"', page)


async def test_each_session_that_ended_has_its_refund(records, root):
    page = await _page(root, _MONTH)
    assert _offered(page) == ["b", "a"]
    assert "Refund 2 GPU-hours</button>" in page
    assert 'href="/services/gpu/budgets?session=b#refund"' in page
    assert _offered(await _page(root, f"{_MONTH}&person=ada")) == ["a"]
    assert _offered(await _page(root, f"{_MONTH}&team=audio")) == []


async def test_a_refund_stands_at_the_session_with_who_and_why(records, root, visitor):
    before = (await root.get("api/sessions?month=2026-11&person=ben")).json()["sessions"]
    answer = await root.post(_REFUND, data=_WHY)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/services/gpu/{_MONTH}&person=ben",
    )
    page = await _page(root, f"{_MONTH}&person=ben")
    assert "Refunded: 2 GPU-hours, €6.00, by root, " in page
    assert "Node lost." in page
    assert _offered(page) == []
    assert "Refunded: 2 GPU-hours, €6.00, by root" in await _page(visitor("ben"), "?month=2026-11")
    assert (await root.get("api/sessions?month=2026-11&person=ben")).json()["sessions"] == before


async def test_a_second_refund_and_one_without_a_reason_say_why_not(records, root):
    answer = await root.post(_REFUND, data=_WHY | {"reason": " "})
    assert answer.status_code == 400
    page = " ".join(answer.text.split())
    assert "<details open>" in page
    assert "reason is missing" in page
    await root.post(_REFUND, data=_WHY)
    again = await root.post(_REFUND, data=_WHY)
    assert again.status_code == 400
    assert "Nothing is left of this session to refund." in again.text
    elsewhere = await root.post("sessions/refund?person=ada", data=_WHY)
    assert 'role="alert"' in elsewhere.text
    assert (await root.post(_REFUND, data={"reason": "All."})).status_code == 404


async def test_a_part_that_is_taken_back_stands_there_too_and_can_be_refunded_anew(records, root):
    await root.post(_REFUND, data=_WHY)
    back = {"session": "b", "amount": "-0.5", "reason": "Half an hour was fine."}
    assert (await root.post("api/refunds", json=back)).status_code == 201
    page = await _page(root, _MONTH)
    assert "Refund of 0.5 GPU-hours, €1.50 taken back by root" in page
    assert "Refund 0.5 GPU-hours</button>" in page


async def test_a_person_reads_that_their_sessions_were_looked_at(records, root, visitor):
    looked = "Who looked at this"
    await _page(root, _MONTH)
    assert looked not in await _page(visitor("ben"), "")
    await _page(root, f"{_MONTH}&person=ben")
    assert looked in await _page(visitor("ben"), "")


async def test_the_list_and_its_refunds_are_the_administrators(records, ada):
    assert (await ada.get(_MONTH)).status_code == 403
    assert (await ada.post("sessions/refund", data=_WHY)).status_code == 403


async def test_lines_of_people_and_teams_lead_to_their_sessions(records, root):
    for by, name in (("person", "ben"), ("team", "vision")):
        page = await _page(root, f"everybody?month=2026-11&by={by}")
        assert f'href="/services/gpu/{_MONTH}&amp;{by}={name}"' in page
