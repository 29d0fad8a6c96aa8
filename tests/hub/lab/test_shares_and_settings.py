"""The panel where a GPU is shared, behind a proxy that holds streams back, and its settings."""

import re
from collections.abc import Iterator

import pytest
from gpucommons_local.gpu.state import GPUState
from playwright.sync_api import Browser, Page, Route, expect

from tests.waiting import PAGE_PATIENCE_MS, until

from .real_lab import RealLab

STATUS = ".jp-gpucommons-status button"


@pytest.fixture(scope="module")
def lab(start_lab) -> RealLab:
    share = {"GPUCOMMONS_GPU_UNITS": "0.25", "GPUCOMMONS_GPU_MODE": "mps"}
    lab = start_lab(environment=share)
    gpu = GPUState().with_load(42)
    lab.driver.state_file.update(lambda state: state.with_gpu(0, gpu))
    return lab


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    yield page
    page.close()


def test_a_quarter_by_mps_is_shown_as_what_the_person_has(lab, page):
    page.goto(lab.address())
    page.locator(STATUS).press("Enter")
    panel = page.locator(".jp-gpucommons-panel")
    expect(panel).to_contain_text("This GPU is shared with other sessions.")
    expect(panel).to_contain_text("25 %")


def test_behind_a_proxy_that_holds_streams_back_figures_are_asked_for_one_by_one(lab, page):
    held: list[str] = []

    def hold(route: Route) -> None:
        if "text/event-stream" in route.request.headers.get("accept", ""):
            held.append(route.request.url)  # and no answer, as long as the server sends on
        else:
            route.continue_()

    page.route(re.compile(r"/gpucommons/api/gpus(\?|$)"), hold)
    page.goto(lab.address())
    expect(page.locator(STATUS)).to_have_text(re.compile("42 %"))
    assert held, "a stream is asked for first"
    lab.driver.state_file.update(lambda state: state.with_gpu(0, GPUState().with_load(17)))
    expect(page.locator(STATUS)).to_have_text(re.compile("17 %"))


def test_a_setting_is_found_changed_and_followed_at_once(lab, page):
    page.goto(lab.address())
    expect(page.locator(STATUS)).to_be_visible()
    entry = page.locator(".jp-PluginList-entry", has_text="GPU").first

    def settings_are_open() -> bool:
        page.keyboard.press("Control+,")  # a page that is busy may miss one
        page.wait_for_timeout(1500)
        return entry.is_visible()

    until(settings_are_open)
    entry.click()
    box = page.get_by_label("Show the GPU in the status bar")
    box.uncheck()
    expect(page.locator(STATUS)).to_be_hidden()
    box.check()
    expect(page.locator(STATUS)).to_be_visible()
