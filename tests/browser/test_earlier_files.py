"""Yesterday's notebook comes back, in a real browser, from a snapshot of the real platform."""

import httpx
from playwright.sync_api import Page, expect

from tests.cluster.snapshots import Workspace
from tests.people import SignedIn
from tests.platform import LocalPlatform

from .steps import sign_in_at_the_page
from .test_vscode import Window


def _notebook(words: str) -> dict:
    cell = {"cell_type": "markdown", "id": "words", "metadata": {}, "source": words}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return content | {"cells": [cell]}


def _files(platform: LocalPlatform, person: SignedIn) -> str:
    return f"{platform.url}/user/{person.username}/api/contents"


def _forget_earlier_runs(platform: LocalPlatform, person: SignedIn) -> None:
    """Delete what the same test has left in the home folder: a platform keeps files."""
    files, headers = _files(platform, person), person.api.headers
    for each in httpx.get(files, headers=headers, timeout=60).raise_for_status().json()["content"]:
        if each["name"].startswith("train"):
            httpx.delete(f"{files}/{each['name']}", headers=headers, timeout=60).raise_for_status()


def _save(platform: LocalPlatform, person: SignedIn, words: str) -> None:
    url = f"{_files(platform, person)}/train.ipynb"
    body = {"type": "notebook", "format": "json", "content": _notebook(words)}
    httpx.put(url, json=body, headers=person.api.headers, timeout=60).raise_for_status()


def test_what_a_notebook_was_in_the_last_session_comes_back(
    page: Page, platform: LocalPlatform, no_sessions, sign_in, keep_picture
) -> None:
    student = sign_in("student")
    student.start({"size": "cpu"})
    workspace = Workspace.of(platform, student)
    _forget_earlier_runs(platform, student)
    _save(platform, student, "Six hours of training")
    student.stop_all()
    workspace.next_snapshot()

    student.start({"size": "cpu"})
    _save(platform, student, "Overwritten by mistake")
    sign_in_at_the_page(page, platform.accounts["student"])
    page.get_by_role("heading", name="My sessions").wait_for()
    page.goto(f"/user/{student.username}/lab/tree/train.ipynb?reset")
    notebook = page.locator(".jp-Notebook")
    expect(notebook).to_contain_text("Overwritten by mistake")
    page.locator("#jp-menu-panel").get_by_role("menuitem", name="File", exact=True).click()
    page.locator(".lm-Menu").get_by_text("Revert Notebook to Checkpoint…").click()
    versions = page.get_by_role("dialog").locator("select")
    expect(versions.locator("option")).to_have_count(2)
    versions.select_option(index=1)
    keep_picture(page, "earlier-files")
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    page.locator(".jp-Dialog-button.jp-mod-warn").click()
    expect(notebook).to_contain_text("Six hours of training")
    kept = page.locator(".jp-DirListing-item", has_text="train-before-revert.ipynb")
    expect(kept).to_be_visible()
    keep_picture(page, "earlier-files-back")

    page.goto(f"/user/{student.username}/vscode/")
    _compare_and_put_beside(Window(page))
    keep_picture(page, "vs-code-earlier-versions")


def _compare_and_put_beside(window: Window) -> None:
    page = window.page
    expect(window.status("Session")).to_be_visible(timeout=120_000)  # our extension is there
    window.open_file("train.ipynb")
    window.command("GPU Commons: Earlier Versions of This File")
    page.locator(".quick-input-list .monaco-list-row", has_text=" ago").first.click()
    expect(page.locator(".tab.active", has_text="↔ now")).to_be_visible()
    toast = page.locator(".notification-toast", has_text="train.ipynb as it was")
    toast.get_by_role("button", name="Put Back Beside").click()
    window.shows_file("train (2")
