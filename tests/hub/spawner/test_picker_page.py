"""The picker in a real browser: with several teams, with one, with none, and without scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .api_server import ASTRO
from .conftest import CATALOGUE


def test_a_person_in_two_teams_chooses_one_and_starts_in_it(page, hub, api, open_picker):
    open_picker(page, "tia")
    teams = page.get_by_role("group", name="Team")
    teams.get_by_role("radio", name="astro").check()
    page.get_by_role("radio", name="CPU only").check()
    page.get_by_role("button", name="Start", exact=True).click()
    hub.until(lambda: hub.servers("tia").get("", {}).get("ready"))
    assert [pod["metadata"]["namespace"] for pod in api.pods()] == [ASTRO]


def test_a_start_without_a_team_is_held_back_by_the_page(page, hub, open_picker):
    hub.join("new", "vision")
    hub.join("new", "astro")
    open_picker(page, "new")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("radio", name="astro")).to_be_focused()
    assert hub.servers("new") == {}


def test_the_last_team_is_preselected(scripted_page, hub, open_picker):
    hub.start_server("tia", {"team": "vision"})
    hub.stop_server("tia")
    open_picker(scripted_page, "tia")
    expect(scripted_page.get_by_role("radio", name="Computer vision")).to_be_checked()


@pytest.fixture(params=["light", "dark"])
def themed_page(chromium, hub, request) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=hub.url,
        color_scheme=request.param,
        reduced_motion="reduce",  # a colour on its way to another has a contrast of its own
        viewport={"width": 360, "height": 800},
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
def test_the_page_has_no_barriers_and_fits_a_telephone(themed_page, name, open_picker):
    open_picker(themed_page, name)
    _has_no_barriers(themed_page)


def test_last_session_link_and_narrowed_team_have_no_barriers(
    themed_page, hub, open_picker, write_catalogue, keep_picture
):
    hub.start_server("tia", {"team": "vision", "size": "gpu"})
    hub.stop_server("tia")
    only = "gpu: {mode: exclusive}\n    access: [astro]"
    text = CATALOGUE.read_text().replace("gpu: {mode: exclusive}", only)
    text = text.replace("example/scipy:2026.11", "example/scipy:2026.11.1")
    write_catalogue(text)
    open_picker(themed_page, "tia", "/hub/spawn?opt-size=huge&opt-version=2025.11")
    card = themed_page.get_by_role("region", name="Last session")
    expect(card).to_contain_text("The size gpu is for other groups.")
    expect(card.get_by_role("button")).to_be_disabled()
    _has_no_barriers(themed_page)
    write_catalogue(text.replace(only, "gpu: {mode: exclusive}"))
    themed_page.reload()
    expect(card).to_contain_text("SciPy 2026.11 is another image now.")
    themed_page.get_by_role("button", name="Copy link").click()
    _has_no_barriers(themed_page)
    theme = themed_page.evaluate("document.documentElement.dataset.bsTheme")
    keep_picture(themed_page, f"again-{theme}")


def test_what_administrators_see_of_a_broken_catalogue_has_no_barriers(
    themed_page, hub, mounted_catalogue, open_picker
):
    mounted_catalogue.write("sizes: " + "x" * 300)
    try:
        hub.until(lambda: hub.api("GET", "gpucommons/catalogue").json()["problems"])
        open_picker(themed_page, "boss")
        _has_no_barriers(themed_page)
        themed_page.get_by_role("link", name="See the mistakes").click()
        expect(themed_page.get_by_role("heading", name="The file has mistakes")).to_be_visible()
        _has_no_barriers(themed_page)
    finally:
        mounted_catalogue.write(CATALOGUE.read_text())
        hub.until(lambda: not hub.api("GET", "gpucommons/catalogue").json()["problems"])


def test_an_image_of_ones_own_is_written_into_the_card_of_its_environment(
    page, hub, api, open_picker
):
    open_picker(page, "sam")
    page.get_by_role("radio", name="SciPy").check()
    page.get_by_label("Image of your own for SciPy").fill("example/own/mine:3")
    page.get_by_role("radio", name="CPU only").check()
    page.get_by_role("button", name="Start", exact=True).click()
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    (pod,) = api.pods()
    assert pod["spec"]["containers"][0]["image"] == "example/own/mine:3"


def test_somebody_in_no_team_has_no_button_to_press(scripted_page, open_picker):
    open_picker(scripted_page, "nobody")
    expect(scripted_page.get_by_text("You are not in any team")).to_be_visible()
    expect(scripted_page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
