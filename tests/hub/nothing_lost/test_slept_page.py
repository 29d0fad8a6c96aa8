"""A page that stays open while its computer sleeps, and a cell that goes on meanwhile."""

from playwright.sync_api import Browser, expect

from tests.hub.jupyter_lab import TOKEN, Lab, run_first_cell, wait_for_kernel
from tests.waiting import PAGE_PATIENCE_MS, until

from .line import Line
from .test_closed_page import OUTPUT, STEPS, save

ALL = "step 0\nstep 1\nstep 2\nstep 3\n"


def test_what_came_while_the_page_slept_is_in_the_file_and_then_in_the_page(
    lab: Lab, chromium: Browser
) -> None:
    lab.write("a.ipynb", STEPS)
    line = Line(lab.port)
    page = chromium.new_context().new_page()
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(f"http://127.0.0.1:{line.port}/user/ana/lab/tree/a.ipynb?token={TOKEN}")
    wait_for_kernel(page)
    run_first_cell(page)
    (lab.home / "go0").touch()
    expect(page.locator(OUTPUT)).to_contain_text("step 0")
    line.cut()
    for step in (1, 2, 3):
        (lab.home / f"go{step}").touch()
    until(lambda: lab.printed("a.ipynb") == ALL)
    line.mend()
    expect(page.locator(OUTPUT)).to_contain_text("step 3")
    save(page)
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    assert lab.printed("a.ipynb") == ALL
    page.context.close()
    line.close()
