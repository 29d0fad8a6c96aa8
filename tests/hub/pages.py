"""Pages of a hub in a real browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, expect

from tests.waiting import PAGE_PATIENCE_MS


def sign_in(page: Page, name: str, next_page: str = "") -> None:
    """Fill in the form of JupyterHub's dummy authenticator, which takes any password.

    next_page: where it leads then; empty leaves that to the hub.
    """
    page.goto(f"/hub/login?{urlencode({'next': next_page} if next_page else {})}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("any")
    page.locator("input[type=submit]").click()


def unfold_navigation(page: Page) -> None:
    """Press the toggle of a narrow page's bar, and wait until its entries stay where they are.

    While they unfold, a press can begin on one of them and end beside it.
    """
    page.get_by_role("button", name="Toggle navigation").click()
    expect(page.locator("#thenavbar")).to_have_class(re.compile(r"\bshow\b"))


@contextmanager
def narrow_page(
    chromium: Browser, base_url: str, color_scheme: Literal["light", "dark"]
) -> Iterator[Page]:
    """A page as wide as a phone's, 360 pixels."""
    context = chromium.new_context(
        base_url=base_url, viewport={"width": 360, "height": 800}, color_scheme=color_scheme
    )
    context.set_default_timeout(PAGE_PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()
