"""Dex's pages look like the hub's: the lab's name, logo and colour, light and dark."""

from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_local.machine.cache import checkout
from playwright.sync_api import Page, expect

from .pages import narrow_page

_PICTURES = checkout() / "build" / "pictures" / "dex"


@pytest.fixture(params=["light", "dark"])
def narrow(chromium, hub, request) -> Iterator[Page]:
    """A page of 360 pixels at Dex's form."""
    with narrow_page(chromium, hub.url, request.param) as page:
        page.goto("/hub/oauth_login")
        expect(page.get_by_label("Password")).to_be_visible()
        yield page


def test_the_form_has_name_logo_and_colour_and_says_what_is_wrong(narrow, hub, request):
    expect(narrow).to_have_title("Sign in · Vision Lab")
    expect(narrow.get_by_role("heading", name="Sign in to Vision Lab")).to_be_visible()
    picture = narrow.locator("header img")
    expect(picture).to_have_attribute("src", f"{hub.url}/hub/logo")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    button = narrow.get_by_role("button", name="Sign in")
    expect(button).to_have_css("background-color", "rgb(123, 45, 142)")
    narrow.locator("[name=login]").fill("ada@example.org")
    narrow.get_by_label("Password").fill("wrong")
    button.click()
    expect(narrow.get_by_role("alert")).to_contain_text("Wrong email address or password")
    expect(narrow.locator("[name=login]")).to_have_value("ada@example.org")
    _looks_well(narrow, f"{request.node.callspec.params['narrow']}-wrong")


def test_an_error_says_what_to_do_and_folds_the_details_away(narrow, dex, request):
    narrow.goto(f"{dex.issuer}/auth?client_id=nobody")
    expect(narrow.get_by_role("heading", name="Signing in did not work")).to_be_visible()
    _looks_well(narrow, f"{request.node.callspec.params['narrow']}-error")


def test_browsers_are_told_what_its_pages_may_load(dex):
    page = httpx.get(f"{dex.issuer}/auth?client_id=nobody", timeout=60)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["x-content-type-options"] == "nosniff"


def _looks_well(page: Page, name: str) -> None:
    page.screenshot(path=_PICTURES / f"{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert Axe().run(page).response["violations"] == []
