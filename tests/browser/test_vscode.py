"""A day in VS Code, in a real browser on the real platform."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from gpucommons_contract import Endpoint, Notice, NoticeLevel
from playwright.sync_api import Locator, Page, expect

from tests.platform import LocalPlatform
from tests.waiting import until

from .steps import sign_in_at_the_page, start_session, stop_session, wait_for_lab

KeepPicture = Callable[[Page, str], None]

NOTICE = Notice("idle", "This session stops soon.", NoticeLevel.WARNING)
_NOTICE_URL = f"${{JUPYTERHUB_SERVICE_URL}}{Endpoint.SESSION_NOTICE}"
_TOKEN = "Authorization: token $JUPYTERHUB_API_TOKEN"
_ANSWER_MS = 120_000


class Window:
    """A window of VS Code."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.locator(".monaco-workbench").wait_for(timeout=_ANSWER_MS)

    def status(self, words: str | re.Pattern[str]) -> Locator:
        """An item of the status bar."""
        return self.page.locator(".statusbar-item", has_text=words)

    @property
    def notice(self) -> Locator:
        """Notifications in view that say the notice."""
        return self.page.locator(".notification-toast", has_text=NOTICE.text)

    def command(self, name: str) -> None:
        """Run a command of the palette."""
        self.page.keyboard.press("F1")
        self._answer(f">{name}")

    def write_file(self, path: str, text: str) -> None:
        """Make a file in the editor, and save it."""
        self.command("File: New Untitled Text File")
        editor = self.page.locator(".editor-instance .monaco-editor").first
        editor.click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Control+S")
        proposal = self.page.locator(".quick-input-widget input[type=text]")
        expect(proposal).not_to_have_value("")
        self._answer(path)
        expect(self.page.locator(".tab", has_text=path.rpartition("/")[2])).to_be_visible()

    def run(self, command: str) -> None:
        """Type a command into the terminal, which `open_terminal` opened."""
        self.page.locator(".terminal-wrapper.active .xterm").first.click()
        self.page.keyboard.type(f"{command}\n")

    def open_terminal(self) -> None:
        self.command("Terminal: Create New Terminal")
        self.page.locator(".terminal-wrapper.active .xterm").wait_for()

    def open_file(self, name: str) -> None:
        """Open a file of the explorer."""
        self.shows_file(name)
        self._row(name).dblclick()
        expect(self.page.locator(".tab.active", has_text=name)).to_be_visible()

    def shows_file(self, name: str) -> None:
        """Wait until the explorer lists a file."""
        expect(self._row(name)).to_be_visible(timeout=_ANSWER_MS)

    def _row(self, name: str) -> Locator:
        return self.page.locator(".explorer-folders-view .monaco-list-row", has_text=name)

    def _answer(self, text: str) -> None:
        field = self.page.locator(".quick-input-widget input[type=text]")
        field.wait_for()
        for _ in range(5):  # a dialog may put in its own proposal a moment later
            field.fill(text)
            self.page.wait_for_timeout(500)  # the list follows, and Enter takes from the list
            if field.input_value() == text:
                break
        self.page.keyboard.press("Enter")


@pytest.fixture
def window(page: Page, platform: LocalPlatform, no_sessions) -> Iterator[Window]:
    """VS Code in a session with a GPU, opened from the launcher."""
    sign_in_at_the_page(page, platform.accounts["researcher"])
    start_session(page, "SciPy", "Whole GPU")
    wait_for_lab(page)
    with page.context.expect_page() as opened:
        page.locator(".jp-LauncherCard", has_text="VS Code").click()
    yield Window(opened.value)
    opened.value.close()
    stop_session(page)


def test_somebody_edits_runs_and_is_told_in_vs_code(
    window: Window, platform: LocalPlatform, keep_picture: KeepPicture
) -> None:
    for gpu in range(4):
        platform.gpucommons("sim", "set", str(gpu), "--utilization", "64")
    expect(window.status(re.compile(r"GPU 6\d% .* GiB"))).to_be_visible(timeout=_ANSWER_MS)
    platform.gpucommons("sim", "reset")

    name = f"answer-{uuid4().hex[:6]}"  # what an earlier run left is not in the way
    window.write_file(f"/home/jovyan/{name}.py", f"open(f'{name}-{{6 * 7}}.txt', 'w')")
    window.open_terminal()
    # Of the image, and not Debian's own: it has the environment's packages.
    window.run(f"python -c 'import scipy' && python {name}.py")
    window.shows_file(f"{name}-42.txt")
    keep_picture(window.page, "vs-code-session")

    window.run(_sends(NOTICE))
    expect(window.notice).to_be_visible(timeout=_ANSWER_MS)
    keep_picture(window.page, "vs-code-notice")
    window.notice.get_by_role("button", name="OK").click()
    expect(window.notice).to_have_count(0)

    with window.page.context.expect_page() as opened:
        window.page.evaluate("open(location.href)")
    other = Window(opened.value)
    expect(other.notice).to_be_visible(timeout=_ANSWER_MS)  # confirmed in the first one only
    window.run(f'curl -sX DELETE -H "{_TOKEN}" "{_NOTICE_URL}?id={NOTICE.id}"')
    expect(other.notice).to_have_count(0, timeout=_ANSWER_MS)
    expect(window.notice).to_have_count(0)
    other.page.close()

    window.run(f"rm {name}*")


