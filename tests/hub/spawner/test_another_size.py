"""A session goes on with another size: it is stopped once that is known to be possible."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ..pages import sign_in

GPU = {
    "team": "vision",
    "environment": "scipy",
    "version": "2026.05",
    "size": "gpu",
    "opens": "vscode",
}
CPU = {**GPU, "size": "cpu"}
BUTTON = "Stop and start with it"


def _open(page: Page, name: str) -> None:
    sign_in(page, name, "/hub/home")
    expect(page.get_by_role("heading", name="My sessions")).to_be_visible()


def _choose(page: Page, size: str, server: str = "") -> None:
    card = page.locator(f'[data-server="{server}"]')
    card.get_by_text("Another size").click()
    card.get_by_label("Same environment, with").select_option(size)


def _selection(hub, server: str = "") -> dict[str, str]:
    """What somebody's session was started with, without what the hub adds for people."""
    options = hub.servers("sam")[server]["user_options"]
    return {key: value for key, value in options.items() if key != "profile"}


def test_one_press_stops_the_session_and_starts_it_with_the_size(page, hub, node, keep_picture):
    assert hub.start_server("sam", GPU).status_code == 201
    _open(page, "sam")
    _choose(page, "cpu")
    keep_picture(page, "another-size")
    node.lost = True
    try:
        page.get_by_role("button", name=BUTTON).click()
        expect(page.get_by_role("heading", name="Stopping, files are being saved")).to_be_visible()
        expect(page.locator("main")).to_contain_text("Then SciPy 2026.05 · CPU only starts.")
        assert _selection(hub) == GPU
        node.runs_pods = False
        node.lost = False
        expect(
            page.get_by_role("heading", name="Starting SciPy 2026.05 · CPU only")
        ).to_be_visible()
    finally:
        node.lost, node.runs_pods = False, True
    page.wait_for_url("**/user/sam/**")
    assert _selection(hub) == CPU


def test_a_session_with_a_name_keeps_it(scripted_page, hub):
    assert hub.start_server("sam", CPU).status_code == 201
    assert hub.start_server("sam", CPU, server="second").status_code == 201
    _open(scripted_page, "sam")
    _choose(scripted_page, "brief", "second")
    scripted_page.locator('[data-server="second"]').get_by_role("button", name=BUTTON).click()
    scripted_page.wait_for_url("**/user/sam/second/**")
    assert _selection(hub, "second")["size"] == "brief"
    assert _selection(hub)["size"] == "cpu"


def test_it_goes_on_though_the_page_is_left(scripted_page, hub, node):
    assert hub.start_server("sam", GPU).status_code == 201
    _open(scripted_page, "sam")
    _choose(scripted_page, "cpu")
    node.lost = True
    try:
        scripted_page.get_by_role("button", name=BUTTON).click()
        expect(
            scripted_page.get_by_role("heading", name="Stopping, files are being saved")
        ).to_be_visible()
        scripted_page.goto("/hub/home")
        expect(scripted_page.get_by_role("status").first).to_contain_text(
            "Stopping, files are being saved … Then SciPy 2026.05 · CPU only starts."
        )
        scripted_page.goto("about:blank")
    finally:
        node.lost = False
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready") and _selection(hub) == CPU)


@pytest.mark.parametrize("page", [False], ids=["without scripts"], indirect=True)
def test_a_size_that_is_gone_meanwhile_stops_nothing(page, hub, node, keep_picture):
    assert hub.start_server("sam", CPU).status_code == 201
    _open(page, "sam")
    _choose(page, "gpu")
    assert hub.start_server("rosa", {**GPU, "size": "gpus"}).status_code == 201
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("heading", name="This cannot be done now")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Whole GPU cannot be had now.")
    expect(page.locator("main")).to_contain_text("Your session was not ended.")
    keep_picture(page, "another-size-refused")
    assert hub.servers("sam")[""]["ready"]
    assert _selection(hub) == CPU
    page.goto("/hub/home")
    page.get_by_text("Another size").click()
    expect(page.get_by_role("option", name="Whole GPU")).to_be_disabled()


