"""How soon the picker can be used, in Chromium on a CPU that is four times slower."""

import statistics

from playwright.sync_api import Page, sync_playwright

from bench.figure import Figure
from bench.pages.picker_hub import ENVIRONMENTS, SIZES, picker_hub

_SLOWER = 4
_PAGES = 11
_PERSON = "tia"
_READY = """
() => new Promise((resolve) => {
  const ready = () =>
    document.getElementById("gpucommons-copy")?.hidden === false
      ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
      : setTimeout(ready, 5);
  ready();
})
"""
"""The script shows this button last of all; then a frame is drawn and the page is idle."""


def measure() -> list[Figure]:
    """Open the page again and again with 50 sizes and 20 environments, in two teams."""
    with picker_hub() as hub, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell",
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_context(base_url=hub.url).new_page()
        _sign_in(page)
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
        samples = [_open(page) for _ in range(_PAGES)][1:]
        browser.close()
    return [
        Figure(
            "picker-interactive",
            f"Picker can be used, {SIZES} sizes, {ENVIRONMENTS} environments, CPU 1/{_SLOWER}, p50",
            statistics.median(samples),
            "ms",
            target=1000,
            samples=len(samples),
        )
    ]


def _sign_in(page: Page) -> None:
    page.goto("/hub/login?next=/hub/spawn")
    page.get_by_label("Username").fill(_PERSON)
    page.get_by_label("Password").fill("any")
    page.locator("input[type=submit]").click()
    page.get_by_role("heading", name="Start a session").wait_for()


def _open(page: Page) -> float:
    """Answer the milliseconds from the press of the link until the page can be used."""
    page.goto("/hub/spawn", wait_until="commit")
    return float(page.evaluate(_READY))
