"""The picker while it is looked at: what is free changes, and another team is chosen."""

import pytest
from playwright.sync_api import Page, Response, expect

from ..pages import unfold_navigation
from .conftest import CATALOGUE


@pytest.fixture
def narrowed(write_catalogue):
    """PyTorch and whole GPUs are for astro alone."""
    text = CATALOGUE.read_text().replace("access: [researchers]", "access: [astro]")
    only = "gpu: {mode: exclusive}\n    access: [astro]"
    write_catalogue(text.replace("gpu: {mode: exclusive}", only))


def _streams(page: Page) -> list[str]:
    """The requests of a page to the endpoint, each with how it stands."""
    seen: list[str] = []

    def note(word: str):
        return lambda request: seen.append(word) if "availability" in request.url else None

    page.on("request", note("open"))
    page.on("requestfailed", note("closed"))
    page.on("requestfinished", note("closed"))
    return seen


def _is_stream(response: Response) -> bool:
    return "availability" in response.url and response.ok


def _look_away(page: Page, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_what_is_free_changes_on_the_page_by_itself(scripted_page, hub, open_picker, keep_picture):
    hub.until(lambda: hub.availability("ruth")["sizes"][2]["free"] == 2)
    open_picker(scripted_page, "ruth")
    gpu = scripted_page.locator("[data-size=gpu]")
    expect(gpu).to_contain_text("2 of 2 free")
    scripted_page.get_by_role("radio", name="Whole GPU").check()
    for server in ("", "second"):
        hub.start_server("rosa", {"size": "gpu"}, server)
    expect(gpu).to_contain_text("All 2 places for this size are taken.")
    expect(scripted_page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    expect(scripted_page.get_by_text("What is chosen cannot be started now.")).to_be_visible()
    keep_picture(scripted_page, "taken")
    hub.stop_server("rosa", "second")
    expect(gpu).to_contain_text("1 of 2 free")
    expect(scripted_page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    announced = scripted_page.locator("[data-announcement]")
    expect(announced).to_have_text("Whole GPU can be started now.")


def test_a_page_that_is_not_looked_at_has_no_stream(scripted_page, hub, open_picker):
    seen = _streams(scripted_page)
    open_picker(scripted_page, "ruth")
    hub.until(lambda: scripted_page.wait_for_timeout(20) or seen == ["open"])
    _look_away(scripted_page, hidden=True)
    hub.until(lambda: scripted_page.wait_for_timeout(20) or seen == ["open", "closed"])
    with scripted_page.expect_request("**/availability*"):
        _look_away(scripted_page, hidden=False)
    assert seen == ["open", "closed", "open"]


def test_a_stream_that_breaks_is_opened_again(scripted_page, hub, open_picker):
    with scripted_page.expect_response(_is_stream):  # before it, the page may lack its scripts
        open_picker(scripted_page, "ruth")
    hub.stop()
    with scripted_page.expect_response(_is_stream, timeout=300_000):
        hub.start()


def test_a_hub_that_says_nothing_is_asked_again(scripted_page, open_picker):
    scripted_page.clock.install()
    scripted_page.route("**/availability*", lambda route: None, times=1)  # which is never answered
    with scripted_page.expect_request("**/availability*"):
        open_picker(scripted_page, "ruth")
    with scripted_page.expect_response(_is_stream):
        scripted_page.clock.fast_forward(100_000)


def test_a_proxy_that_knows_no_hub_does_not_sign_anybody_out(scripted_page, hub, open_picker):
    open_picker(scripted_page, "ruth")
    expect(scripted_page.locator("[data-size=gpu]")).to_contain_text("free")
    _look_away(scripted_page, hidden=True)
    answers = "**/availability*"
    scripted_page.route(answers, lambda route: route.fulfill(status=404, body=""), times=1)
    with scripted_page.expect_response(_is_stream):
        _look_away(scripted_page, hidden=False)
    expect(scripted_page.get_by_text("You are no longer signed in.")).to_be_hidden()


def test_somebody_who_has_signed_out_meanwhile_is_told(scripted_page, hub, open_picker):
    open_picker(scripted_page, "ruth")
    _look_away(scripted_page, hidden=True)
    scripted_page.context.clear_cookies()
    _look_away(scripted_page, hidden=False)
    expect(scripted_page.get_by_text("You are no longer signed in.")).to_be_visible()


def test_another_team_narrows_what_can_be_chosen_at_once(
    scripted_page, hub, narrowed, open_picker, keep_picture
):
    requests = _streams(scripted_page)
    open_picker(scripted_page, "tia")
    scripted_page.get_by_role("radio", name="astro").check()
    for name in ("PyTorch", "Whole GPU"):
        scripted_page.get_by_role("radio", name=name).check()
    scripted_page.get_by_role("radio", name="Computer vision").check()
    for name in ("PyTorch", "Whole GPU"):
        radio = scripted_page.get_by_role("radio", name=name)
        expect(radio).to_be_disabled()
    closed = scripted_page.get_by_text("For members of astro. Ask an administrator for access.")
    expect(closed.first).to_be_visible()
    expect(scripted_page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    keep_picture(scripted_page, "team")
    scripted_page.get_by_role("radio", name="astro").check()
    expect(scripted_page.get_by_role("radio", name="Whole GPU")).to_be_checked()
    expect(scripted_page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    assert requests == ["open"]  # by the page itself, and none by a choice


def test_without_scripts_a_choice_that_the_team_has_not_is_refused(
    chromium, hub, narrowed, api, open_picker
):
    context = chromium.new_context(base_url=hub.url, java_script_enabled=False)
    page = context.new_page()
    open_picker(page, "tia")
    page.get_by_role("radio", name="Computer vision").check()
    page.get_by_role("radio", name="Whole GPU").check()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The size gpu is for other groups.")
    assert api.pods() == []
    context.close()


def test_how_long_the_last_starts_took_follows_the_choice(scripted_page, hub, open_picker):
    hub.start_server("sam", {"size": "share"})
    hub.stop_server("sam")
    open_picker(scripted_page, "sam")
    scripted_page.get_by_role("radio", name="Share of a GPU").check()
    summary = scripted_page.locator("[data-summary]")
    facts = scripted_page.locator("[data-facts]")
    expect(summary).to_have_text("SciPy 2026.11 · Share of a GPU · JupyterLab")
    expect(facts).to_contain_text("took")
    scripted_page.get_by_label("Version of SciPy").select_option("2026.05")
    scripted_page.get_by_role("radio", name="VS Code").check()
    scripted_page.get_by_role("radio", name="For an hour").check()
    expect(summary).to_have_text("SciPy 2026.05 · For an hour · VS Code")
    expect(facts).to_have_text("1 hour at most")
    expect(scripted_page.locator("[data-terms]")).to_have_text(
        "If unused: warned after 30 minutes, stopped after 1 hour."
    )


def test_an_environment_offers_its_own_programs_and_gives_back_the_chosen_one(
    scripted_page, open_picker, write_catalogue
):
    text = CATALOGUE.read_text().replace("access: [researchers]", "opens: [lab, notebook]", 1)
    write_catalogue(text)
    open_picker(scripted_page, "sam")
    programs = {
        name: scripted_page.get_by_role("radio", name=name)
        for name in ("JupyterLab", "VS Code", "Notebook")
    }
    programs["VS Code"].check()
    expect(programs["Notebook"]).to_be_hidden()
    scripted_page.get_by_role("radio", name="PyTorch").check()
    expect(programs["VS Code"]).to_be_hidden()
    expect(programs["Notebook"]).to_be_visible()
    expect(programs["JupyterLab"]).to_be_checked()
    scripted_page.get_by_role("radio", name="SciPy").check()
    expect(programs["VS Code"]).to_be_checked()


def test_what_is_not_available_is_folded_away_until_somebody_looks(
    scripted_page, open_picker, keep_picture
):
    open_picker(scripted_page, "sam")
    reason = scripted_page.get_by_text("Its image is not built here.")
    expect(reason).to_be_hidden()
    scripted_page.get_by_text("2 more environments are not available here").click()
    expect(reason).to_be_visible()
    expect(scripted_page.get_by_text("2 more sizes are not available here")).to_be_visible()
    keep_picture(scripted_page, "folded")


def test_start_is_in_sight_whatever_is_looked_at(scripted_page, open_picker, keep_picture):
    open_picker(scripted_page, "tia")
    start = scripted_page.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_in_viewport(ratio=1)
    keep_picture(scripted_page, "picker-start")
    scripted_page.get_by_role("radio", name="Whole GPU").focus()
    expect(scripted_page.get_by_role("radio", name="Whole GPU")).to_be_in_viewport(ratio=1)
    expect(start).to_be_in_viewport(ratio=1)


def test_everything_can_be_done_with_the_keyboard(scripted_page, hub, open_picker):
    open_picker(scripted_page, "sam")
    scripted_page.get_by_role("radio", name="CPU only").focus()
    scripted_page.keyboard.press("ArrowDown")
    expect(scripted_page.get_by_role("radio", name="Share of a GPU")).to_be_checked()
    start = scripted_page.get_by_role("button", name="Start", exact=True)
    for _ in range(3):  # the line that folds other sizes away lies between
        scripted_page.keyboard.press("Tab")
        if start.evaluate("button => button === document.activeElement"):
            break
    expect(start).to_be_focused()
    scripted_page.keyboard.press("Tab")
    expect(scripted_page.get_by_role("button", name="Copy link")).to_be_focused()
    scripted_page.keyboard.press("Shift+Tab")
    scripted_page.keyboard.press("Enter")
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))


def test_enter_in_the_image_starts_what_is_chosen_not_the_last_session(
    scripted_page, hub, api, open_picker
):
    hub.start_server("sam", {"size": "share"})
    hub.stop_server("sam")
    open_picker(scripted_page, "sam")
    scripted_page.get_by_label("Image of your own for SciPy").fill("example/own/mine:3")
    scripted_page.keyboard.press("Enter")
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    (pod,) = api.pods()
    assert pod["spec"]["containers"][0]["image"] == "example/own/mine:3"


@pytest.mark.parametrize(("name", "links"), [("boss", 1), ("sam", 0)])
def test_administrators_find_the_catalogue_in_the_navigation(
    scripted_page, hub, open_picker, name, links
):
    open_picker(scripted_page, name)
    unfold_navigation(scripted_page)
    link = scripted_page.get_by_role("link", name="Catalogue")
    expect(link).to_have_count(links)
    if links:
        link.click()
        expect(scripted_page.get_by_role("heading", name="Catalogue")).to_be_visible()


def test_the_page_asks_no_other_host(scripted_page, hub, open_picker):
    hosts = set()
    scripted_page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    open_picker(scripted_page, "sam")
    assert hosts == {hub.url.removeprefix("http://")}
