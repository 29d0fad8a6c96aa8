"""Notes what Chromium refuses to load or run because of the policy of a page."""

import os
from collections.abc import Callable
from typing import TypeVar

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

_Made = TypeVar("_Made", BrowserContext, Page)
_WORDS = "Content Security Policy"
"""Chromium says so in its console: "… violates the following Content Security Policy directive"."""
_NO_PAGE_S = ""
"""The address of what a test itself runs in a page, as axe-core, which copies the page's styles."""


class Refusals:
    """What the pages of a browser were refused, by test and page, from now on."""

    def __init__(self, browser: Browser) -> None:
        self.found: list[str] = []
        # Patched, because a browser tells nobody of its contexts.
        browser.new_context = self._watched(browser.new_context)  # type: ignore[method-assign]
        browser.new_page = self._watched(browser.new_page)  # type: ignore[method-assign]

    def _watched(self, make: Callable[..., _Made]) -> Callable[..., _Made]:
        def made(*given: object, **named: object) -> _Made:
            new = make(*given, **named)
            context = new if isinstance(new, BrowserContext) else new.context
            context.on("console", self._note)
            return new

        return made

    def _note(self, message: ConsoleMessage) -> None:
        of_page = message.location["url"] != _NO_PAGE_S
        if message.type == "error" and _WORDS in message.text and of_page:
            test, page = os.environ.get("PYTEST_CURRENT_TEST", ""), message.page
            self.found.append(f"{test}: {page.url if page else ''}: {message.text}")
