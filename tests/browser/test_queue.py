"""Waiting for a GPU, as the person who waits sees it."""

import re

from playwright.sync_api import Page, expect

from tests.platform import LocalPlatform

from .steps import sign_in_at_the_page, start_session, wait_for_lab


def test_who_finds_no_free_gpu_reads_where_they_are_and_gets_the_next_one(
    page: Page, platform: LocalPlatform, no_sessions, sign_in, keep_picture
) -> None:
    holder = sign_in("researcher")
    for server in ("", "second"):
        assert holder.start({"size": "gpu"}, server)["ready"]

    sign_in_at_the_page(page, platform.accounts["admin"])
    page.get_by_role("heading", name="Start a session").wait_for()
    expect(page.locator("body")).to_contain_text("0 of 2 free")
    start_session(page, "SciPy", "Whole GPU")
    expect(page.locator("body")).to_contain_text(
        re.compile(r"Waiting for a GPU since .* first in the queue"), timeout=30_000
    )
    keep_picture(page, "queue")

    holder.stop("second")
    wait_for_lab(page)
