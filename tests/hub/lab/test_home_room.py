"""A home folder that is nearly full, in JupyterLab: what fills it, and a trash to be emptied."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.hub.full_home import FullHome, small_home
from tests.waiting import PAGE_PATIENCE_MS

from .real_lab import RealLab

MIB = 2**20
SIZE = 64 * MIB
PANEL = ".jp-gpucommons-panel"
TOAST = ".Toastify__toast"
_PICTURES = Path(__file__).parents[3] / "build" / "pictures" / "lab"


def _fill(home: FullHome, name: str, size: int) -> None:
    file = home.home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(os.urandom(size))


@pytest.fixture
def home(tmp_path) -> Iterator[FullHome]:
    """One with a trash, and so much in ``data`` that 97 % are in use."""
    with small_home(tmp_path, SIZE, 4096) as made:
        _fill(made, ".local/share/Trash/files/old/model.bin", 15 * MIB)
        _fill(made, ".local/share/Trash/info/old.trashinfo", 100)
        _fill(made, ".cache/pip/wheel", 5 * MIB)
        found = os.statvfs(made.home)
        used, free = (found.f_blocks - found.f_bfree), found.f_bavail
        rest = int((0.97 * (used + free) - used) * found.f_frsize)
        _fill(made, "data/images.tar", rest)
        yield made


@pytest.fixture
def page(built_panel: None, home, chromium: Browser) -> Iterator[Page]:
    lab = RealLab(
        home.home, None, environment={"GPUCOMMONS_GPU_UNITS": "0"}, options=("--log-level=INFO",)
    )
    lab.start()
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(lab.address("/lab"))
    yield page
    page.close()
    lab.stop()


def _picture(page: Page, name: str) -> None:
    _PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_PICTURES / f"{name}.png")


def _lines(button: Locator) -> int:
    """On how many lines its text stands."""
    return button.evaluate(
        """button => {
            const range = document.createRange();
            range.selectNodeContents(button);
            const bottoms = [...range.getClientRects()].map(({ bottom }) => Math.round(bottom));
            return new Set(bottoms).size;
        }"""
    )


def test_the_largest_folders_are_named_and_the_trash_is_emptied_from_the_warning(page, home):
    warning = page.locator(TOAST, has_text="Your home folder is nearly full")
    expect(warning).to_contain_text(
        re.compile(r"Most is in data \(\d+ MiB\), the trash \(15 MiB\)")
    )
    buttons = warning.get_by_role("button", name=re.compile("trash|folders"))
    expect(buttons).to_have_count(2)
    assert [_lines(button) for button in buttons.all()] == [1, 1]
    assert warning.evaluate("notice => notice.scrollWidth - notice.clientWidth") == 0
    warning.get_by_role("button", name="Show largest folders").click()
    panel = page.locator(PANEL)
    folders = panel.locator(".jp-gpucommons-folders li")
    expect(folders.first).to_contain_text("data")
    expect(panel).to_contain_text("Trash15 MiB")
    _picture(page, "home-nearly-full")
    found = Axe().run(page, context=PANEL).response["violations"]
    assert [each["id"] for each in found] == []
    warning.get_by_role("button", name=re.compile("Empty trash")).click()
    expect(warning).to_have_count(0)
    assert list((home.home / ".local/share/Trash/files").iterdir()) == []
    panel.get_by_role("button", name="Count again").click()
    expect(panel.get_by_text("Trash", exact=True)).to_have_count(0)


def test_a_folder_of_the_list_opens_in_the_file_browser(page):
    warning = page.locator(TOAST, has_text="Your home folder is nearly full")
    warning.get_by_role("button", name="Show largest folders").click()
    page.get_by_role("button", name="Show data in the file browser").click()
    browser = page.locator(".jp-FileBrowser")
    expect(browser).to_be_visible()
    expect(browser).to_contain_text("images.tar")
