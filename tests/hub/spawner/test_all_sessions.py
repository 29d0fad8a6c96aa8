"""The administrators' page of all sessions: a real hub, an API server, the culler, a browser."""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import GRANTS_NAMESPACE, NOTICES_NAMESPACE
from playwright.sync_api import Page, expect

from tests.loopback import request

from ..pages import narrow_page, sign_in
from .node import NAME
from .visitor import Visitor

PAGE = "/hub/gpucommons/sessions"
ADMINISTRATION = "/hub/admin"
GPU = {"size": "gpu"}
CPU = {"size": "cpu"}
_ADMINISTRATION = "gpucommons/administration"


@pytest.fixture(scope="module", autouse=True)
def _namespaces(api):
    names = (NOTICES_NAMESPACE, GRANTS_NAMESPACE)
    for name in names:
        api.add_namespace(name)
    yield
    for name in names:
        api.delete(f"/api/v1/namespaces/{name}/configmaps")


@pytest.fixture
def sessions(hub, culler):
    """Ada's session has a GPU and is idle, Tom's has none."""
    assert hub.start_server("ada", GPU).status_code == 201
    assert hub.start_server("tom", CPU, "training").status_code == 201
    culler.quiet("ada", timedelta(minutes=45), warned=True)


def _open(page: Page) -> None:
    sign_in(page, "boss", PAGE)
    expect(page.get_by_role("heading", name="All sessions")).to_be_visible()


def _row(page: Page, text: str):
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader").get_by_text(text))


def _choose(page: Page, session: str, action: str) -> None:
    page.get_by_role("checkbox", name=f"Choose {session}", exact=True).check()
    page.get_by_role("button", name=action).click()


def _audit(hub) -> str:
    return hub.log.read_text()


@pytest.mark.usefixtures("sessions")
def test_administrators_see_what_sessions_are_and_when_they_end(page, keep_picture):
    _open(page)
    row = _row(page, "ada")
    expect(row).to_contain_text("Running")
    expect(row).to_contain_text(NAME)
    expect(row).to_contain_text("Idle")
    expect(row).to_contain_text("GPU 0 %")
    expect(row).to_contain_text("if nobody uses it")
    expect(_row(page, "tom")).to_contain_text("training")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    keep_picture(page, "all-sessions")
    page.get_by_label("Person").first.fill("tom")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("1 of 2 sessions.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Choose ada/")).to_have_count(0)


@pytest.mark.usefixtures("sessions")
def test_sessions_are_stopped_with_notice_which_can_be_taken_back(page, hub, notices, until):
    _open(page)
    _choose(page, "ada/", "Stop …")
    page.get_by_label("Minutes until they stop").fill("30")
    page.get_by_label("Reason").fill("The node is repaired.")
    page.get_by_role("button", name="Stop 1 session").click()
    expect(page.locator("#result")).to_contain_text("ada/: It will be stopped at")
    expect(_row(page, "ada")).to_contain_text("stopped by boss")
    until(lambda: notices)
    assert notices[-1]["text"] == (
        "Save your work: boss, an administrator, stops this session. The node is repaired."
    )
    assert notices[-1]["ends_at"]
    assert '"audit": true, "action": "stop session", "subject": "ada/"' in _audit(hub)
    _choose(page, "ada/", "Take stops back …")
    page.get_by_role("button", name="Let them go on").click()
    expect(page.locator("#result")).to_contain_text("ada/: It goes on.")
    expect(_row(page, "ada")).not_to_contain_text("stopped by boss")
    assert hub.servers("ada")[""]["ready"]


@pytest.mark.usefixtures("sessions")
def test_sessions_are_stopped_now_and_their_people_read_by_whom(page, hub):
    _open(page)
    page.get_by_role("checkbox", name="All 2 that are listed").check()
    page.get_by_role("button", name="Stop …").click()
    page.get_by_label("Minutes until they stop").fill("0")
    page.get_by_role("button", name="Stop 2 sessions").click()
    expect(page.locator("#result").get_by_role("listitem")).to_have_count(2)
    hub.until(lambda: not hub.servers("ada") and not hub.servers("tom").get("training", {}))
    with Visitor(hub.url, "ada") as ada:
        ada.sign_in()
        assert "boss, an administrator, stopped your session at" in ada.get("/hub/home").text


