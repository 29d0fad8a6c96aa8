"""The panel *Earlier files* in real JupyterLab, with snapshots from the store."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import TEAM_FOLDER_OWNER
from playwright.sync_api import Browser, Locator, Page, expect

from tests.loopback import request
from tests.waiting import PAGE_PATIENCE_MS

from .conftest import NASTY, NOW, YESTERDAY, World
from .files_hub import WISHES_TOKEN

NOTEBOOK = "train.ipynb"
PANEL = ".jp-gpucommons-earlier"
TEAM = "audio"
_LOCAL = YESTERDAY.astimezone()
_YEAR = "" if _LOCAL.year == NOW.astimezone().year else f" {_LOCAL.year}"
STAMP = f"{_LOCAL:%-d %b}{_YEAR} {_LOCAL:%H.%M}"
_PICTURES = Path(__file__).parents[3] / "build" / "pictures" / "lab"


def _notebook(words: str) -> str:
    code = {"execution_count": 1, "outputs": [], "source": "train(epochs=10)"}
    cells = [
        {"cell_type": "markdown", "id": "words", "metadata": {}, "source": f"# Training\n{words}"},
        {"cell_type": "code", "id": "code", "metadata": {}, **code},
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel}  # without it, JupyterLab asks
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _nasty(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))  # noqa: PTH118


@pytest.fixture(scope="module")
def home(world: World) -> Path:
    """Dora's: snapshots of yesterday, since when a notebook has changed and files are gone.

    One of them is of the folder of her team.
    """
    home = world.hub.home("dora")
    (home / "team").mkdir()  # where it is mounted; the snapshot of the home folder has it empty
    (home / NOTEBOOK).write_text(_notebook("The rate is 0.1."))
    (home / "results.csv").write_text("loss\n0.2\n")
    (home / "work" / "__pycache__").mkdir(parents=True)
    (home / "work" / "__pycache__" / "a.pyc").write_text("bytes")
    for name in NASTY:
        _nasty(home / "work", name).write_bytes(name * 2)
    world.store.take(TEAM, "dora", home, YESTERDAY)
    (home / "team" / "plan.txt").write_text("Train it on all that we have.")
    world.store.take(TEAM, TEAM_FOLDER_OWNER, home / "team", YESTERDAY)
    (home / "team" / "plan.txt").unlink()
    (home / NOTEBOOK).write_text(_notebook("The rate is 0.9."))
    (home / "results.csv").unlink()
    for name in NASTY:
        _nasty(home / "work", name).write_bytes(b"spoiled")
    world.hub.start_session("dora", TEAM)
    return home


@pytest.fixture(scope="module")
def page(world: World, home: Path, built_panel: None, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1200, "height": 850})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(f"{world.hub.url}/hub/login?next=/user/dora/lab/tree/{NOTEBOOK}")
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill("any")
    page.locator("input[type=submit]").click()
    expect(page.locator(".jp-Notebook")).to_contain_text("The rate is 0.9.")
    yield page
    page.close()


def _opened(page: Page) -> Locator:
    """The panel, which Lab may have open already."""
    panel = page.locator(PANEL)
    if not panel.is_visible():
        page.locator("#jp-menu-panel").get_by_role("menuitem", name="File", exact=True).click()
        page.locator(".lm-Menu").get_by_text("Earlier Files", exact=True).click()
    return panel


@pytest.fixture
def panel(page: Page) -> Locator:
    """The panel, at the uppermost folder."""
    panel = _opened(page)
    panel.get_by_role("button", name="Files", exact=True).click()
    panel.get_by_role("button", name="Home", exact=True).click()
    return panel


def _picture(page: Page, name: str) -> None:
    _PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_PICTURES / f"{name}.png")


def _passes_axe(page: Page) -> None:
    found = Axe().run(page, context=PANEL).response["violations"]
    assert [each["id"] for each in found] == []


def _dismiss(panel: Locator) -> None:
    panel.get_by_role("button", name="Dismiss").click()


def test_yesterdays_notebook_comes_back_with_three_presses(page: Page, home: Path) -> None:
    file = page.locator(".jp-DirListing-item", has_text=NOTEBOOK)
    file.click(button="right")  # one
    page.locator(".lm-Menu").get_by_text("Earlier Versions…").click()  # two
    panel = page.locator(PANEL)
    panel.get_by_role("button", name="Put back beside", exact=True).click()  # three
    expect(panel.get_by_text(f"It is back: train ({STAMP}).ipynb")).to_be_visible()
    beside = home / f"train ({STAMP}).ipynb"
    assert beside.read_text() == _notebook("The rate is 0.1.")
    assert (home / NOTEBOOK).read_text() == _notebook("The rate is 0.9.")
    _picture(page, "earlier-files-panel")
    _passes_axe(page)
    _dismiss(panel)


def test_a_file_is_looked_at_and_compared_before_it_comes_back(page: Page, panel: Locator) -> None:
    panel.get_by_role("button", name=NOTEBOOK).click()
    panel.get_by_role("button", name="Preview").click()
    shown = page.locator(".jp-gpucommons-preview")
    expect(shown.locator(".jp-gpucommons-cell").first).to_contain_text("The rate is 0.1.")
    panel.get_by_role("button", name="Compare with now").click()
    expect(shown.locator("del")).to_have_text("\N{MINUS SIGN} The rate is 0.1.\n")
    expect(shown.locator("ins")).to_have_text("+ The rate is 0.9.\n")
    page.get_by_role("tab", name=NOTEBOOK).first.click()


def test_a_file_comes_into_its_place_but_not_under_what_is_unsaved(
    page: Page, panel: Locator, home: Path
) -> None:
    panel.get_by_role("button", name=NOTEBOOK).click()
    code = page.locator(".jp-Notebook .jp-CodeCell .cm-content")
    code.click()
    page.keyboard.type("x")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).not_to_have_count(0)
    panel.get_by_role("button", name="Put back in place").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"changes that are not saved: {NOTEBOOK}")
    dialog.get_by_role("button").last.click()
    assert "0.9" in (home / NOTEBOOK).read_text()
    code.click()
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
    panel.get_by_role("button", name="Put back in place").click()
    expect(panel.get_by_text("is back. What was there before is now")).to_be_visible()
    expect(page.locator(".jp-Notebook")).to_contain_text("The rate is 0.1.")  # read again
    assert (home / NOTEBOOK).read_text() == _notebook("The rate is 0.1.")
    assert "0.9" in (home / "train-before-revert.ipynb").read_text()
    _dismiss(panel)


def test_what_is_gone_is_marked_and_comes_back(panel: Locator, home: Path) -> None:
    gone = panel.get_by_role("button", name="results.csv deleted")
    gone.click()
    panel.get_by_role("button", name="Put back", exact=True).click()
    expect(panel.get_by_text("It is back: results.csv")).to_be_visible()
    assert (home / "results.csv").read_text() == "loss\n0.2\n"
    expect(gone).to_have_count(0)
    _dismiss(panel)


def test_a_folder_with_names_of_any_bytes_comes_back(panel: Locator, home: Path) -> None:
    panel.get_by_role("button", name="work", exact=True).click()
    expect(panel.get_by_role("button", name="caf\ufffd.txt changed")).to_be_visible()
    panel.get_by_role("button", name="Put folder in place").click()
    expect(panel.get_by_text("work is back.")).to_be_visible()
    assert {name: _nasty(home / "work", name).read_bytes() for name in NASTY} == {
        name: name * 2 for name in NASTY
    }
    assert _nasty(home / "work-before-revert", NASTY[0]).read_bytes() == b"spoiled"
    _dismiss(panel)


def test_what_somebody_deleted_from_the_team_s_folder_comes_back(
    page: Page, panel: Locator, home: Path
) -> None:
    panel.get_by_role("button", name="Team folder", exact=True).click()
    expect(panel.get_by_text("Everybody in the team has these files")).to_be_visible()
    gone = panel.get_by_role("button", name="plan.txt deleted")
    gone.click()
    _picture(page, "earlier-files-team")
    _passes_axe(page)
    panel.get_by_role("button", name="Put back", exact=True).click()
    expect(panel.get_by_text("It is back: team/plan.txt")).to_be_visible()
    assert (home / "team" / "plan.txt").read_text() == "Train it on all that we have."
    expect(gone).to_have_count(0)
    _dismiss(panel)
    panel.get_by_role("button", name="Put whole team folder beside").click()
    expect(panel.get_by_text(f"It is back: team/restored {STAMP}")).to_be_visible()
    assert (home / "team" / f"restored {STAMP}" / "plan.txt").exists()
    _dismiss(panel)
    panel.get_by_role("button", name="Home folder", exact=True).click()


def test_what_is_not_kept_is_listed_with_the_reason(page: Page, panel: Locator) -> None:
    panel.get_by_role("button", name="What is not kept").click()
    left_out = panel.get_by_role("listitem").filter(has_text="work/__pycache__")
    expect(left_out).to_contain_text("A cache: programs make it again.")
    _passes_axe(page)


def test_what_jupyterlab_deletes_comes_back_from_the_trash(
    page: Page, panel: Locator, home: Path
) -> None:
    page.locator('[data-id="filebrowser"]').click()
    page.locator(".jp-DirListing-item", has_text="results.csv").click()
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Move to Trash").click()
    expect(page.locator(".jp-DirListing-item", has_text="results.csv")).to_have_count(0)
    assert not (home / "results.csv").exists()
    page.locator('[data-id="gpucommons-earlier-files"]').click()
    panel.get_by_role("button", name="Recently deleted").click()
    back = panel.get_by_role("button", name="Put results.csv back")
    back.click()
    expect(back).to_have_count(0)
    assert (home / "results.csv").read_text() == "loss\n0.2\n"


@pytest.fixture
def controller(world: World) -> Iterator[None]:
    """One that asks for wishes, as the service remembers for a minute, or until its end."""
    assert _of_controller(world, "GET", "open") == {"wishes": []}
    yield
    world.hub.service.stop()
    world.hub.service.start()


@pytest.mark.usefixtures("controller")
def test_a_snapshot_is_asked_for_and_told_of(world: World, page: Page) -> None:
    page.reload()
    expect(page.locator(".jp-Notebook")).to_be_visible()
    panel = _opened(page)
    panel.get_by_role("button", name="Look for new snapshots").click()
    button = panel.get_by_role("button", name="Snapshot now")
    button.click()
    expect(panel.get_by_text("It is being taken…")).to_be_visible()
    [wish] = _of_controller(world, "GET", "open")["wishes"]
    assert wish["owner"] == "dora"
    answer = {"id": wish["id"], "state": "done", "snapshot": "0" * 64, "reason": ""}
    _of_controller(world, "POST", "answers", {"answers": [answer]})
    expect(panel.get_by_text("It was taken.")).to_be_visible()
    expect(button).to_be_enabled()


def _of_controller(world: World, method: str, what: str, said: Any = None) -> Any:
    headers = {"Authorization": f"token {WISHES_TOKEN}"}
    url = f"{world.hub.files_url}/api/wishes/{what}"
    answer = request(method, url, headers=headers, json=said).raise_for_status()
    return answer.json() if answer.content else None