@pytest.mark.parametrize("page", [False], ids=["without scripts"], indirect=True)
def test_a_size_that_is_not_offered_stops_nothing(page, hub):
    assert hub.start_server("sam", CPU).status_code == 201
    _open(page, "sam")
    option = page.get_by_role("option", name="For an hour")
    option.evaluate("option => option.value = 'huge'")
    _choose(page, "huge")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator("main")).to_contain_text("Your session was not ended.")
    assert hub.servers("sam")[""]["ready"]


@pytest.mark.parametrize("page", [False], ids=["without scripts"], indirect=True)
def test_a_press_for_a_start_that_waited_ends_no_session_that_runs_by_now(page, hub):
    assert hub.start_server("sam", CPU).status_code == 201
    _open(page, "sam")
    _choose(page, "brief")
    page.locator(".gpucommons-change").evaluate(
        "form => form.insertAdjacentHTML('beforeend', '<input type=hidden name=waiting value=1>')"
    )
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator("main")).to_contain_text("Your session runs by now. It was not ended.")
    assert hub.servers("sam")[""]["ready"]


def test_two_presses_are_as_one(scripted_page, hub, node):
    assert hub.start_server("sam", GPU).status_code == 201
    _open(scripted_page, "sam")
    _choose(scripted_page, "cpu")
    node.lost = True
    try:
        scripted_page.get_by_role("button", name=BUTTON).dblclick()
        expect(
            scripted_page.get_by_role("heading", name="Stopping, files are being saved")
        ).to_be_visible()
    finally:
        node.lost = False
    scripted_page.wait_for_url("**/user/sam/**")
    assert _selection(hub) == CPU


def test_what_followed_and_was_forgotten_is_no_dead_end(scripted_page, hub):
    assert hub.start_server("sam", CPU).status_code == 201
    _open(scripted_page, "sam")
    hub.stop_server("sam")
    scripted_page.goto("/hub/gpucommons/another-size/sam/")
    expect(scripted_page.get_by_role("heading", name="My sessions")).to_be_visible()


def test_a_choice_that_is_gone_meanwhile_is_not_replaced_by_another(scripted_page, hub):
    assert hub.start_server("sam", CPU).status_code == 201
    _open(scripted_page, "sam")
    _choose(scripted_page, "gpu")
    assert hub.start_server("rosa", {**GPU, "size": "gpus"}).status_code == 201
    scripted_page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(scripted_page.get_by_label("Same environment, with")).to_have_value("")


def test_what_is_open_and_chosen_stays_while_the_page_is_kept_fresh(scripted_page, hub):
    assert hub.start_server("sam", GPU).status_code == 201
    _open(scripted_page, "sam")
    _choose(scripted_page, "brief")
    assert Axe().run(scripted_page).violations_count == 0
    assert hub.start_server("sam", CPU, server="second").status_code == 201
    scripted_page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(scripted_page.locator('[data-server="second"]')).to_be_visible()
    select = scripted_page.locator('[data-server=""]').get_by_label("Same environment, with")
    expect(select).to_be_visible()
    expect(select).to_have_value("brief")


def test_the_keyboard_alone_is_enough(scripted_page, hub):
    assert hub.start_server("sam", GPU).status_code == 201
    _open(scripted_page, "sam")
    scripted_page.get_by_text("Another size").focus()
    scripted_page.keyboard.press("Enter")
    scripted_page.keyboard.press("Tab")
    expect(scripted_page.get_by_label("Same environment, with")).to_be_focused()
    scripted_page.keyboard.press("Tab")
    expect(scripted_page.get_by_role("button", name=BUTTON)).to_be_focused()
    scripted_page.keyboard.press("Enter")
    scripted_page.wait_for_url("**/user/sam/**")
    assert _selection(hub)["size"] != "gpu"
