"""The audit in the API: who sees what, its filters, its pages, and CSV that is safe to open."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from gpucommons_culler.core.records import EventKind
from gpucommons_culler.web.responses import COLUMNS, csv_line
from gpucommons_upkeep.errors import StoreUnavailableError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.culler.samples import ADA, BEN, DAY, MINUTE, NOW, an_event


@pytest.fixture(autouse=True)
def written(store) -> None:
    store.record(an_event())
    store.record(an_event(EventKind.STOPPED, at=NOW + MINUTE))
    store.record(an_event(EventKind.KEPT, BEN, team="astro", at=NOW + DAY))


async def numbers(client, query: str = "") -> list[int]:
    answer = await client.get(f"api/events{query}")
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json()["events"]]


async def test_a_person_sees_what_happened_to_their_own_sessions(ada):
    assert await numbers(ada) == await numbers(ada, "?user=ada") == [2, 1]


async def test_a_person_may_not_ask_for_others(ada):
    answer = await ada.get("api/events?user=ben")
    assert answer.status_code == 403
    assert "your own sessions" in answer.json()["message"]


async def test_a_service_that_does_not_administer_sees_nothing(visitor):
    assert (await visitor("script").get("api/events")).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [3, 2, 1]),
        ("?user=ben", [3]),
        ("?team=vision&kind=stopped", [2]),
        ("?kind=stopped&kind=kept", [3, 2]),
        ("?since=2026-11-28", [3]),
        ("?until=2026-11-27", [2, 1]),
        ("?since=2026-11-27T14:31", [3, 2]),
        ("?since=2026-11-27T15:31%2B01:00", [3, 2]),
        ("?limit=2", [3, 2]),
        ("?limit=2&before=2", [1]),
        ("?user=&kind=&since=", [3, 2, 1]),
    ],
)
async def test_an_administrator_filters(root, query, found):
    assert await numbers(root, query) == found


async def test_a_page_names_the_next(root):
    page = (await root.get("api/events?limit=2")).json()
    assert page["next"] == 2
    assert (await root.get("api/events?limit=2&before=2")).json()["next"] is None


async def test_an_event_is_shown_whole(ada):
    event = (await ada.get("api/events?kind=warned")).json()["events"][0]
    assert event["at"] == "2026-11-27T14:30:00.123456+00:00"
    assert (event["gpus"], event["by"], event["verdict"]) == ("0.5", "root", "idle-held")
    assert event["signals"][0]["value"] == "0 % at most"


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("kind=killed", "would-stop"),
        ("since=yesterday", "2026-11-27"),
        ("since=0000-00-00", "2026-11-27"),
        ("until=9999-12-31", "2026-11-27"),
        ("limit=0", "from 1 to 1000"),
        ("limit=1001", "from 1 to 1000"),
        ("limit=²", "from 1 to 1000"),
        ("before=-1", "whole number"),
        ("before=" + "9" * 5000, "whole number"),
        ("user=a&user=b", "Give it once"),
        ("format=xml", "json or csv"),
    ],
)
async def test_what_is_not_allowed_is_answered_with_what_is(root, query, allowed):
    answer = await root.get(f"api/events?{query}")
    assert answer.status_code == 400, answer.text
    assert allowed in answer.json()["message"]


async def test_all_of_it_comes_as_csv_however_many_pages_it_is(root, store, monkeypatch):
    monkeypatch.setattr("gpucommons_culler.web.service._AT_ONCE", 7)
    monkeypatch.setattr("gpucommons_culler.web.api._FLUSHED", 3)
    for _ in range(11):
        store.record(an_event(reason="=HYPERLINK(1)", by="@ada", gpus=0))
    answer = await root.get("api/events?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "idle-events.csv" in answer.headers["content-disposition"]
    heading, *rows = csv.reader(io.StringIO(answer.text))
    assert heading == list(COLUMNS)
    assert [int(row[0]) for row in rows] == list(range(14, 0, -1))
    first = dict(zip(heading, rows[0], strict=True))
    assert (first["reason"], first["by"]) == ("'=HYPERLINK(1)", "'@ada")


async def test_a_person_gets_their_own_as_csv(ada):
    answer = await ada.get("api/events?format=csv")
    assert {row["user"] for row in csv.DictReader(io.StringIO(answer.text))} == {"ada"}


@given(st.text("=+-@\t\r\n \uff1d'\"a,;"))
def test_no_cell_of_the_csv_is_a_formula(text):
    event = dict.fromkeys(COLUMNS, text)
    ((*cells,),) = csv.reader(io.StringIO(csv_line(event), newline=""))
    assert all(cell.removeprefix("'") in (text, text[1:]) for cell in cells)
    assert not any(cell.lstrip(" ")[:1] in set("=+-@\t\r\n\uff1d") - {""} for cell in cells)


async def test_a_database_that_is_away_is_told_as_503(root, store, monkeypatch):
    def away(*_: object) -> None:
        raise StoreUnavailableError("locked at /srv/idle.sqlite")

    monkeypatch.setattr(store, "events", away)
    for form in ("json", "csv"):
        answer = await root.get(f"api/events?format={form}")
        assert answer.status_code == 503
        assert "Try again" in answer.json()["message"]
        assert "sqlite" not in answer.text


async def test_events_of_any_time_are_shown(root, store):
    long_ago = datetime(1, 1, 1, tzinfo=UTC)
    store.record(replace(an_event(), at=long_ago, session=ADA._replace(started=long_ago)))
    assert (await root.get("api/events?limit=1")).json()["events"][0]["at"].startswith("0001")
