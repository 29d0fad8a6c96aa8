"""What is there in the next session, and what is saved before one ends."""

import json
import time

from playwright.sync_api import Browser, Page, expect

from tests.hub.jupyter_lab import Lab, run_first_cell, wait_for_kernel
from tests.waiting import until


def tell_of_the_end(lab: Lab) -> None:
    notice = {"id": "end", "text": "This session ends.", "ends_at": time.time() + 600}
    lab.api("POST", "gpucommons/api/notice", json=notice)


def page_with_mine(lab: Lab, chromium: Browser) -> Page:
    """A page of a.ipynb, in which something was typed that is not saved."""
    lab.write("a.ipynb", "x = 1")
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    page.locator(".jp-Cell .cm-content").first.click()
    page.keyboard.type("# mine")
    return page


def test_what_was_typed_is_saved_when_the_end_is_told(lab: Lab, chromium: Browser) -> None:
    page = page_with_mine(lab, chromium)
    with page.expect_response(
        lambda each: each.request.method == "PUT" and "/api/contents/a.ipynb" in each.url
    ) as saved:
        tell_of_the_end(lab)
    assert saved.value.ok
    assert "# mine" in "".join(lab.cells("a.ipynb")[0]["source"])
    page.context.close()


def test_what_was_typed_is_saved_when_the_server_is_told_to_end(
    lab: Lab, chromium: Browser
) -> None:
    page = page_with_mine(lab, chromium)
    lab.stop()
    assert "# mine" in "".join(lab.cells("a.ipynb")[0]["source"])
    page.context.close()


def test_what_was_typed_is_saved_before_the_hub_hears_that_pages_had_their_time(
    lab: Lab, chromium: Browser
) -> None:
    page = page_with_mine(lab, chromium)
    lab.api("POST", "gpucommons/api/farewell")
    assert "# mine" in "".join(lab.cells("a.ipynb")[0]["source"])
    page.context.close()


def test_a_file_that_changed_on_disk_is_kept_beside_what_was_typed(
    lab: Lab, chromium: Browser
) -> None:
    page = page_with_mine(lab, chromium)
    lab.write("a.ipynb", "x = 'theirs'")
    with page.expect_response(
        lambda each: each.request.method == "POST" and "unsaved-copy" in each.url
    ) as answer:
        tell_of_the_end(lab)
    assert answer.value.ok
    assert "theirs" in json.dumps(lab.cells("a.ipynb"))
    assert "# mine" in json.dumps(lab.cells("a-unsaved.ipynb"))
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.context.close()


def test_the_next_session_opens_what_was_open_with_a_kernel_that_works(
    lab: Lab, chromium: Browser
) -> None:
    lab.write("a.ipynb", "print(6 * 7)")
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    workspace = lab.home / ".jupyter" / "lab" / "workspaces"
    page.locator(".jp-Cell .cm-content").first.click()
    until(lambda: any("a.ipynb" in each.read_text() for each in workspace.glob("*")))
    page.context.close()
    lab.stop()
    lab.start("ana/second")
    page = lab.open(chromium)  # another browser, address and port
    wait_for_kernel(page)
    run_first_cell(page)
    expect(page.locator(".jp-Notebook .jp-OutputArea-output")).to_have_text("42")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.context.close()
