"""An idle session in a real browser: the countdown, keeping it, and the page that explains."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.platform import LocalPlatform

from .steps import sign_in_at_the_page, start_session, wait_for_lab

KeepPicture = Callable[[Page, str], None]

_WARNED_MS = 120_000
"""The node counts every ten seconds, and the culler looks every ten."""


@pytest.mark.usefixtures("no_sessions")
def test_a_person_sees_the_countdown_keeps_the_session_and_reads_why(
    platform: LocalPlatform, change_catalogue, page: Page, keep_picture: KeepPicture
) -> None:
    def change(catalogue: dict[str, Any]) -> None:
        rule = {"warn_after": "30s", "stop_after": "5m", "warm_up": "1s", "keep_at_most": "12h"}
        catalogue["idle"] = {"default": rule}

    change_catalogue(change)
    sign_in_at_the_page(page, platform.accounts["researcher"])
    start_session(page, "SciPy", "Whole GPU")
    wait_for_lab(page)

    warning = page.locator(".Toastify__toast", has_text="this session will end")
    expect(warning).to_be_visible(timeout=_WARNED_MS)
    page.wait_for_timeout(1000)  # it slides in
    keep_picture(page, "idle-countdown")
    other = page.context.new_page()
    other.goto("/services/idle/")
    expect(other.get_by_text("idle", exact=False).first).to_be_visible()
    keep_picture(other, "idle-page")

    warning.get_by_role("button", name="Keep 1 hour").click()
    goes_on = page.locator(".Toastify__toast", has_text="This session keeps running.")
    expect(goes_on).to_be_visible(timeout=_WARNED_MS)
    expect(warning).to_be_hidden()
    keep_picture(page, "idle-kept")
