"""What the panel shows while a GPU, its driver or the server fails, and that it comes back."""

import re

import pytest
from gpucommons_local.gpu.state import GPUState
from playwright.sync_api import Browser, Page, expect

from tests.waiting import PAGE_PATIENCE_MS

from .open_panel import open_panel

PANEL = "#gpucommons-gpu-panel"
_HANGS_MS = 15_000
"""For how long the driver does not answer."""


@pytest.fixture(scope="module")
def page(lab, chromium: Browser) -> Page:
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(lab.address("/lab/tree/train.ipynb"))
    open_panel(page)
    return page


@pytest.fixture
def panel(page, lab):
    """The open panel, with figures of idle GPUs before and after."""
    panel = page.locator(PANEL)
    _set(lab, GPUState().with_load(42))
    expect(panel).to_contain_text("42 %")
    yield panel
    _set(lab, GPUState())


def _set(lab, gpu: GPUState) -> None:
    lab.driver.state_file.update(lambda state: state.reset().with_gpu(0, gpu))


def _is_back(lab, panel) -> None:
    _set(lab, GPUState().with_load(77))
    expect(panel).to_contain_text("77 %")
    expect(panel.get_by_text("cannot be read")).to_have_count(0)
    expect(panel.get_by_text("Disconnected")).to_have_count(0)


def test_a_gpu_that_fell_off_the_bus_is_named_and_the_others_are_shown(panel, lab):
    _set(lab, GPUState(lost=True))
    expect(panel).to_contain_text("The GPU cannot be read")
    expect(panel.get_by_role("heading", name="GPU 1")).to_be_visible()
    _is_back(lab, panel)


def test_a_driver_that_hangs_is_told_with_the_time_of_the_figures(panel, page, lab):
    _set(lab, GPUState(delay=_HANGS_MS))
    expect(panel).to_contain_text("The NVIDIA driver does not answer")
    expect(panel).to_contain_text(re.compile(r"Figures of \d"))
    expect(panel).to_contain_text("42 %")  # what was known last
    page.get_by_role("menuitem", name="File", exact=True).click()  # Lab does not hang with it
    expect(page.get_by_role("menu")).to_be_visible(timeout=_HANGS_MS * 0.8)
    page.keyboard.press("Escape")
    _is_back(lab, panel)


def test_a_server_that_is_away_is_told_and_its_figures_come_back(panel, lab):
    lab.stop()
    expect(panel).to_contain_text("Disconnected, reconnecting")
    expect(panel).to_contain_text("42 %")
    lab.start_again()
    _is_back(lab, panel)


def test_nothing_is_logged_again_and_again(lab):
    lines = [line.partition("]")[2] for line in lab.log.splitlines() if "GPU" in line]
    assert all(lines.count(line) < 3 for line in lines), lines
