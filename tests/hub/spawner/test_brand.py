"""The lab's name, logo and colour on the pages of a hub, light and dark, and what pages weigh."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ..pages import narrow_page, sign_in
from .spawn_hub import PATIENT, SpawnHub

_LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="28"><circle r="14"/></svg>'
_BRAND = """
from gpucommons_config.pages.brand import add_brand
from gpucommons_config.hub import defaults
from jupyterhub.handlers.base import BaseHandler
class Broken(BaseHandler):
    def get(self):
        raise RuntimeError("broken")
c.JupyterHub.extra_handlers = [*c.JupyterHub.extra_handlers, (r"/broken", Broken)]
c.Brand.name = "Vision & Robotics Lab"
c.Brand.accent = "#7b2d8e"
c.Brand.logo_file = {logo!r}
add_brand(c)
c.JupyterHub.tornado_settings |= defaults().JupyterHub.tornado_settings
"""
_PURPLE = "rgb(123, 45, 142)"


@pytest.fixture(scope="module")
def started_hub(tmp_path_factory, api, node, mounted_catalogue) -> Iterator[SpawnHub]:
    folder: Path = tmp_path_factory.mktemp("hub")
    logo = folder / "logo.svg"
    logo.write_text(_LOGO)
    hub = SpawnHub(
        folder,
        mounted_catalogue.path,
        api.kubeconfig,
        node.session_port,
        more=PATIENT + _BRAND.format(logo=str(logo)),
    )
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture(params=["light", "dark"])
def narrow(chromium, hub, request) -> Iterator[Page]:
    """A page of 360 pixels, signed in."""
    with narrow_page(chromium, hub.url, request.param) as page:
        sign_in(page, "sam", "/hub/home")
        expect(page.get_by_role("heading", name="My sessions")).to_be_visible()
        yield page


def test_the_bar_has_name_and_logo_and_the_button_the_colour(narrow, keep_picture, request):
    expect(narrow).to_have_title("My sessions · Vision & Robotics Lab")
    bar = narrow.get_by_role("navigation")
    expect(bar.get_by_role("link", name="Vision & Robotics Lab")).to_be_visible()
    start = narrow.get_by_role("link", name="Start a session")
    expect(start).to_have_css("background-color", _PURPLE)
    keep_picture(narrow, f"brand-{request.node.callspec.params['narrow']}")


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("home", "My sessions"),
        ("token", "Tokens"),
        ("nosuch", "This page does not exist"),
        ("admin", "This page is not for you"),
        ("broken", "Something went wrong"),
        ("error/503", "The session does not answer"),
        ("user/sam/tree", "No session is running"),
    ],
)
def test_pages_are_accessible_and_fit_a_phone(narrow, keep_picture, request, path, title):
    narrow.goto(f"/hub/{path}")
    expect(narrow).to_have_title(f"{title} · Vision & Robotics Lab")
    scheme = request.node.callspec.params["narrow"]
    keep_picture(narrow, f"brand-{scheme}-{path.replace('/', '-')}")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 360
    assert Axe().run(narrow).response["violations"] == []


def test_a_sign_in_page_has_the_name_too(hub):
    page = httpx.get(f"{hub.url}/hub/login", timeout=60)
    assert "<title>Vision &amp; Robotics Lab</title>" in page.text


def test_logo_and_styles_are_for_everybody(hub):
    logo = httpx.get(f"{hub.url}/hub/logo", timeout=60)
    assert logo.text == _LOGO
    assert logo.headers["content-type"] == "image/svg+xml"
    styles = httpx.get(f"{hub.url}/hub/gpucommons/brand.css", timeout=60)
    assert styles.headers["content-type"] == "text/css"
    assert styles.text.startswith(":root { --gpucommons-accent: #7b2d8e; }")


@pytest.mark.parametrize("path", ["/hub/home", "/hub/spawn", "/hub/nowhere"])
def test_a_page_weighs_little_at_first_and_next_to_nothing_again(chromium, hub, path):
    with narrow_page(chromium, hub.url, "light") as page:
        sign_in(page, "sam", "/hub/token")
        weighed = page.context.browser.new_context(storage_state=page.context.storage_state())
        first, again = (_weight(weighed.new_page(), hub.url + path) for _ in range(2))
        weighed.close()
    assert max(first.values()) < 50_000, first
    assert sum(first.values()) < 150_000, first
    assert sum(again.values()) < 35_000, again


def _weight(page: Page, url: str) -> dict[str, float]:
    """What is loaded over the wire, in bytes by path."""
    addresses: dict[str, str] = {}
    loaded: dict[str, float] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.requestWillBeSent",
        lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: loaded.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state()
    return {addresses[each]: size for each, size in loaded.items() if each in addresses}
