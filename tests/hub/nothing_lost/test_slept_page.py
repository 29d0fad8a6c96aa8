"""A page that stays open while its computer sleeps, and a cell that goes on meanwhile."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.hub.jupyter_lab import TOKEN, Lab, run_first_cell, wait_for_kernel
from tests.waiting import PAGE_PATIENCE_MS, until

from .line import Line
from .test_closed_page import OUTPUT, STEPS, save

ALL = "step 0\nstep 1\nstep 2\nstep 3\n"


@pytest.fixture
def line(lab: Lab) -> Iterator[Line]:
    line = Line(lab.port)
    yield line
    line.close()


@pytest.fixture
def page(lab: Lab, line: Line, chromium: Browser) -> Iterator[Page]:
    """A page whose cell has printed its first line, and goes on."""
    lab.write("a.ipynb", STEPS)
    page = chromium.new_context().new_page()
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(f"http://127.0.0.1:{line.port}/user/ana/lab/tree/a.ipynb?token={TOKEN}")
    wait_for_kernel(page)
    run_first_cell(page)
    (lab.home / "go0").touch()
    expect(page.locator(OUTPUT)).to_contain_text("step 0")
    yield page
    page.context.close()


def sleep_through_the_rest(lab: Lab, line: Line, page: Page, *steps: int) -> None:
    line.cut()
    for step in steps:
        (lab.home / f"go{step}").touch()
    until(lambda: lab.printed("a.ipynb") == ALL)
    line.mend()
    # What was under way when the line was cut comes a moment after the rest.
    expect(page.locator(OUTPUT)).to_have_text(ALL)
    save(page)
    # JupyterLab may have said that the server was away, and nothing else.
    asked = page.locator(".jp-Dialog", has_not_text="Server Connection Error")
    expect(asked).to_have_count(0)
    assert lab.printed("a.ipynb") == ALL


def test_what_came_while_the_page_slept_is_in_the_file_and_then_in_the_page(
    lab: Lab, line: Line, page: Page
) -> None:
    sleep_through_the_rest(lab, line, page, 1, 2, 3)


def test_what_the_server_sent_before_it_knew_that_the_page_sleeps_is_there_too(
    lab: Lab, line: Line, page: Page
) -> None:
    line.die()
    (lab.home / "go1").touch()
    until(lambda: b"step 1" in line.lost)
    sleep_through_the_rest(lab, line, page, 2, 3)
