"""The picker in a real browser: with several teams, with one, with none, and without scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .api_server import ASTRO
from .conftest import CATALOGUE


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(chromium, hub, request) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=hub.url, java_script_enabled=request.param, viewport={"width": 360, "height": 800}
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted_page(chromium, hub) -> Iterator[Page]:
    context = chromium.new_context(base_url=hub.url, viewport={"width": 360, "height": 800})
    yield context.new_page()
    context.close()


def _open_picker(page: Page, name: str) -> None:
    page.goto("/hub/login?next=/hub/spawn")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("any")
    page.locator("input[type=submit]").click()
    expect(page.get_by_role("heading", name="Start a session")).to_be_visible()


def test_a_person_in_two_teams_chooses_one_and_starts_in_it(page, hub, api):
    _open_picker(page, "tia")
    teams = page.get_by_role("group", name="Team")
    teams.get_by_role("radio", name="astro").check()
    page.get_by_role("radio", name="CPU only").check()
    page.get_by_role("button", name="Start").click()
    hub.until(lambda: hub.servers("tia").get("", {}).get("ready"))
    assert [pod["metadata"]["namespace"] for pod in api.pods()] == [ASTRO]


def test_a_start_without_a_team_is_held_back_by_the_page(page, hub):
    hub.join("new", "vision")
    hub.join("new", "astro")
    _open_picker(page, "new")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("radio", name="astro")).to_be_focused()
    assert hub.servers("new") == {}


def test_the_last_team_is_preselected(scripted_page, hub):
    hub.start_server("tia", {"team": "vision"})
    hub.stop_server("tia")
    _open_picker(scripted_page, "tia")
    expect(scripted_page.get_by_role("radio", name="Computer vision")).to_be_checked()


@pytest.fixture(params=["light", "dark"])
def themed_page(chromium, hub, request) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=hub.url, color_scheme=request.param, viewport={"width": 360, "height": 800}
    )
    page = context.new_page()
    yield page
    theme = page.evaluate("document.documentElement.dataset.bsTheme")
    assert theme == request.param
    context.close()


def _has_no_barriers(page: Page) -> None:
    found = Axe().run(page, context="main")
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", ["tia", "sam", "nobody"])
def test_the_page_has_no_barriers_and_fits_a_telephone(themed_page, name):
    _open_picker(themed_page, name)
    _has_no_barriers(themed_page)


def test_what_administrators_see_of_a_broken_catalogue_has_no_barriers(
    themed_page, hub, mounted_catalogue
):
    mounted_catalogue.write("sizes: " + "x" * 300)
    try:
        hub.until(lambda: hub.api("GET", "gpucommons/catalogue").json()["problems"])
        _open_picker(themed_page, "boss")
        _has_no_barriers(themed_page)
        themed_page.get_by_role("link", name="See the mistakes").click()
        expect(themed_page.get_by_role("heading", name="The file has mistakes")).to_be_visible()
        _has_no_barriers(themed_page)
    finally:
        mounted_catalogue.write(CATALOGUE.read_text())
        hub.until(lambda: not hub.api("GET", "gpucommons/catalogue").json()["problems"])


def test_an_image_of_ones_own_is_written_into_the_card_of_its_environment(page, hub, api):
    _open_picker(page, "sam")
    page.get_by_role("radio", name="SciPy").check()
    page.get_by_label("Image of your own for SciPy").fill("example/own/mine:3")
    page.get_by_role("radio", name="CPU only").check()
    page.get_by_role("button", name="Start").click()
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    (pod,) = api.pods()
    assert pod["spec"]["containers"][0]["image"] == "example/own/mine:3"


def test_somebody_in_no_team_has_no_button_to_press(scripted_page):
    _open_picker(scripted_page, "nobody")
    expect(scripted_page.get_by_text("You are in no team")).to_be_visible()
    expect(scripted_page.get_by_role("button", name="Start")).to_have_count(0)
