"""*Revert to Checkpoint* in real JupyterLab, with versions from the store in its list."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from gpucommons_contract import Endpoint
from playwright.sync_api import Browser, Locator, Page, expect

from tests.loopback import request
from tests.waiting import PAGE_PATIENCE_MS

from .conftest import YESTERDAY, World

NOTEBOOK = "train.ipynb"
NOW_WORDS = "what is there now"


def _notebook(words: str) -> str:
    cell = {"cell_type": "markdown", "id": "words", "metadata": {}, "source": words}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel}  # without it, JupyterLab asks
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def home(world: World) -> Path:
    """Carol's: its notebook was snapshot yesterday, and says something else now."""
    home = world.hub.home("carol")
    (home / NOTEBOOK).write_text(_notebook("yesterday's words"))
    (home / "notes.txt").write_text("yesterday's notes")
    world.store.take("vision", "carol", home, YESTERDAY)
    (home / NOTEBOOK).write_text(_notebook(NOW_WORDS))
    (home / "notes.txt").write_text("today's notes")
    world.hub.start_session("carol", "vision")
    return home


@pytest.fixture
def lab(world: World, home: Path, built_panel: None, chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(f"{world.hub.url}/hub/login?next=/user/carol/lab/tree/{NOTEBOOK}")
    page.get_by_label("Username").fill("carol")
    page.get_by_label("Password").fill("any")
    page.locator("input[type=submit]").click()
    yield page
    page.close()


def _sum(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def _open_dialog(lab: Page, kind: str = "Notebook") -> Locator:
    lab.locator("#jp-menu-panel").get_by_role("menuitem", name="File", exact=True).click()
    lab.locator(".lm-Menu").get_by_text(f"Revert {kind} to Checkpoint…").click()
    return lab.get_by_role("dialog")


def test_yesterdays_notebook_comes_back_by_revert_to_checkpoint(lab: Page, home: Path) -> None:
    file = home / NOTEBOOK
    expect(lab.locator(".jp-Notebook")).to_contain_text(NOW_WORDS)
    now, yesterday = _sum(file), sha256(_notebook("yesterday's words").encode()).hexdigest()
    dialog = _open_dialog(lab)
    choices = dialog.locator("select option")
    expect(choices).to_have_count(2)  # the usual one first
    expect(choices.last).to_contain_text("yesterday")
    dialog.locator("select").select_option(index=1)
    dialog.get_by_role("button", name="Ok").click()
    lab.locator(".jp-Dialog-button.jp-mod-warn").click()
    expect(lab.locator(".jp-Notebook")).to_contain_text("yesterday's words")
    assert _sum(file) == yesterday
    assert _sum(home / "train-before-revert.ipynb") == now


def test_the_usual_checkpoint_works_as_without_the_service(world: World, home: Path) -> None:
    ask = _Contents(world)
    [_, usual] = ask("GET", "notes.txt/checkpoints").json()
    assert usual["id"] == "checkpoint"  # made of what was there
    (home / "notes.txt").write_text("something else")
    assert ask("POST", "notes.txt/checkpoints/checkpoint").status_code == 204
    assert (home / "notes.txt").read_text() == "today's notes"


def test_a_file_that_is_reverted_twice_loses_nothing(world: World, home: Path) -> None:
    ask = _Contents(world)
    file = home / "notes.txt"
    [version, _] = ask("GET", "notes.txt/checkpoints").json()
    before = file.read_text()
    for _ in range(2):  # the second time it is the same already
        assert ask("POST", f"notes.txt/checkpoints/{version['id']}").status_code == 204
    assert file.read_text() == "yesterday's notes"
    file.write_text("a third text")
    assert ask("POST", f"notes.txt/checkpoints/{version['id']}").status_code == 204
    kept = sorted(each.name for each in home.glob("notes-before-revert*"))
    assert kept == ["notes-before-revert-2.txt", "notes-before-revert.txt"]
    assert (home / kept[1]).read_text() == before
    assert (home / kept[0]).read_text() == "a third text"
    assert not list(home.glob(".reverting-*"))


def test_a_version_that_is_not_there_changes_nothing(world: World, home: Path) -> None:
    ask = _Contents(world)
    (home / "kept.txt").write_text("kept")
    answer = ask("POST", f"kept.txt/checkpoints/snapshot-{'0' * 12}")
    assert answer.status_code == 404
    assert answer.json()["message"] == "This version is not there any more."
    assert ask("DELETE", f"kept.txt/checkpoints/snapshot-{'0' * 12}").status_code == 403
    assert (home / "kept.txt").read_text() == "kept"


def test_renaming_and_deleting_a_file_leave_the_snapshots_alone(world: World, home: Path) -> None:
    ask = _Contents(world)
    (home / "notes.txt").write_text("today's notes")
    versions = len(ask("GET", "notes.txt/checkpoints").json())
    assert ask("PATCH", "notes.txt", json={"path": "renamed.txt"}).status_code == 200
    assert [each["id"] for each in ask("GET", "renamed.txt/checkpoints").json()] == ["checkpoint"]
    assert ask("PATCH", "renamed.txt", json={"path": "notes.txt"}).status_code == 200
    assert len(ask("GET", "notes.txt/checkpoints").json()) == versions
    (home / "deleted.txt").write_text("deleted")
    assert ask("DELETE", "deleted.txt").status_code == 204


def test_without_the_service_there_are_the_usual_checkpoints(world: World, home: Path) -> None:
    ask = _Contents(world)
    (home / "alone.txt").write_text("alone")
    world.hub.service.stop()
    try:
        assert ask("POST", "alone.txt/checkpoints").status_code == 201
        [only] = ask("GET", "alone.txt/checkpoints").json()
        assert only["id"] == "checkpoint"
        answer = ask("POST", f"alone.txt/checkpoints/snapshot-{'0' * 12}")
        assert answer.status_code == 503
        assert "your file is as it was" in answer.json()["message"]
    finally:
        world.hub.service.start()
    log = world.hub.text()
    assert log.count("Earlier files are not listed, the service is away") == 1


def test_a_version_is_looked_at_and_put_beside_the_file(world: World, home: Path) -> None:
    ask, file = _Earlier(world), home / "notes.txt"
    file.write_text("today's notes")
    said = ask("GET", "versions?path=notes.txt").json()
    [version] = said["versions"]
    assert (version["size"], version["time"]) == (len("yesterday's notes"), YESTERDAY.timestamp())
    which = {"snapshot": version["snapshot"], "path": "notes.txt"}
    assert ask("GET", "file", params=which).text == "yesterday's notes"
    done = ask("POST", "put-back", json={**which, "beside": "29 Nov"}).json()
    assert done == {"path": str(home / "notes (29 Nov).txt"), "kept": None}
    assert Path(done["path"]).read_text() == "yesterday's notes"
    done = ask("POST", "put-back", json={**which, "beside": None}).json()
    assert file.read_text() == "yesterday's notes"
    assert Path(done["kept"]).read_text() == "today's notes"


def test_a_deleted_file_is_listed_and_comes_back(world: World, home: Path) -> None:
    ask, file = _Earlier(world), home / "notes.txt"
    file.unlink(missing_ok=True)
    [snapshot] = ask("GET", "snapshots").json()["snapshots"]
    [gone] = ask("GET", "deleted?path=").json()["entries"]
    assert (gone["name"], gone["snapshot"]) == ("notes.txt", snapshot["id"])
    folder = ask("GET", "folder", params={"snapshot": snapshot["id"]}).json()["entries"]
    assert {each["name"]: each["present"] for each in folder}["notes.txt"] is False
    wish = {"snapshot": gone["snapshot"], "path": gone["name"], "beside": None}
    assert ask("POST", "put-back", json=wish).json() == {"path": str(file), "kept": None}
    assert file.read_text() == "yesterday's notes"
    assert ask("GET", "deleted?path=").json()["entries"] == []


def test_what_cannot_be_had_is_refused_with_a_sentence(world: World, home: Path) -> None:
    ask = _Earlier(world)
    refused = ask("GET", "file", params={"snapshot": "0" * 12, "path": "notes.txt"})
    assert refused.status_code == 404
    assert refused.json()["message"] == "This version is not there any more."
    refused = ask("GET", "versions?path=/etc/passwd")
    assert refused.status_code == 400
    assert refused.json()["message"] == "Only what is in your home folder has earlier versions."


class _Contents:
    """Jupyter's API of files, in carol's session."""

    def __init__(self, world: World) -> None:
        self._url = f"{world.hub.url}/user/carol/api/contents"
        self._token = world.hub.token_of("carol")

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"token {self._token}"}
        url = f"{self._url}/{path}"
        return request(method, url, headers=headers, timeout=120, **more)


class _Earlier:
    """What JupyterLab's pages and VS Code ask of carol's session."""

    def __init__(self, world: World) -> None:
        self._url = f"{world.hub.url}/user/carol/{Endpoint.SESSION_EARLIER}"
        self._token = world.hub.token_of("carol")

    def __call__(self, method: str, what: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"token {self._token}"}
        url = f"{self._url}/{what}"
        return request(method, url, headers=headers, timeout=120, **more)
