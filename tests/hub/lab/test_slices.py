"""The panel while the session's GPU is cut by MIG, cut anew and made whole."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_local.gpu.state import GPUState
from playwright.sync_api import Browser, Page, expect

from tests.waiting import PAGE_PATIENCE_MS

from .real_lab import RealLab

CARD = ".jp-gpucommons-card"
STATUS = ".jp-gpucommons-status button"
GIB = 2**30


@pytest.fixture(scope="module")
def lab(start_lab) -> RealLab:
    return start_lab()


@pytest.fixture(scope="module")
def page(lab, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(lab.address())
    page.locator(STATUS).press("Enter")
    yield page
    page.close()


@pytest.fixture
def cards(page, lab):
    """The cards of the open panel, of a busy GPU that is whole."""
    busy = GPUState(memory_used=80 * GIB).with_load(42)
    lab.driver.state_file.update(lambda state: state.reset().with_gpu(0, busy))
    cards = page.locator(CARD)
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("42 %")
    return cards


def _cut(lab, *profiles: str) -> None:
    lab.driver.state_file.update(lambda state: state.with_cut(0, profiles))


def test_a_slice_is_shown_with_its_profile_and_memory_and_no_load(cards, lab, page):
    _cut(lab, "1g.18gb")
    expect(cards).to_contain_text("MIG slice 1g.18gb")
    expect(cards.get_by_role("heading")).to_have_text("GPU 0 NVIDIA H200 Simulated MIG 1g.18gb")
    expect(cards.get_by_role("meter", name="Memory")).to_be_visible()
    expect(cards).to_contain_text("10.0 of 17.6 GiB")
    expect(cards.get_by_role("meter", name="Utilization")).to_have_count(0)
    for figure in ("Power", "Temperature", "Clock"):
        expect(cards.get_by_text(figure)).to_have_count(0)
    expect(page.locator(STATUS)).to_have_text("GPU 10.0/17.6 GiB")


def test_the_panel_follows_each_cut_and_comes_back_with_the_whole_gpu(cards, lab, page):
    panel = page.locator(".jp-gpucommons-panel")
    _cut(lab, "1g.18gb", "2g.35gb", "3g.71gb")
    expect(cards).to_have_count(3)
    for number, profile in enumerate(("1g.18gb", "2g.35gb", "3g.71gb")):
        expect(cards.nth(number)).to_contain_text(f"MIG slice {profile}")
        expect(cards.nth(number).get_by_role("heading")).to_contain_text(f"GPU {number} ")
    heading = cards.first.get_by_role("heading")
    before = heading.get_attribute("title")
    _cut(lab, "1g.18gb", "1g.18gb")
    expect(cards).to_have_count(2)
    expect(heading).not_to_have_attribute("title", before)
    expect(panel.get_by_text("cannot be read")).to_have_count(0)
    _cut(lab)
    expect(cards).to_have_count(1)
    expect(cards).not_to_contain_text("MIG")
    expect(cards).to_contain_text("42 %")
    expect(page.locator(STATUS)).to_have_text(re.compile(r"^GPU 42 % 80\.0/"))


def test_the_past_of_a_slice_begins_with_it_and_can_be_read(cards, lab):
    _cut(lab, "1g.18gb")
    expect(cards).to_contain_text("MIG slice")
    moment = cards.get_by_role("slider", name="Moment in the charts of GPU 0")
    moment.press("End")
    expect(moment).to_have_attribute("aria-valuetext", re.compile(r"10\.0 GiB$"))


def test_the_panel_with_slices_has_no_barrier(cards, lab, page):
    _cut(lab, "1g.18gb", "2g.35gb")
    expect(cards).to_have_count(2)
    found = Axe().run(page, context=".jp-gpucommons-panel").response["violations"]
    assert [each["id"] for each in found] == []


def test_nothing_is_logged_again_and_again(cards, lab, page):
    lines = [line.partition("]")[2] for line in lab.log.splitlines() if "GPU" in line]
    assert all(lines.count(line) < 3 for line in lines), lines
    assert page.errors == []