@pytest.mark.usefixtures("sessions")
def test_people_are_told_who_writes_to_them_who_keeps_and_who_exempts_their_session(
    page, notices, culler
):
    _open(page)
    _choose(page, "ada/", "Send a message …")
    page.get_by_label("Message").fill("Please use a smaller size.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#result")).to_contain_text("The message is shown in it.")
    assert notices[-1]["text"] == "boss, an administrator: Please use a smaller size."
    _choose(page, "ada/", "Keep …")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#result")).to_contain_text("It is kept until")
    assert culler.kept[-1] == ("ada", "boss", timedelta(hours=4))
    assert "boss, an administrator, keeps this session until" in notices[-1]["text"]
    _choose(page, "ada/", "Exempt …")
    page.get_by_label("Last day").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}")
    page.get_by_label("Reason").fill("A deadline.")
    page.get_by_role("button", name="Exempt").click()
    expect(page.locator("#result")).to_contain_text("It is exempt until")
    exempt = culler.store.exemptions(datetime.now(UTC))[-1]
    assert (exempt.name, exempt.by, exempt.reason) == ("ada", "boss", "A deadline.")


@pytest.mark.usefixtures("sessions")
def test_more_than_the_quota_is_granted(page, hub, api):
    _open(page)
    _choose(page, "tom/training", "Grant more …")
    page.get_by_label("Sessions at once").fill("3")
    page.get_by_label("Last day").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}")
    page.get_by_label("Reason").fill("A course.")
    page.get_by_role("button", name="Grant").click()
    expect(page.locator("#result")).to_contain_text("tom: May have 3 sessions at once until")
    grants = api.get(f"/api/v1/namespaces/{GRANTS_NAMESPACE}/configmaps")["items"]
    (made,) = [each["data"] for each in grants if each.get("data", {}).get("user") == "tom"][-1:]
    assert (made["sessions"], made["by"], made["reason"]) == ("3", "boss", "A course.")
    hub.until(lambda: hub.start_server("tom", CPU, "third").status_code in (201, 400))


def test_a_node_is_drained_and_given_back(page, hub, api, notices, until):
    assert hub.start_server("ada", CPU).status_code == 201
    _open(page)
    page.get_by_role("link", name=f"Drain … {NAME}").click()
    page.get_by_label("Minutes until its sessions stop").fill("20")
    page.get_by_label("Reason").fill("A fan fails.")
    page.get_by_role("button", name="Drain").click()
    try:
        expect(page.locator("#result")).to_contain_text("ada/: It will be stopped at")
        assert api.get(f"/api/v1/nodes/{NAME}")["spec"]["unschedulable"] is True
        until(lambda: notices)
        assert f"boss takes the node {NAME} out of service" in notices[-1]["text"]
        nodes = hub.api("GET", f"{_ADMINISTRATION}/nodes").json()["nodes"]
        assert [(each["state"], each["sessions"]) for each in nodes] == [("draining", ["ada/"])]
        hub.stop_server("ada")
        page.reload()
        expect(page.get_by_text("Drained: no session is left")).to_be_visible()
    finally:
        page.goto(f"/hub/gpucommons/nodes/give-back?node={NAME}")
        page.get_by_role("button", name="Give back").click()
    expect(page.locator("#result")).to_contain_text("in service again")
    assert "unschedulable" not in api.get(f"/api/v1/nodes/{NAME}")["spec"]
    until(lambda: hub.api("GET", f"{_ADMINISTRATION}/nodes").json()["nodes"][0]["state"] == "ready")


