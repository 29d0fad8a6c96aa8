"""Waiting for a GPU, as the person who waits sees it."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.cluster.queued_pod import TEAM, URGENT, apply, queued_pod
from tests.platform import LocalPlatform

from .steps import make_text_file, sign_in_at_the_page, start_session, wait_for_lab


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
        re.compile(r"Waiting for a GPU since .* first in the queue")
    )
    keep_picture(page, "queue")

    holder.stop("second")
    wait_for_lab(page)


def test_who_is_preempted_reads_why_in_the_open_page_and_loses_nothing(
    page: Page, platform: LocalPlatform, no_sessions, sign_in, keep_picture
) -> None:
    researcher = sign_in("researcher")
    assert researcher.start({"size": "gpu"}, "second")["ready"]
    sign_in_at_the_page(page, platform.accounts["researcher"])
    page.get_by_role("heading", name="My sessions").wait_for()
    page.goto("/hub/spawn")
    start_session(page, "SciPy", "Whole GPU")  # the last to come is the first to go
    wait_for_lab(page)
    name = make_text_file(page)
    page.locator(".jp-FileEditor .cm-content").click()
    page.keyboard.type("not saved yet")

    apply(platform, URGENT)
    apply(platform, queued_pod("urgent", URGENT["metadata"]["name"]))
    try:
        expect(page.locator(".Toastify")).to_contain_text(
            "one with higher priority needed its GPUs"
        )
        page.wait_for_timeout(1500)  # the notices slide in
        keep_picture(page, "preempted")
    finally:
        platform.kubectl("delete", "pod", "urgent", "-n", TEAM)
    researcher.stop_all()
    researcher.start({"size": "cpu"})
    file = f"{platform.url}/user/{researcher.username}/api/contents/{name}"
    assert (
        httpx.get(file, headers=researcher.api.headers, timeout=60).json()["content"]
        == "not saved yet"
    )
