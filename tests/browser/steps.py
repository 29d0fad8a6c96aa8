"""What people do in the browser, from page to page."""

import re

from playwright.sync_api import Page

from tests.platform import Account

START_LIMIT_MS = 120_000


def sign_in_at_the_page(page: Page, account: Account) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign in").or_(page.get_by_role("button", name="Sign in")).click()
    page.locator("input[name=login]").fill(account.username)
    page.locator("input[name=password]").fill(account.password)
    page.locator("button[type=submit]").click()


def start_session(page: Page, environment: str, size: str, version: str | None = None) -> None:
    page.get_by_role("radio", name=environment).check()
    if version:
        page.get_by_label(f"Version of {environment}").select_option(version)
    page.get_by_role("radio", name=size).check()
    # Also where the last session of this person was opened with something else.
    page.get_by_role("radio", name="JupyterLab").check()
    page.get_by_role("button", name="Start", exact=True).click()


def wait_for_lab(page: Page) -> None:
    page.wait_for_url(re.compile(r"/user/.+/lab"), timeout=START_LIMIT_MS)
    # No windows of an earlier session, nor the welcome of a first one.
    page.goto(page.url.partition("/lab")[0] + "/lab?reset")
    page.locator(".jp-LauncherCard").first.wait_for(timeout=START_LIMIT_MS)


def stop_session(page: Page) -> None:
    page.goto("/hub/home")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Start again", exact=True).wait_for(timeout=START_LIMIT_MS)


def make_text_file(page: Page) -> str:
    """Make a file from the launcher; gives its name."""
    page.locator(".jp-LauncherCard", has_text="Text File").click()
    tab = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text=re.compile("untitled"))
    return tab.first.inner_text()
