"""Memory, CPUs and disk of a session without a GPU: shown, warned of, and taken back."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import MEMORY_NOTICE, Endpoint
from playwright.sync_api import Browser, Page, expect

from tests.hub.jupyter_lab import run_first_cell, wait_for_kernel
from tests.waiting import PAGE_PATIENCE_MS, until

from .real_lab import RealLab

GIB = 2**30
LIMIT = 2 * GIB
READ = GIB // 4
"""What the kernel keeps of files that were read twice."""
STATUS = ".jp-gpucommons-status-use button"
TOAST = ".Toastify__toast"
HOLDS = "held = b'x' * (300 << 20)\nprint('holds', len(held))"


class ControlGroup:
    """A folder that plays the container's control group, of two CPUs that do nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._write("memory.stat", f"inactive_file 4096\nactive_file {READ}\n")
        self._write("memory.max", f"{LIMIT}\n")
        self._write("cpu.max", "200000 100000\n")
        self._write("cpu.stat", "usage_usec 1000000\n")
        self.count_kills(0)
        self.use(1.7)

    def use(self, gibibytes: float) -> None:
        self._write("memory.current", f"{int(gibibytes * GIB) + 4096 + READ}\n")

    def count_kills(self, kills: int) -> None:
        self._write("memory.events", f"oom {kills}\noom_kill {kills}\n")

    def _write(self, name: str, text: str) -> None:
        """Replace a file, as whoever reads the kernel's finds each whole."""
        written = self.folder / f"{name}.new"
        written.write_text(text)
        written.replace(self.folder / name)


@pytest.fixture(scope="module")
def container(tmp_path_factory) -> ControlGroup:
    return ControlGroup(tmp_path_factory.mktemp("kernel") / "cgroup")


@pytest.fixture(scope="module")
def lab(start_lab, container) -> RealLab:
    options = (
        f"--GPUCommonsLab.control_groups={container.folder}",
        "--GPUCommonsLab.disk_warning=0",
    )
    lab = start_lab(0, environment={"GPUCOMMONS_GPU_UNITS": "0"}, options=options)
    lab.write("train.ipynb", HOLDS)
    return lab


@pytest.fixture(scope="module")
def page(lab, chromium: Browser) -> Iterator[Page]:
    """The notebook, whose cell ran, with the panel beside it."""
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(lab.address("/lab/tree/train.ipynb"))
    wait_for_kernel(page)
    run_first_cell(page)
    page.get_by_text("holds 314572800").wait_for()
    page.locator(STATUS).press("Enter")
    yield page
    page.close()


def test_the_panel_shows_each_figure_with_its_limit(page):
    panel = page.locator(".jp-gpucommons-panel")
    expect(panel).to_contain_text("No GPU in this session")
    texts = {
        "Memory": "1.7 / 2.0 GiB",
        "CPU": "0.0 / 2 cores",
        "Home folder": re.compile(r"^[\d.]+ / [\d.]+ GiB(, nearly full)?$"),
    }
    for name, text in texts.items():
        meter = panel.get_by_role("meter", name=name)
        expect(meter).to_have_attribute("aria-valuetext", text)


def test_the_status_bar_shows_memory_and_cpus(page):
    expect(page.locator(STATUS)).to_have_text(re.compile(r"^Mem 1\.7/2\.0 GiB · CPU 0\.0/2"))
    expect(page.locator(STATUS)).to_have_attribute("aria-label", re.compile("Home folder: "))


def test_the_panel_has_no_barrier(page):
    found = Axe().run(page, context=".jp-gpucommons-panel").response["violations"]
    assert [each["id"] for each in found] == []


def test_memory_that_is_nearly_full_is_told_with_the_notebook_and_taken_back(page, container):
    container.use(1.9)
    warning = page.locator(TOAST, has_text="Memory is nearly full: 1.9 of 2.0 GiB")
    expect(warning).to_contain_text("train.ipynb (3")
    warning.get_by_role("button", name="Show kernels").click()
    expect(page.locator(".jp-RunningSessions")).to_contain_text("train.ipynb")
    page.locator(STATUS).press("Enter")
    container.use(1)
    expect(warning).to_have_count(0)
    expect(page.locator(TOAST, has_text="are in use")).to_have_count(0)  # nor that there is room


def test_a_kernel_that_was_killed_for_memory_is_named_with_what_to_do(page, lab, container):
    before = lab.kernel_pid()
    os.kill(before, signal.SIGKILL)
    container.count_kills(1)
    notice = page.locator(TOAST, has_text="This session ran out of memory (2.0 GiB)")
    expect(notice).to_contain_text("the kernel of train.ipynb was ended at")
    notices = lab.api("GET", Endpoint.SESSION_NOTICE).json()
    [said] = [each["text"] for each in notices if each["id"] == MEMORY_NOTICE]
    assert "files are kept" in said
    until(lambda: lab.kernel_pid() != before)