def test_the_message_of_the_day_is_shown_on_pages_and_in_sessions_that_start(
    page, hub, notices, until
):
    sign_in(page, "boss", "/hub/gpucommons/message")
    page.get_by_label("Message").fill("Friday: <b>update</b>.")
    page.get_by_label("Urgency").select_option("warning")
    page.get_by_role("button", name="Show it to everybody").click()
    expect(page.locator("#result")).to_contain_text("The message of the day is set")
    with Visitor(hub.url, "ada") as ada:
        ada.sign_in()
        for path in ("/hub/home", "/hub/spawn"):
            hub.until(lambda path=path: "&lt;b&gt;update&lt;/b&gt;." in ada.get(path).text)
        hub.start_server("ada", CPU)
        until(lambda: any(each["id"] == "message-of-the-day" for each in notices))
        page.goto("/hub/gpucommons/message")
        page.get_by_role("button", name="Clear it").click()
        expect(page.locator("#result")).to_contain_text("is cleared")
        hub.until(lambda: "update" not in ada.get("/hub/home").text)


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_a_phone_and_a_screen_reader_can_use_it(chromium, hub, color_scheme):
    with narrow_page(chromium, hub.url, color_scheme) as page:
        _open(page)
        addresses = (
            PAGE,
            f"{PAGE}/stop?session=ada/",
            f"{PAGE}/grant?session=ada/",
            f"/hub/gpucommons/nodes/drain?node={NAME}",
            "/hub/gpucommons/message",
            ADMINISTRATION,
        )
        for address in addresses:
            page.goto(address)
            if address == ADMINISTRATION:  # JupyterHub's script draws it
                page.get_by_role("button", name="Details of tom training").wait_for()
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_long_names_break_between_their_parts_and_filters_stay_on_one_line(scripted_page, hub):
    name = "alexandra.lindqvist@biology.example.org"
    hub.join(name, "vision")
    assert hub.start_server(name, CPU).status_code == 201
    scripted_page.set_viewport_size({"width": 1000, "height": 800})
    _open(scripted_page)
    scripted_page.goto(f"{PAGE}?person=alexandra")
    fields = scripted_page.get_by_role("search")
    ends = "(form) => [...form.children].map((each) => each.getBoundingClientRect().bottom)"
    assert len({round(end) for end in fields.evaluate(ends)}) == 1
    assert scripted_page.evaluate("document.documentElement.scrollWidth") <= 1000
    person = scripted_page.get_by_role("rowheader").get_by_text(name)
    lines = """(name) => [...name.childNodes].map((part) => {
      const range = document.createRange();
      range.selectNodeContents(part);
      return range.getClientRects().length;
    })"""
    assert max(person.evaluate(lines)) == 1


def test_programs_do_the_same_and_say_for_whom(hub, notices, until):
    assert hub.start_server("ada", CPU).status_code == 201
    (line,) = hub.api("GET", f"{_ADMINISTRATION}/sessions?person=ada").json()["sessions"]
    assert (line["session"], line["state"], line["node"]) == ("ada/", "running", NAME)
    body = {"sessions": ["ada/", "gone/"], "text": "Hello.", "by": "ops"}
    said = hub.api("POST", f"{_ADMINISTRATION}/sessions/notify", json=body).json()["outcomes"]
    assert [each["done"] for each in said] == [True, False]
    assert notices[-1]["text"] == "ops, an administrator: Hello."
    body = {"sessions": ["ada/"], "minutes": 60, "by": "ops"}
    assert hub.api("POST", f"{_ADMINISTRATION}/sessions/stop", json=body).status_code == 200
    hub.kill()
    hub.start()
    hub.until(lambda: hub.servers("ada").get("", {}).get("ready"))
    (line,) = hub.api("GET", f"{_ADMINISTRATION}/sessions").json()["sessions"]
    assert line["stop"]["by"] == "ops"
    for path, body in (
        ("sessions/odd", {"sessions": ["ada/"]}),
        ("sessions/stop", {"sessions": []}),
        ("sessions/stop", {"sessions": ["ada/"], "minutes": -1}),
        ("nodes/none/drain", {"minutes": 1}),
    ):
        assert hub.api("POST", f"{_ADMINISTRATION}/{path}", json=body).status_code >= 400


@pytest.mark.usefixtures("sessions")
def test_a_token_does_no_more_than_it_allows(hub):
    token = hub.api("POST", "users/boss/tokens", json={"scopes": ["admin-ui"]}).json()["token"]

    def post(action: str, **fields: object):
        url = f"{hub.url}/hub/api/{_ADMINISTRATION}/sessions/{action}"
        headers = {"Authorization": f"token {token}"}
        return request("POST", url, headers=headers, json={"sessions": ["ada/"], **fields})

    last = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    granted = post("grant", sessions=3, until=last, reason="A course.")
    assert (granted.status_code, "admin:users" in granted.text) == (403, True)
    (kept,) = post("keep", hours=4).json()["outcomes"]
    assert (kept["done"], "access:services" in kept["message"]) == (False, True)


def test_nobody_else_sees_or_does_any_of_it(hub):
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        for path in (PAGE, f"{PAGE}/stop", "/hub/gpucommons/message"):
            assert sam.get(path).status_code == 403
        assert sam.get(f"/hub/api/{_ADMINISTRATION}/sessions").status_code == 403
