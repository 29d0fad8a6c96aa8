"""The culler's pages behind a real hub, in a browser: signing in, reading, keeping, exempting."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_culler.web.away import PROXY_ERRORS
from playwright.sync_api import Browser, Page, expect

from tests.waiting import PAGE_PATIENCE_MS

from ..lonely_proxy import lonely_proxy
from ..pages import unfold_navigation
from ..pages_hub import PagesHub
from ..processes import free_port

_PICTURES = Path(__file__).parents[3] / "build" / "pictures" / "idle"
_PAGES = {
    "ada": [""],
    "root": ["", "sessions", "session/ada", "history", "exemptions", "history?since=soon"],
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[PagesHub]:
    hub = PagesHub(tmp_path_factory.mktemp("pages"))
    hub.start()
    try:
        for name in ("ada", "ben"):
            hub.add(name)
        yield hub
    finally:
        hub.stop()


Open = Callable[..., Page]


@pytest.fixture
def open_page(hub: PagesHub, chromium: Browser) -> Iterator[Open]:
    """Open one of the pages as somebody, who signs in at the hub for it."""
    contexts = []

    def open_page(name: str, path: str = "", width: int = 1280, **options: object) -> Page:
        context = chromium.new_context(
            base_url=hub.url,
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PAGE_PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/services/idle/{path}")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("any")
        page.locator("input[type=submit]").click()
        page.wait_for_url(f"**/services/idle/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("scripts", "ends", "idle", "kept"),
    [
        (True, "2:50 PM", "1:50 PM", "6:30 PM"),
        (False, "2026-11-27 14:50 UTC", "2026-11-27 13:50 UTC", "2026-11-27 18:30 UTC"),
    ],
    ids=["with scripts", "without scripts"],
)
def test_a_person_reads_why_and_keeps_the_session(
    open_page: Open, scripts: bool, ends: str, idle: str, kept: str
):
    page = open_page("ada", java_script_enabled=scripts, locale="en-US", timezone_id="UTC")
    session = page.get_by_role("article").filter(has_text="My session")
    expect(session).to_contain_text(f"Ends at {ends}")
    expect(session).to_contain_text(f"It has been idle since {idle}")
    session.get_by_label("Keep it although it is idle, for").select_option("4 hours")
    session.get_by_role("button", name="Keep ada").click()
    expect(page.get_by_role("status")).to_have_text(f"ada is kept until {kept}.")
    expect(page.get_by_role("heading", name="Why was my session stopped?")).to_be_visible()
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_text("Stopped", exact=True).first).to_be_visible()
    expect(page.get_by_text("ben")).to_have_count(0)
    page.goto("/services/idle/history")
    expect(page.get_by_role("alert")).to_contain_text("for administrators")


def test_moments_are_those_of_the_reader_s_clock(open_page: Open):
    page = open_page("ada", timezone_id="America/New_York", locale="en-US")
    session = page.get_by_role("article").filter(has_text="My session")
    expect(session).to_contain_text("Ends at 9:50 AM")
    expect(session).to_contain_text("It has been idle since 8:50 AM")
    expect(session).to_contain_text("started Nov 26, 9:30 AM")
    expect(page.get_by_text("UTC")).to_have_count(0)
    expect(session.get_by_text("9:50 AM").first).to_have_attribute("title", "2026-11-27 14:50 UTC")


def test_an_administrator_finds_an_event_and_exempts_a_person(open_page: Open):
    page = open_page("root")
    page.get_by_role("link", name="History").click()
    page.get_by_label("Person").fill("ben")
    page.get_by_label("What happened").select_option("Stopped")
    page.get_by_label("To day").fill("2026-11-25")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("ben/night-run").first).to_be_visible()
    warned = page.get_by_role("listitem").filter(has_text="Warned")
    expect(warned).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = download.value.path().read_text().splitlines()
    assert all(",stopped,ben," in row for row in rows[1:])
    assert len(rows) > 20

    page.get_by_role("link", name="Exemptions").click()
    page.get_by_label("For", exact=True).select_option("A person")
    page.get_by_role("textbox", name="Name").fill("ben")
    page.get_by_label("Last day (UTC)").fill("2026-12-24")
    page.get_by_label("Reason").fill("Waits for a licence")
    page.get_by_role("button", name="Exempt", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("ben is exempt until")
    page.get_by_role("button", name="End the exemption of ben now").click()
    expect(page.get_by_role("status")).to_have_text("ben is no longer exempt.")


def test_a_form_works_by_keyboard(open_page: Open):
    page = open_page("ada")
    page.get_by_label("Keep it although it is idle, for").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("ada is kept until ")


def test_the_navigation_opens_on_a_telephone(open_page: Open):
    page = open_page("root", width=360)
    unfold_navigation(page)
    page.get_by_role("link", name="All sessions").click()
    expect(page.get_by_role("heading", name="All sessions")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("person", _PAGES)
def test_pages_have_no_barriers_and_fit(open_page: Open, hub, person, theme, width):
    page = open_page(person, width=width, color_scheme=theme)
    elsewhere = []
    page.on("request", lambda r: r.url.startswith(hub.url) or elsewhere.append(r.url))
    problems = []
    page.on("console", lambda m: m.type == "error" and problems.append(m.text))
    _PICTURES.mkdir(parents=True, exist_ok=True)
    for path in _PAGES[person]:
        page.goto(f"/services/idle/{path}")
        assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
        for summary in page.locator("summary").all()[:2]:
            summary.click()
        assert [each for each in problems if "status of 400" not in each] == []
        # Without its copies of style sheets, which the page's policy forbids.
        found = Axe().run(page, options={"preload": False})
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        name = path.partition("?")[0].replace("/", "-") or "home"
        name = "refused" if "?" in path else name
        page.screenshot(path=_PICTURES / f"{person}-{name}-{theme}-{width}.png", full_page=True)
        problems.clear()  # a screenshot adds a style, which the page's policy forbids
    assert elsewhere == []


def test_a_form_of_another_site_changes_nothing(open_page: Open, hub):
    page = open_page("root")
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    form = {"scope": "user", "name": "eve", "until": "2026-12-01", "reason": "Forged"}
    for more in ({}, {"_xsrf": "forged"}):
        answer = httpx.post(
            f"{hub.url}/services/idle/exemptions",
            cookies=cookies,
            data={**form, **more},
            timeout=60,
        )
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
    page.goto("/services/idle/exemptions")
    expect(page.get_by_text("eve")).to_have_count(0)


def test_a_browser_that_comes_by_https_gets_cookies_for_https_alone(open_page: Open, hub):
    kept = open_page("root").context.cookies()
    cookies = {each["name"]: each["value"] for each in kept if each["name"] != "_xsrf"}
    # As where another proxy has the certificate, and ours appends what it was spoken to.
    for proxies, secure in (({"X-Forwarded-Proto": "https"}, True), ({}, False)):
        url = f"{hub.url}/services/idle/exemptions"
        answer = httpx.get(url, cookies=cookies, headers=proxies, timeout=60)
        [xsrf] = answer.headers.get_list("set-cookie")
        assert xsrf.startswith("_xsrf=")
        assert ("; Secure" in xsrf) == secure


def test_a_script_keeps_a_session_with_a_token(hub):
    token = hub.token_of("ada")
    answer = hub.ask("POST", "api/sessions/ada/keep", token, {"hours": 2})
    assert (answer.status_code, answer.json()["until"][:16]) == (200, "2026-11-27T16:30")
    assert {each["user"] for each in hub.ask("GET", "api/sessions", token).json()["sessions"]} == {
        "ada"
    }
    assert hub.ask("GET", "api/sessions/ben/night-run", token).status_code == 404
    assert hub.ask("GET", "api/exemptions", token).status_code == 403


def test_a_token_of_an_administrator_administers_if_it_may(hub):
    assert hub.ask("GET", "api/exemptions", hub.token_of("root")).status_code == 200
    narrow = hub.token_of("root", "access:services!service=idle")
    assert hub.ask("GET", "api/exemptions", narrow).status_code == 403
    other = hub.token_of("root", "read:users")
    assert hub.ask("GET", "api/sessions", other).status_code == 403


def test_metrics_are_for_tokens_that_read_them(hub):
    assert hub.ask("GET", "metrics", hub.token_of("ada")).status_code == 403
    answer = hub.ask("GET", "metrics", hub.tester_token)
    assert "gpucommons_idle_sessions" in answer.text
    inside = f"http://127.0.0.1:{hub.service_port}/metrics"
    assert httpx.get(inside, timeout=60).status_code == 200
    outside = httpx.get(f"{hub.url}/metrics", follow_redirects=True, timeout=60)
    assert "gpucommons" not in outside.text


def test_the_proxy_shows_its_page_while_the_hub_is_away(hub: PagesHub, tmp_path):
    errors = f"--error-target=http://127.0.0.1:{hub.service_port}{PROXY_ERRORS}"
    with lonely_proxy(tmp_path, free_port(), errors) as address:
        answer = httpx.get(f"{address}/hub/spawn?next=a", timeout=60)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>The hub is being restarted</h1>" in answer.text
