"""Opening the GPU panel, as somebody does who looks at the page."""

from playwright.sync_api import Page, expect

from tests.waiting import until

PANEL = "#gpucommons-gpu-panel"
STATUS = ".jp-gpucommons-status button"
_STAYS_MS = 1000


def open_panel(page: Page) -> None:
    """Press the GPU item of the status bar until the panel stays.

    Once its first listing is there, JupyterLab shows its file browser over what was opened before.
    """

    def stays() -> bool:
        page.locator(STATUS).press("Enter")
        expect(page.locator(PANEL)).to_be_visible()
        page.wait_for_timeout(_STAYS_MS)
        return page.locator(PANEL).is_visible()

    until(stays)
