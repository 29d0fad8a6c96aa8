"""A cell that goes on while no page shows it."""

from playwright.sync_api import Browser, expect

from tests.hub.jupyter_lab import Lab, run_first_cell, wait_for_kernel
from tests.waiting import until

# Goes on when a file appears, so that a test decides when, and no clock does.
STEPS = """\
import pathlib, time
for step in range(4):
    while not pathlib.Path(f"go{step}").exists(): time.sleep(0.05)
    print("step", step, flush=True)
"""
OUTPUT = ".jp-Notebook .jp-OutputArea-output"


def test_a_cell_that_ends_while_its_page_is_closed_is_whole_in_the_notebook(
    lab: Lab, chromium: Browser
) -> None:
    lab.write("a.ipynb", STEPS)
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    run_first_cell(page)
    (lab.home / "go0").touch()
    expect(page.locator(OUTPUT)).to_contain_text("step 0")
    page.context.close()
    for step in (1, 2, 3):
        (lab.home / f"go{step}").touch()
    until(lambda: lab.printed("a.ipynb") == "step 0\nstep 1\nstep 2\nstep 3\n")
    assert lab.cells("a.ipynb")[0]["execution_count"] == 1


def test_a_page_that_is_opened_meanwhile_goes_on_showing_it_and_saves_it(
    lab: Lab, chromium: Browser
) -> None:
    lab.write("a.ipynb", STEPS)
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    run_first_cell(page)
    until(lambda: lab.kernel_state() == "busy")  # the request has left the page
    page.context.close()
    (lab.home / "go0").touch()
    until(lambda: "step 0" in lab.printed("a.ipynb"))
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    expect(page.locator(OUTPUT)).to_contain_text("step 0")
    (lab.home / "go1").touch()
    expect(page.locator(OUTPUT)).to_contain_text("step 1")
    for step in (2, 3):
        (lab.home / f"go{step}").touch()
    expect(page.locator(OUTPUT)).to_contain_text("step 3")
    expect(page.locator(".jp-InputPrompt").first).to_contain_text("1")
    page.keyboard.press("Control+s")
    until(lambda: lab.printed("a.ipynb") == "step 0\nstep 1\nstep 2\nstep 3\n")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.context.close()
