"""What holds memory, row by row: a notebook that is restarted, a terminal, and the warning."""

import asyncio
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gpucommons_local.gpu.state import GPUProcess, GPUState
from playwright.sync_api import Browser, Page, expect

from tests.hub.jupyter_lab import TOKEN
from tests.kernel import connected
from tests.waiting import PAGE_PATIENCE_MS, until

from .open_panel import open_panel
from .real_lab import RealLab

GIB = 2**30
ROW = ".jp-gpucommons-processes li"
SLEEPER = f"sleep {1_000_000 + os.getpid()}"
"""Like no other process: one that a cut-off run left may still be there."""


@pytest.fixture(scope="module")
def lab(pids_known: None, start_lab) -> RealLab:
    lab = start_lab(settings={"idleMinutes": 1})
    lab.write("train.ipynb", "print('trained')")
    return lab


@pytest.fixture(scope="module")
def page(lab, chromium: Browser) -> Iterator[Page]:
    """The notebook with the panel beside it. Its kernel and a terminal hold memory, and rest."""
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(lab.address("/lab/tree/train.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").wait_for()
    _hold(lab, lab.kernel_pid(), _sleeper(lab))
    open_panel(page)
    yield page
    page.close()


def _hold(lab: RealLab, notebook: int, terminal: int) -> None:
    processes = [GPUProcess(0, notebook, 39 * GIB), GPUProcess(0, terminal, 3 * GIB)]
    gpu = GPUState(memory_used=42 * GIB)
    lab.driver.state_file.update(lambda s: s.with_gpu(0, gpu).with_processes(0, processes))


def _sleeper(lab: RealLab) -> int:
    """Run something in a terminal of the server; answers its process."""
    name = lab.api("POST", "api/terminals").json()["name"]
    with ThreadPoolExecutor(1) as pool:  # Playwright has this thread's event loop
        pool.submit(asyncio.run, _type(lab, name)).result()
    return until(_of_sleeper)[0]


def _of_sleeper() -> list[int]:
    return [int(each.name) for each in Path("/proc").glob("[0-9]*") if _command(each) == SLEEPER]


async def _type(lab: RealLab, name: str) -> None:
    async with connected(lab.url, TOKEN, f"terminals/websocket/{name}") as page:
        await page.write_message(json.dumps(["stdin", f"{SLEEPER}\r"]))
        async with asyncio.timeout(120):
            while SLEEPER not in str(await page.read_message()):
                pass


def _command(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_text().replace("\0", " ").strip()
    except OSError:  # it ended meanwhile
        return ""


def test_a_terminal_has_a_row_with_what_runs_in_it(page):
    row = page.locator(ROW, has_text="Terminal")
    expect(row).to_contain_text("3.0 GiB")
    expect(row).to_contain_text("sleep")


def test_idle_memory_is_warned_of_by_the_notebook_s_name(page):
    warning = page.locator(".Toastify__toast", has_text="train.ipynb has held 39")
    expect(warning).to_be_visible(timeout=2 * PAGE_PATIENCE_MS)
    expect(warning).to_contain_text("without work")
    expect(warning.get_by_role("button", name="Shut down kernel")).to_be_visible()


def test_a_kernel_is_restarted_from_its_row_after_asking(page, lab):
    before = lab.kernel_pid()
    page.get_by_role("button", name="Restart… train.ipynb").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("train.ipynb")
    dialog.get_by_role("button", name="Restart").press("Enter")
    until(lambda: lab.kernel_pid() != before)
