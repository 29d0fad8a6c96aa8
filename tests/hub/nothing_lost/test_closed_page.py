"""A cell that goes on while no page shows it."""

import json

from playwright.sync_api import Browser, Page, Response, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.hub.jupyter_lab import Lab, run_first_cell, wait_for_kernel
from tests.waiting import until

# Goes on when a file appears, so that a test decides when, and no clock does.
STEPS = """\
import pathlib, time
pathlib.Path("begun").touch()
for step in range(4):
    while not pathlib.Path(f"go{step}").exists(): time.sleep(0.05)
    print("step", step, flush=True)
"""
OUTPUT = ".jp-Notebook .jp-OutputArea-output"
_SAVED_MS = 15_000


def save(page: Page) -> None:
    """Save a.ipynb, and wait until the server has it. A page that is busy may miss the keys."""

    def is_saved() -> bool:
        try:
            with page.expect_response(_is_save, timeout=_SAVED_MS) as answer:
                page.keyboard.press("Control+s")
        except PlaywrightTimeoutError:
            return False
        return answer.value.ok

    until(is_saved)


def _is_save(response: Response) -> bool:
    return response.request.method == "PUT" and "/api/contents/a.ipynb" in response.url


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
    until(lambda: lab.cells("a.ipynb")[0]["execution_count"] == 1)


def test_a_page_that_is_opened_meanwhile_goes_on_showing_it_and_saves_it(
    lab: Lab, chromium: Browser
) -> None:
    lab.write("a.ipynb", STEPS)
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    run_first_cell(page)
    until((lab.home / "begun").exists)  # the request has left the page
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
    save(page)
    until(lambda: lab.printed("a.ipynb") == "step 0\nstep 1\nstep 2\nstep 3\n")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.context.close()


def write_old_format(lab: Lab, name: str, *sources: str) -> None:
    """Write a notebook of format 4.2, whose cells have no ids."""
    lab.write(name, *sources)
    file = lab.home / name
    notebook = json.loads(file.read_text()) | {"nbformat_minor": 2}
    for cell in notebook["cells"]:
        del cell["id"]
    file.write_text(json.dumps(notebook))


def test_of_equal_cells_without_ids_the_one_that_ran_gets_the_output_in_file_and_page(
    lab: Lab, chromium: Browser
) -> None:
    write_old_format(lab, "a.ipynb", STEPS, STEPS)
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    page.locator(".jp-Notebook .jp-Cell .cm-content").nth(1).click()
    page.keyboard.press("Control+Enter")
    until((lab.home / "begun").exists)
    page.context.close()
    (lab.home / "go0").touch()
    until(lambda: "step 0" in lab.printed("a.ipynb"))
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    output = page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("step 0")
    for step in (1, 2, 3):
        (lab.home / f"go{step}").touch()
    expect(output).to_contain_text("step 3")
    save(page)
    until(lambda: lab.printed("a.ipynb") == "step 0\nstep 1\nstep 2\nstep 3\n")
    assert [len(cell["outputs"]) for cell in lab.cells("a.ipynb")] == [0, 1]
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.context.close()


def test_what_a_console_runs_is_written_into_no_notebook(lab: Lab, chromium: Browser) -> None:
    lab.write("a.ipynb", "x = 1")
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    run_first_cell(page)
    expect(page.locator(".jp-InputPrompt").first).to_have_text("[1]:")
    save(page)
    until(lambda: lab.cells("a.ipynb")[0]["execution_count"] == 1)
    before = (lab.home / "a.ipynb").read_text()
    page.locator(".jp-Notebook").click(button="right")
    page.get_by_text("New Console for Notebook").click()
    prompt = page.locator(".jp-CodeConsole-promptCell .cm-content")
    prompt.click()
    page.keyboard.type("print('secret', flush=True); open('ran', 'w').close()")
    page.keyboard.press("Shift+Enter")
    until((lab.home / "ran").exists)
    page.context.close()
    lab.stop()  # which writes whatever is not written
    assert (lab.home / "a.ipynb").read_text() == before


def test_a_cell_whose_kernel_died_is_not_shown_as_running(lab: Lab, chromium: Browser) -> None:
    lab.write("a.ipynb", STEPS)
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    wait_for_kernel(page)
    run_first_cell(page)
    (lab.home / "go0").touch()
    expect(page.locator(OUTPUT)).to_contain_text("step 0")
    page.context.close()
    page = lab.open(chromium, "/lab/tree/a.ipynb")
    expect(page.locator(OUTPUT)).to_contain_text("step 0")
    prompt = page.locator(".jp-Notebook .jp-InputPrompt").first
    expect(prompt).to_have_text("[*]:")
    [kernel] = lab.api("GET", "api/kernels").json()
    lab.api("POST", f"api/kernels/{kernel['id']}/restart")
    expect(prompt).not_to_have_text("[*]:")
    expect(page.locator(OUTPUT).first).to_contain_text("step 0")
    page.context.close()
