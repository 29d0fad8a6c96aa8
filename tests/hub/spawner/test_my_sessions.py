"""The page "My sessions": what runs, what waits, what ended, and one press for what comes next."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract.formats.wording import LOST_BY_A_STOP
from playwright.sync_api import Locator, Page, expect

from ..pages import sign_in

GPU = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "gpu"}
_MOMENT = r"(\w+ \d+, (\d+, )?)?\d+:\d\d\s[AP]M"
"""A moment as the page writes it: with the date unless it is today."""


def _open(page: Page, name: str) -> None:
    sign_in(page, name, "/hub/home")
    expect(page.get_by_role("heading", name="My sessions")).to_be_visible()


def _card(page: Page, server: str = "") -> Locator:
    return page.locator(f'[data-server="{server}"]')


@pytest.fixture
def home(scripted_page, hub) -> Page:
    """The page of somebody with a session that runs."""
    assert hub.start_server("sam", GPU).status_code == 201
    _open(scripted_page, "sam")
    return scripted_page


def test_somebody_new_is_led_to_the_picker(scripted_page, hub, keep_picture):
    _open(scripted_page, "nora")
    expect(scripted_page.locator("[data-server]")).to_have_count(0)
    keep_picture(scripted_page, "sessions-none")
    scripted_page.get_by_role("link", name="Start a session").click()
    expect(scripted_page.get_by_role("heading", name="Start a session")).to_be_visible()


def test_a_session_says_what_it_is_and_since_when_and_opens(home, keep_picture):
    card = _card(home)
    expect(card.get_by_role("heading")).to_have_text("SciPy 2026.11 · Whole GPU")
    expect(card).to_contain_text("Computer vision")
    expect(card).to_contain_text(re.compile(rf"Running since {_MOMENT}"))
    expect(home).to_have_title("1 running · My sessions")
    keep_picture(home, "sessions")
    lab = card.get_by_role("link", name="Open JupyterLab").get_attribute("href")
    assert lab == "/user/sam/"
    assert card.get_by_role("link", name="Open VS Code").get_attribute("href") == f"{lab}vscode/"


def test_a_session_that_is_limited_says_when_it_ends(scripted_page, hub):
    hub.start_server("sam", {**GPU, "size": "brief"})
    _open(scripted_page, "sam")
    expect(_card(scripted_page)).to_contain_text(re.compile(rf"It ends at {_MOMENT} at the latest"))


def test_a_session_says_that_it_is_used_or_when_it_was_last(home, culler):
    culler.quiet("sam", timedelta())
    home.reload()
    expect(_card(home)).to_contain_text("In use.")
    culler.quiet("sam", timedelta(minutes=20))
    home.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    words = rf"Last used at {_MOMENT}; it will be stopped at {_MOMENT} unless it is used\."
    expect(_card(home)).to_contain_text(re.compile(words))


def test_an_idle_session_says_when_it_will_be_stopped_and_where_it_is_kept(
    home, culler, keep_picture
):
    culler.quiet("sam", timedelta(minutes=40), warned=True)
    home.reload()
    words = rf"Idle since {_MOMENT}; it will be stopped at {_MOMENT} unless it is used\."
    expect(_card(home)).to_contain_text(re.compile(words))
    assert Axe().run(home).violations_count == 0
    keep_picture(home, "sessions-idle")
    stop = _card(home).get_by_role("button", name="Stop")
    expect(stop).to_have_accessible_description(str(LOST_BY_A_STOP))
    assert (
        _card(home).get_by_role("link", name="Keep it").get_attribute("href") == "/services/idle/"
    )


def test_a_culler_that_does_not_answer_or_does_not_know_a_session_says_nothing_of_it(home, culler):
    home.reload()
    expect(_card(home)).to_contain_text("Whether it is idle is not known now.")
    culler.quiet("sam", timedelta())
    culler.silent = True
    home.reload()
    expect(_card(home)).to_contain_text("Whether it is idle is not known now.")
    culler.silent = False
    home.reload()
    expect(_card(home)).to_contain_text("In use.")


def test_nobody_knows_whether_vs_code_is_in_an_image_that_the_person_named(scripted_page, hub):
    own = {key: GPU[key] for key in ("team", "environment")}
    hub.start_server("sam", {**own, "size": "cpu", "image": "example/own/mine:1"})
    _open(scripted_page, "sam")
    expect(_card(scripted_page).get_by_role("link", name="Open JupyterLab")).to_be_visible()
    expect(_card(scripted_page).get_by_role("link", name="Open VS Code")).to_have_count(0)


def test_a_start_is_followed_until_it_runs(scripted_page, hub, node, keep_picture):
    node.runs_pods = False
    try:
        hub.start_server("sam", GPU, answer_after=0.1)
        _open(scripted_page, "sam")
        card = _card(scripted_page)
        expect(card.get_by_role("status")).to_have_text("It is being started.")
        expect(scripted_page).to_have_title("Starting · My sessions")
        keep_picture(scripted_page, "sessions-starting")
        link = card.get_by_role("link", name="Show progress").get_attribute("href")
        assert link == "/hub/spawn-pending/sam"
    finally:
        node.runs_pods = True
    expect(card.get_by_role("link", name="Open JupyterLab")).to_be_visible()
    expect(scripted_page).to_have_title("1 running · My sessions")


def test_what_happens_elsewhere_is_shown_when_one_comes_back_to_the_page(home, hub):
    hub.stop_server("sam")
    home.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(_card(home).get_by_role("button", name="Start again", exact=True)).to_be_visible()
    expect(_card(home)).to_contain_text(re.compile(rf"Stopped at {_MOMENT}"))
    expect(_card(home)).to_contain_text("Saved files are kept")


def test_a_second_session_is_chosen_under_its_name_and_removed_again(home, hub, keep_picture):
    home.get_by_label("Another session, with a name").fill("Not a name")
    home.get_by_role("button", name="Choose what it is").click()
    expect(home.get_by_role("heading", name="My sessions")).to_be_visible()
    home.get_by_label("Another session, with a name").fill("training-2")
    home.get_by_role("button", name="Choose what it is").click()
    expect(home.get_by_role("heading", name="Start a session")).to_be_visible()
    assert home.url.endswith("/hub/spawn/sam/training-2")
    assert hub.start_server("sam", {**GPU, "size": "cpu"}, server="training-2").status_code == 201
    home.goto("/hub/home")
    expect(home).to_have_title("2 running · My sessions")
    keep_picture(home, "sessions-two")
    assert Axe().run(home).violations_count == 0
    _card(home, "training-2").get_by_role("button", name="Stop training-2").click()
    home.once("dialog", lambda dialog: dialog.accept())
    _card(home, "training-2").get_by_role("button", name="Remove training-2").click()
    expect(_card(home, "training-2")).to_have_count(0)
    expect(_card(home).get_by_role("button", name="Stop", exact=True)).to_be_visible()


def test_a_stop_that_the_hub_refuses_is_said_and_can_be_pressed_again(home):
    home.route(
        "**/hub/api/users/sam/server*",
        lambda route: route.fulfill(status=503, json={"message": "The database is away"}),
    )
    _card(home).get_by_role("button", name="Stop", exact=True).click()
    expect(_card(home).get_by_role("alert")).to_have_text(
        "It was not stopped: The database is away. Try again."
    )
    expect(_card(home).get_by_role("button", name="Stop", exact=True)).to_be_visible()


def test_whoever_is_signed_out_meanwhile_reads_so(home):
    home.context.clear_cookies()
    home.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(home.get_by_text("You are no longer signed in")).to_be_visible()
