"""A browser window, and a place where each page's picture is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.waiting import PAGE_PATIENCE_MS

_PICTURES = Path(__file__).parents[2] / "build" / "pictures"


@pytest.fixture
def page(chromium: Browser, platform) -> Iterator[Page]:
    """A fresh browser window that nobody is signed in to."""
    context = chromium.new_context(
        base_url=platform.url, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def keep_picture() -> Callable[[Page, str], None]:
    """Save a picture of the page under build/pictures; the README's are copied from there."""
    _PICTURES.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=_PICTURES / f"{name}.png")

    return keep


@pytest.fixture
def no_sessions(sign_in) -> None:
    """Nobody's session is left from another test."""
    for role in ("researcher", "student", "admin"):
        person = sign_in(role)
        person.stop_all()
