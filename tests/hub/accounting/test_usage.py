"""Sessions of a real API server become usage, which each person and the administrators see."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.activity import Meter
from gpucommons_accounting.reckoning.use.readings import Reading, activities
from playwright.sync_api import expect

from tests.loopback import request
from tests.unit.accounting.pods import node
from tests.waiting import until

from .session_pods import NAMESPACE, make_session

_PICTURES = Path(__file__).parents[3] / "build" / "pictures" / "usage"
_NOW = datetime.now(UTC)
# A month may end while this runs, and in the middle of a session.
_PERIOD = f"since={_NOW - timedelta(days=1):%Y-%m-%d}&until={_NOW + timedelta(days=2):%Y-%m-%d}"
_ZONE = ZoneInfo("Europe/Berlin")
_PRICE = {"product": "H100", "rate": "2.00", "valid_from": "2026-01-01"}


def _measured(folder: Path, session: dict, *parts: tuple[int, int, float]) -> None:
    """Write down how busy its GPUs were: from a minute until another one, in percent."""
    begin = datetime.fromisoformat(session["bound"])
    there = Period(begin, datetime.fromisoformat(session["gone"]))
    minute = timedelta(minutes=1)
    readings = [
        Reading(begin + first * minute, begin + last * minute, percent, percent)
        for first, last, percent in parts
    ]
    store = Store(f"sqlite:///{folder / 'accounting.sqlite'}", patience_seconds=60)
    store.activities.keep(activities(session["id"], readings, there, Meter.PROMETHEUS))
    store.close()


@pytest.fixture(scope="module")
def sessions(api, hub, folder) -> None:
    """Ada's session of two hours that goes on, one of hers that ended, and one of Ben's."""
    of_gpu = node()
    api.post("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", **of_gpu})
    api.patch("/api/v1/nodes/n1/status", {"status": of_gpu["status"]})
    make_session(api, "ada", "first", since=hub.since_of("ada"))
    make_session(api, "ada", "second", timedelta(hours=2), since=hub.since_of("ada"))
    make_session(api, "ben", "third", timedelta(hours=4), since=hub.since_of("ben"))
    until(lambda: len(_sessions(hub)) == 3 and all(each["product"] for each in _sessions(hub)))
    for each in _sessions(hub):
        if each["gone"] and each["person"] == "ada":
            _measured(folder, each, (0, 108, 62.0))
        elif each["gone"]:
            _measured(folder, each, (60, 150, 80.0), (150, 240, 0.0))


def _sessions(hub) -> list[dict]:
    return hub.ask("GET", f"api/sessions?{_PERIOD}", hub.root_token).json()["sessions"]


@pytest.fixture(scope="module", autouse=True)
def signed_in(hub) -> None:
    """Tokens of people who may use the service."""
    hub.root_token = hub.token_of("root", "access:services!service=gpu", "admin-ui")
    hub.ada_token = hub.token_of("ada", "access:services!service=gpu")


def test_a_person_sees_their_own_sessions_and_nobody_else_s(hub, sessions):
    own = hub.ask("GET", f"api/sessions?{_PERIOD}", hub.ada_token).json()["sessions"]
    assert [each["person"] for each in own] == ["ada", "ada"]
    for query in ("person=ben", "team=vision"):
        answer = hub.ask("GET", f"api/sessions?{query}", hub.ada_token)
        assert answer.status_code == 403
        assert "You may see your own usage." in answer.json()["message"]
    assert {each["person"] for each in _sessions(hub)} == {"ada", "ben"}


def test_a_session_is_told_with_all_that_is_known_of_it(hub, sessions):
    (found,) = (each for each in _sessions(hub) if each["person"] == "ben")
    assert found["gpus"] == "0.25"
    assert (found["product"], found["node"], found["size"]) == ("H100", "n1", "share")
    assert (found["reason"], found["end_source"], found["flags"]) == ("failed", "kubelet", [])
    assert found["charged_gpu_hours"] == found["allocated_gpu_hours"] == "1.000000"


def test_sessions_are_listed_a_few_at_a_time(hub, sessions):
    found, after = [], ""
    while True:
        query = f"api/sessions?{_PERIOD}&limit=1{after}"
        answer = hub.ask("GET", query, hub.ada_token).json()
        found += [each["id"] for each in answer["sessions"]]
        if answer["next"] is None:
            break
        after = f"&{urlencode({'after': answer['next']})}"
    whole = hub.ask("GET", f"api/sessions?{_PERIOD}", hub.ada_token).json()["sessions"]
    assert len(whole) == 2
    assert found == [each["id"] for each in whole]


def test_what_is_known_of_its_gpus_is_told_with_how_much_that_is(hub, sessions):
    (found,) = (each for each in _sessions(hub) if each["person"] == "ben")
    amounts = {name: found[f"{name}_gpu_hours"] for name in ("used", "spare", "idle", "unknown")}
    assert amounts == {
        "used": "0.300000",
        "spare": "0.075000",
        "idle": "0.375000",
        "unknown": "0.250000",
    }
    parts = [found[name] for name in ("efficiency", "idle_share", "coverage")]
    assert parts == ["0.4000", "0.5000", "0.7500"]
    text = hub.ask("GET", f"api/sessions?{_PERIOD}&format=csv", hub.root_token).text
    (row,) = (row for row in csv.DictReader(io.StringIO(text)) if row["x_Person"] == "ben")
    assert {name: row[f"x_{name.capitalize()}GpuHours"] for name in amounts} == amounts
    asked = f"api/usage?{_PERIOD}&by=person"
    lines = hub.ask("GET", asked, hub.root_token).json()["lines"]
    (line,) = (line for line in lines if line["name"] == "ben")
    assert {name: line[f"{name}_gpu_hours"] for name in amounts} == amounts


def test_a_person_reads_how_busy_their_gpus_were_and_how_much_of_it_is_known(open_page, sessions):
    main = open_page("ada").get_by_role("main")
    expect(main).to_contain_text(re.compile(r"used 62% \(of \d+% known\)"))
    expect(main).to_contain_text("were unused, and of")
    expect(main.get_by_role("img", name="GPU-hours of each day")).to_be_visible()
    expect(main.get_by_role("columnheader", name="Not known")).to_be_visible()


def test_a_deleted_pod_s_session_has_ended(hub, api, sessions):
    make_session(api, "cleo", "fourth")
    until(lambda: [each for each in _sessions(hub) if each["person"] == "cleo"])
    api.delete(f"{NAMESPACE}/fourth")
    until(lambda: all(each["gone"] for each in _sessions(hub) if each["person"] == "cleo"))


def test_its_health_shows_all_that_it_does(hub):
    said = request("GET", f"http://127.0.0.1:{hub.service_port}/health")
    lines = said.text.splitlines()
    assert (said.status_code, lines[0]) == (200, "ok")
    shown = {line.partition(":")[0] for line in lines[1:]}
    assert {"recording sessions", "making totals", "writing down how busy GPUs are"} <= shown
    assert "sending mail about budgets" in shown


def test_how_long_people_waited_is_told_of_each_size(hub, open_page, sessions):
    (found,) = hub.ask("GET", f"api/waits?{_PERIOD}", hub.root_token).json()["sizes"]
    assert (found["size"], found["bound"], found["given_up"]) == ("share", found["starts"], 0)
    assert found["p50"] == {"seconds": 0.0, "at_least": False}
    begun = datetime.fromisoformat(_sessions(hub)[0]["requested"]).astimezone(_ZONE)
    page = open_page("root", f"waits?month={begun:%Y-%m}")
    table = page.get_by_role("region", name="How long starts waited")
    expect(table.get_by_role("row").filter(has_text="share")).to_be_visible()


def test_how_full_the_site_was_is_the_administrators_to_see(hub, sessions):
    (found,) = hub.ask("GET", f"api/capacity?{_PERIOD}", hub.root_token).json()["products"]
    assert found["product"] == "H100"
    assert 0 < float(found["reported_gpu_hours"]) < 4 * 3
    assert (found["cordoned_gpu_hours"], found["down_gpu_hours"]) == ("0.000000", "0.000000")
    assert float(found["allocation_rate"]) > 0
    assert hub.ask("GET", "api/capacity", hub.ada_token).status_code == 403


def test_prices_are_the_administrators_to_set_and_everybody_s_to_read(hub, sessions):
    refused = hub.ask("POST", "api/prices", hub.ada_token, _PRICE)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Only an administrator may set prices.",
    )
    wrong = hub.ask("POST", "api/prices", hub.root_token, {**_PRICE, "rate": "-1"})
    assert (wrong.status_code, wrong.json()["message"]) == (
        400,
        "rate must be what an hour of one GPU costs, such as 1.20.",
    )
    assert hub.ask("POST", "api/prices", hub.root_token, _PRICE).json() == _PRICE
    listed = hub.ask("GET", "api/prices", hub.ada_token).json()
    assert listed == {"prices": [_PRICE], "currency": "EUR"}


def test_charges_are_told_in_columns_that_other_programs_know(hub, sessions):
    hub.ask("POST", "api/prices", hub.root_token, _PRICE)
    text = hub.ask("GET", f"api/sessions?{_PERIOD}&format=csv", hub.root_token).text
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["x_Person"] == "ben"]
    ((quantity, cost, product),) = (
        (row["ConsumedQuantity"], row["BilledCost"], row["SkuId"]) for row in rows
    )
    assert (quantity, cost, product) == ("1.000000", "2.000000000", "H100")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("month=2026-13", "month must be a month such as 2026-11."),
        ("since=soon", "since must be a day such as 2026-11-27."),
        ("since=2026-11-02&until=2026-11-01", "until is 2026-11-01, which is before since"),
        ("month=2026-11&since=2026-11-01", "Give month, or since and until, and not both."),
        ("month=9999-12", "month must be a month such as 2026-11."),
        ("until=9999-12-31", "until must be a day such as 2026-11-27."),
        ("by=mood", "by 'mood' is unknown. It must be one of: person, team"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_what_does(hub, query, message):
    answer = hub.ask("GET", f"api/usage?{query}", hub.root_token)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "path"), [("ada", ""), ("root", "everybody?by=person"), ("root", "everybody?by=day")]
)
def test_pages_can_be_read_by_everybody_on_a_phone_too(open_page, sessions, name, path, scheme):
    page = open_page(name, path, width=360, color_scheme=scheme)
    heading = "What I used" if name == "ada" else "Everybody's usage"
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(
        path=_PICTURES / f"{name}-{path.partition('=')[2] or 'own'}-{scheme}.png", full_page=True
    )


def test_a_page_is_in_the_language_of_its_reader(open_page, sessions):
    page = open_page("ada", locale="de-DE")
    expect(page.get_by_role("heading", name="Was ich genutzt habe")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("GPU-Stunden")


def test_the_page_of_all_is_for_administrators(open_page):
    page = open_page("ada")
    expect(page.get_by_role("link", name="Everybody's usage")).to_have_count(0)
    page.goto("/services/gpu/everybody")
    expect(page.get_by_role("alert")).to_contain_text("This page is for administrators.")


def test_a_month_without_sessions_says_so(open_page):
    page = open_page("ada")
    page.get_by_role("link", name="Earlier").click()
    expect(page.get_by_text("You had no session in this month.")).to_be_visible()
    page.get_by_role("link", name="Later").click()
    expect(page.get_by_text("You had no session in this month.")).to_have_count(0)