_MISTAKEN = "import os\n\nprint(os.curdir, undefined_name)\n"
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def test_somebody_writes_and_debugs_python_in_vs_code(
    window: Window, keep_picture: KeepPicture
) -> None:
    page, name = window.page, f"python-{uuid4().hex[:6]}"
    expect(window.status(re.compile(r"GPU \d+%"))).to_be_visible(timeout=_ANSWER_MS)
    window.open_terminal()
    window.run(f"printf %s {shlex.quote(_MISTAKEN)} >{name}.py")

    window.open_file(f"{name}.py")
    mistakes = page.locator(".squiggly-error, .squiggly-warning")
    expect(mistakes.first).to_be_visible(timeout=_ANSWER_MS)
    page.locator(".editor-group-container.active .view-lines").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("os.path.exi")
    proposal = page.locator(".suggest-widget.visible .monaco-list-row", has_text="exists")

    def proposed() -> bool:
        """Ask again, as people do: an answer that comes while one still types is dropped."""
        if not proposal.count():
            page.keyboard.press("Control+Space")
            page.wait_for_timeout(2000)
        return proposal.count() > 0

    until(proposed)
    keep_picture(page, "vs-code-python")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+S")

    page.keyboard.press("Control+Home")
    page.keyboard.press("F9")
    page.keyboard.press("F5")
    expect(page.locator(".debug-top-stack-frame-line").first).to_be_visible(timeout=_ANSWER_MS)
    keep_picture(page, "vs-code-debugging")
    page.keyboard.press("Shift+F5")
    expect(page.locator(".debug-toolbar")).to_be_hidden(timeout=_ANSWER_MS)


def test_a_notebook_in_vs_code_runs_on_the_kernel_that_jupyterlab_has(
    window: Window, keep_picture: KeepPicture
) -> None:
    page, name = window.page, f"notebook-{uuid4().hex[:6]}"
    # Extensions are there: before, a notebook is a file of text.
    expect(window.status(re.compile(r"GPU \d+%"))).to_be_visible(timeout=_ANSWER_MS)
    window.open_terminal()
    window.run(f"printf %s {shlex.quote(_notebook('shared = 6 * 7', 'shared'))} >{name}.ipynb")
    window.open_file(f"{name}.ipynb")
    toolbar = page.locator(".notebook-toolbar-container")
    expect(toolbar.locator(".kernel-label")).to_contain_text("Python", timeout=_ANSWER_MS)
    toolbar.locator(".notebook-label", has_text="Run All").click()
    ran = page.locator(".notebookOverlay .codicon-notebook-state-success")
    expect(ran).to_have_count(2, timeout=_ANSWER_MS)
    keep_picture(page, "vs-code-notebook")
    window.open_terminal()
    # As JupyterLab finds it: the kernel of the notebook's path.
    window.run(f"python -c {shlex.quote(_asks_kernel_of(name))}")
    window.shows_file(f"{name}-42.txt")
    window.run(f"rm {name}*")


def _notebook(*sources: str) -> str:
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [cell | {"id": f"cell{at}", "source": each} for at, each in enumerate(sources)]
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": _KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    )


def _asks_kernel_of(name: str) -> str:
    """A program that has the notebook's kernel write a file named after its variable."""
    return f"""
import json, os, urllib.request
from jupyter_client import BlockingKernelClient, find_connection_file
url = os.environ["JUPYTERHUB_SERVICE_URL"] + "api/sessions"
token = {{"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}}
sessions = json.load(urllib.request.urlopen(urllib.request.Request(url, headers=token)))
[kernel] = [each["kernel"]["id"] for each in sessions if each["path"] == "{name}.ipynb"]
client = BlockingKernelClient(connection_file=find_connection_file(kernel))
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=90)
client.execute_interactive(f"open('{name}-' + str(shared) + '.txt', 'w').close()")
"""


def _sends(notice: Notice) -> str:
    """A shell's command that sends a notice as the platform would."""
    body = shlex.quote(notice.to_json())
    return f'curl -s -H "{_TOKEN}" -d {body} "{_NOTICE_URL}"'
