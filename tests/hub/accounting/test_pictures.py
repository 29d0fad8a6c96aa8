"""The pages about a lab that is made up: pictures for the docs, and what a phone shows at night."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.waiting import PAGE_PATIENCE_MS

from ..pages_hub import PagesHub

_PICTURES = Path(__file__).parents[3] / "build" / "pictures"
_LOOKED_AT = _PICTURES / "accounting"
_PAGES = {
    "usage": ("ada", ""),
    "usage-team": ("ben", "team/vision"),
    "usage-everybody": ("root", "everybody"),
    "usage-report": ("root", "report?period=2026-Q4"),
    "usage-budgets": ("root", "budgets"),
    "usage-waits": ("root", "waits"),
    "usage-plan": ("root", "plan-capacity?product=NVIDIA-H100-80GB-HBM3&more=2"),
    "usage-free": ("root", "free-hours"),
}
"""By the names of their pictures: who looks, and at which page."""
_HEIGHTS = {"usage": 1080, "usage-report": 1120}
"""Of pictures with more to see than others, in pixels."""
_PICTURED = (1280, "light")
_LOOKS = (_PICTURED, (360, "dark"))
"""Width and scheme."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[PagesHub]:
    folder = tmp_path_factory.mktemp("pictures")
    service = ["tests.hub.accounting.served_pages", f"sqlite:///{folder / 'accounting.sqlite'}"]
    hub = PagesHub(folder, service, name="gpu")
    hub.start()
    try:
        yield hub
    finally:
        hub.stop()


@pytest.fixture(scope="module")
def look(hub: PagesHub, chromium: Browser) -> Iterator:
    """Open a page as somebody, who has signed in before."""
    contexts: dict[str, dict] = {}

    def look(name: str, path: str, width: int, scheme: str) -> Page:
        context = chromium.new_context(
            base_url=hub.url,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            reduced_motion="reduce",
            timezone_id="Europe/Berlin",
            storage_state=contexts.get(name),
        )
        context.set_default_timeout(PAGE_PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        page.goto(f"/services/gpu/{path}")
        if name not in contexts:
            page.get_by_label("Username").fill(name)
            page.get_by_label("Password").fill("any")
            page.locator("input[type=submit]").click()
            page.wait_for_url(f"**/services/gpu/{path}")
            contexts[name] = context.storage_state()
        return page

    opened: list = []
    yield look
    for context in opened:
        context.close()


@pytest.mark.parametrize("picture", _PAGES)
def test_each_page_has_its_picture_and_can_be_read_in_the_dark_on_a_phone(look, picture):
    name, path = _PAGES[picture]
    _LOOKED_AT.mkdir(parents=True, exist_ok=True)
    for width, scheme in _LOOKS:
        page = look(name, path, width, scheme)
        if (width, scheme) == _PICTURED:
            page.set_viewport_size({"width": width, "height": _HEIGHTS.get(picture, 800)})
            page.screenshot(path=_PICTURES / f"{picture}.png")
        else:
            found = Axe().run(page)
            assert not found.response["violations"], found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=_LOOKED_AT / f"{picture}-{width}-{scheme}.png", full_page=True)
        page.context.close()
