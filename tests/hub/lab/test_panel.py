"""The GPU panel in a real JupyterLab: whose memory, a cell's GPU time, the charts, the keyboard."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import Endpoint
from playwright.sync_api import expect

from tests.waiting import until

ROW = ".jp-gpucommons-processes li"
LINE = ".jp-gpucommons-cell"
CARD = ".jp-gpucommons-card"
READOUT = ".jp-gpucommons-readout"
MOMENT = re.compile(r"^(\d+ %|not read) · \d+:\d\d:\d\d")


def test_the_notebook_that_holds_memory_is_named(page):
    row = page.locator(ROW)
    expect(row).to_contain_text("train.ipynb")
    expect(row).to_contain_text("39.0 GiB")


def test_a_cell_that_ran_tells_gpu_time_and_peak(page):
    page.locator(".jp-Notebook .cm-content").click()
    with page.expect_request(re.compile(f"/{Endpoint.SESSION_GPU_USAGE}")) as asked:
        page.keyboard.press("Control+Enter")
    query = parse_qs(urlsplit(asked.value.url).query)
    took = float(query["until"][0]) - float(query["since"][0])  # more than it sleeps
    assert took >= 4
    figures = re.compile(r"GPU (\d+\.\d) s · peak 40\.0 GiB")
    expect(page.locator(LINE)).to_have_text(figures)
    found = figures.search(page.locator(LINE).inner_text())
    assert found
    assert float(found[1]) == pytest.approx(0.6 * took, abs=0.15)


def test_the_line_goes_when_the_cell_is_cleared(page):
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    page.get_by_role("menuitem", name="Clear Cell Output").click()
    expect(page.locator(LINE)).to_have_count(0)


def test_the_pointer_reads_all_charts_of_a_device_at_one_moment(page):
    card = page.locator(CARD).first
    expect(card.locator(READOUT)).to_have_count(0)
    card.locator(".jp-gpucommons-plot").first.hover(position={"x": 5, "y": 20})
    expect(card.locator(READOUT)).to_have_count(3)
    expect(card.locator(READOUT).nth(0)).to_have_text(MOMENT)
    page.mouse.move(900, 300)
    expect(card.locator(READOUT)).to_have_count(0)


def test_the_keyboard_reads_the_charts_too(page):
    moment = page.get_by_role("slider", name="Moment in the charts of GPU 0")
    moment.focus()
    expect(moment).to_have_attribute("aria-valuetext", re.compile(r": 60 %, 40\.0 GiB, \d+ W$"))
    moment.press("Home")
    expect(moment).to_have_attribute("aria-valuenow", "0")
    expect(page.locator(CARD).first.locator(READOUT)).to_have_count(3)
    moment.press("End")
    expect(page.locator(READOUT).first).to_have_text(re.compile(r"^60 % · "))
    moment.press("Escape")
    expect(page.locator(READOUT)).to_have_count(0)


def test_the_panel_has_no_barrier(page):
    found = Axe().run(page, context=".jp-gpucommons-panel").response["violations"]
    assert [each["id"] for each in found] == []


def test_the_keyboard_shuts_the_kernel_down_after_asking(page, lab):
    button = page.get_by_role("button", name="Shut down… train.ipynb")
    button.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("All variables will be lost")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert len(lab.kernels()) == 1
    button.press("Enter")
    dialog.get_by_role("button", name="Shut Down").press("Enter")
    expect(page.locator(ROW)).to_have_count(0)
    until(lambda: lab.kernels() == [])
