"""Stop is a state: people see it until the session is gone, and are led on from there."""

import pytest
from playwright.sync_api import Page, expect

from ..pages import sign_in

WORDS = "Stopping, files are being saved …"


@pytest.fixture
def home(scripted_page, hub, node) -> Page:
    """The home page of somebody whose session runs on a node that is slow to stop it."""
    assert hub.start_server("sam", {"size": "cpu"}).status_code == 201
    sign_in(scripted_page, "sam", "/hub/home")
    node.lost = True
    yield scripted_page
    node.lost = False


def _press_stop(page: Page) -> None:
    """Press it, and wait for the hub's answer, which comes before the session is gone."""
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Stop", exact=True).click()


def test_a_stop_is_told_until_the_session_is_gone(home, node, keep_picture):
    _press_stop(home)
    expect(home.get_by_role("status").filter(has_text=WORDS)).to_be_visible()
    expect(home.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    expect(home.get_by_role("button", name="Start again", exact=True)).to_have_count(0)
    keep_picture(home, "home-stopping")
    node.lost = False
    expect(home.get_by_role("button", name="Start again", exact=True)).to_be_visible()


def test_who_stops_by_keyboard_stays_at_the_session(home, node):
    node.lost = False
    home.wait_for_load_state()  # a key is pressed at once, whether or not the script is there
    home.get_by_role("button", name="Stop", exact=True).press("Enter")
    again = home.get_by_role("button", name="Start again", exact=True)
    again.wait_for()
    expect(home.locator('[data-server=""]')).to_be_focused()
    home.keyboard.press("Tab")
    expect(again).to_be_focused()


def test_a_second_press_of_start_again_is_none(home, hub, node):
    node.lost = False
    home.wait_for_load_state()
    _press_stop(home)
    again = home.get_by_role("button", name="Start again", exact=True)
    later = "new Promise(then => setTimeout(then))"
    assert again.evaluate(f"button => (button.click(), {later}).then(() => button.disabled)")
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))


def test_a_home_page_that_is_opened_meanwhile_shows_the_same(home, node):
    _press_stop(home)
    home.reload()
    expect(home.get_by_role("status").filter(has_text=WORDS)).to_be_visible()
    node.lost = False
    expect(home.get_by_role("button", name="Start again", exact=True)).to_be_visible()


def test_who_starts_while_a_stop_goes_on_is_led_to_the_picker(home, node, keep_picture):
    _press_stop(home)
    home.goto("/hub/spawn?next=/hub/home")
    expect(home.get_by_role("heading", name=WORDS)).to_be_visible()
    keep_picture(home, "stopping")
    node.lost = False
    expect(home.get_by_role("heading", name="Start a session")).to_be_visible()
    assert "next=" in home.url


def test_a_named_session_is_stopped_in_the_same_way(home, hub, node):
    node.lost = False
    hub.start_server("sam", {"size": "cpu"}, server="second")
    home.reload()
    node.lost = True
    card = home.locator("[data-server=second]")
    card.get_by_role("button", name="Stop second").click()
    expect(card.get_by_role("status")).to_have_text(WORDS)
    node.lost = False
    expect(card.get_by_role("button", name="Start again second")).to_be_visible()
