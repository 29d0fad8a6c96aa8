"""What the leads of a team see, and nobody else; who had a name before is somebody else."""

import csv
import io
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import Annotation, Label, leads_written
from playwright.sync_api import expect

from tests.waiting import until

from .session_pods import make_session
from .test_usage import _PICTURES

_SERVICE = "access:services!service=gpu"
_BEFORE = "2026-01-07T08:00:00.000001Z"


def _make_team(api, name: str, title: str, lead: str) -> None:
    metadata = {
        "name": f"team-{name}",
        "labels": {str(Label.TEAM): name},
        "annotations": {
            str(Annotation.DISPLAY_NAME): title,
            str(Annotation.LEADS): leads_written({lead: ""}),
        },
    }
    api.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


@pytest.fixture(scope="module")
def root(hub) -> str:
    return hub.token_of("root", _SERVICE, "admin-ui")


@pytest.fixture(scope="module")
def month(hub, api, root) -> str:
    """Team vision, led by Ben, in which Ada had a session; team audio, led by Cara. Their month."""
    for name in ("cara", "dan"):
        hub.add(name)
    _make_team(api, "vision", "Computer vision", "ben")
    _make_team(api, "audio", "Audio", "cara")
    make_session(api, "ada", "of-vision", timedelta(hours=2), since=hub.since_of("ada"))
    make_session(api, "dan", "of-the-other-dan", timedelta(hours=2), since=_BEFORE)
    for name in ("vision", "audio"):
        until(lambda name=name: hub.ask("GET", f"api/team/{name}", root).status_code == 200)

    def found() -> list[dict]:
        listed = hub.ask("GET", "api/sessions?since=2026-01-01", root).json()["sessions"]
        return [each for each in listed if each["person"] in ("ada", "dan") and each["gone"]]

    until(lambda: {"ada", "dan"} <= {each["person"] for each in found()})
    (session,) = (each for each in found() if each["person"] == "dan")
    asked = datetime.fromisoformat(session["requested"]).astimezone(ZoneInfo("Europe/Berlin"))
    return f"{asked:%Y-%m}"


def _asked(hub, name: str, path: str):
    return hub.ask("GET", path, hub.token_of(name, _SERVICE))


def _timeless(page: str) -> str:
    """Leave out when a page was written."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+", "", page)


def test_a_lead_sees_how_much_each_member_used_and_not_when(hub, month):
    said = _asked(hub, "ben", f"api/team/vision?month={month}").json()
    assert said["team"]["title"] == "Computer vision"
    assert {line["name"] for line in said["people"]} >= {"ada", "dan"}
    assert all(line["started"] for line in said["people"])
    text = _asked(hub, "ben", f"api/team/vision?month={month}&format=csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["x_Person"] for row in rows} == {line["title"] for line in said["people"]}
    assert {row["SubAccountName"] for row in rows} == {"Computer vision"}
    days = _asked(hub, "ben", f"api/team/vision?month={month}&since=2026-01-01&by=day").json()
    assert days["people"][0].keys() == said["people"][0].keys()


@pytest.mark.parametrize("name", ["ada", "cara"])
@pytest.mark.parametrize("path", ["team/vision", "api/team/vision", "api/team/vision?format=csv"])
def test_members_and_leads_of_other_teams_learn_nothing_of_a_team(hub, month, name, path):
    """Not even whether there is one: the answer is that of a team that there never was."""
    answer = _asked(hub, name, path)
    assert answer.status_code == 404
    unknown = _asked(hub, name, path.replace("vision", "nothing"))
    assert _timeless(answer.text.replace("vision", "nothing")) == _timeless(unknown.text)
    assert "Computer" not in answer.text


@pytest.mark.parametrize("name", ["ada", "ben", "cara"])
@pytest.mark.parametrize(
    "path",
    [
        *("api/usage?team=vision", "api/sessions?team=vision", "api/sessions?person=dan"),
        *("api/usage?person=dan", "api/sessions?team=vision&format=csv", "api/capacity"),
    ],
)
def test_a_lead_sees_no_sessions_of_others_and_a_member_nothing_else(hub, month, name, path):
    answer = _asked(hub, name, path)
    assert answer.status_code == 403
    assert "vision" not in answer.text


def test_an_administrator_sees_every_team(hub, root, month):
    said = hub.ask("GET", f"api/team/audio?month={month}", root).json()
    assert (said["team"]["title"], said["people"]) == ("Audio", [])


def test_a_lead_reaches_the_team_s_page_from_each_page_and_others_are_sent_away(open_page, month):
    page = open_page("ben")
    page.get_by_role("link", name="Computer vision").click()
    expect(page.get_by_role("heading", name="What Computer vision used")).to_be_visible()
    page.goto(f"/services/gpu/team/vision?month={month}")
    expect(page.get_by_role("rowheader", name="ada", exact=True)).to_be_visible()
    page = open_page("ada")
    expect(page.get_by_role("link", name="Computer vision")).to_have_count(0)
    page.goto("/services/gpu/team/vision")
    expect(page.get_by_role("alert")).to_contain_text("You lead no team vision.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_team_can_be_read_by_everybody_on_a_phone_too(open_page, month, scheme):
    path = f"team/vision?month={month}"
    page = open_page("ben", path, width=360, color_scheme=scheme)
    expect(page.get_by_role("heading", name="By person")).to_be_visible()
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_PICTURES / f"team-{scheme}.png", full_page=True)


def test_case_27_who_gets_the_name_of_somebody_who_left_sees_nothing_of_theirs(
    hub, root, open_page, month
):
    """Neither sessions nor sums, refunds, efficiencies or what is left of a budget."""
    listed = hub.ask("GET", f"api/sessions?month={month}&person=dan", root).json()["sessions"]
    (session,) = listed
    refund = {"session": session["id"], "amount": "0.1", "reason": "Its node was slow."}
    assert hub.ask("POST", "api/refunds", root, refund).status_code == 201
    assert _asked(hub, "dan", f"api/sessions?month={month}").json()["sessions"] == []
    text = _asked(hub, "dan", f"api/sessions?month={month}&format=csv").text
    assert list(csv.DictReader(io.StringIO(text))) == []
    said = _asked(hub, "dan", f"api/usage?month={month}&by=person&late=yes").json()
    assert (said["lines"], said["adjustments"]) == ([], [])
    assert said["total"]["unknown_gpu_hours"] == "0.000000"
    page = open_page("dan", f"?month={month}")
    expect(page.get_by_text("You had no session in this month.")).to_be_visible()
    expect(page.get_by_text("were refunded")).to_have_count(0)
    lines = hub.ask("GET", f"api/usage?month={month}&by=person", root).json()["lines"]
    (line,) = (line for line in lines if line["name"] == "dan")
    assert (line["title"], line["id"]) == ("dan (left)", _BEFORE)
    assert float(line["allocated_gpu_hours"]) > 0


def test_whoever_is_looked_at_reads_who_looked(hub, root, open_page, month):
    hub.ask("GET", f"api/usage?month={month}&person=cara", root)
    page = open_page("cara")
    looks = page.get_by_role("region", name="Who looked at this")
    expect(looks.get_by_role("listitem")).to_have_count(1)
    expect(looks).to_contain_text(re.compile(r"root"))
    hub.ask("GET", f"api/sessions?month={month}&person=cara", root)
    _asked(hub, "cara", f"api/sessions?month={month}&person=cara")
    page.reload()
    expect(looks.get_by_role("listitem")).to_have_count(2)
    expect(open_page("ben").get_by_role("region", name="Who looked at this")).to_have_count(0)
