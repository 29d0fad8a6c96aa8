"""What a page of JupyterLab does to a notebook, and what of it counts as editing."""

from gpucommons_contract import Endpoint, read_activity
from playwright.sync_api import Browser, Page

from tests.hub.jupyter_lab import run_first_cell, wait_for_kernel
from tests.waiting import until

PRINTS = "import time\nfor n in range(600):\n    print(n, flush=True)\n    time.sleep(0.5)"


def edited(lab) -> float | None:
    """Seconds since somebody edited."""
    return read_activity(lab.api("GET", Endpoint.SESSION_ACTIVITY).content).editing


def save(page: Page, lab) -> None:
    """Save as a page does by itself while a cell prints, and wait until more is in the file."""
    before = len(lab.printed("prints.ipynb"))

    def saved() -> bool:
        page.wait_for_timeout(1500)
        page.keyboard.press("Control+s")  # a page that is busy may miss one
        return len(lab.printed("prints.ipynb")) > before

    until(saved)


def test_a_page_that_saves_what_a_cell_prints_is_no_person(lab, chromium: Browser):
    lab.write("prints.ipynb", PRINTS)
    page = lab.open(chromium, "/lab/tree/prints.ipynb")
    wait_for_kernel(page)
    run_first_cell(page)
    save(page, lab)
    until(lambda: edited(lab) is not None)  # the first: nobody knows what was there before
    first = edited(lab)
    save(page, lab)
    later = edited(lab)
    assert later > first + 1
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("# more")
    save(page, lab)
    until(lambda: edited(lab) < later)
    page.context.close()
