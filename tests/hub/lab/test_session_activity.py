"""What a session tells of its kernels, terminals and documents: a real server, and no page."""

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest
from gpucommons_contract import (
    Endpoint,
    KernelActivity,
    SessionActivity,
    TerminalActivity,
    read_activity,
)

from tests.hub.jupyter_lab import TOKEN
from tests.kernel import begin_cell, connected
from tests.waiting import until

from .real_lab import RealLab


@pytest.fixture(scope="module")
def lab(start_lab) -> RealLab:
    # A kernel that dies stays in the list.
    return start_lab(config={"KernelManager": {"autorestart": False}})


def told(lab) -> SessionActivity:
    return read_activity(lab.api("GET", Endpoint.SESSION_ACTIVITY).content)


def kernel(lab, kernel_id: str) -> KernelActivity | None:
    return next((each for each in told(lab).kernels if each.id == kernel_id), None)


def terminal(lab, name: str) -> TerminalActivity | None:
    return next((each for each in told(lab).terminals if each.name == name), None)


def open_kernel(lab, path: str, *, kind: str = "notebook", name: str = "") -> str:
    """Start a kernel for a document, as a page does; answers its id."""
    kernel = {"name": "python3"}
    about = {"path": path, "type": kind, "name": name, "kernel": kernel}
    return lab.api("POST", "api/sessions", json=about, timeout=60).json()["kernel"]["id"]


async def run_and_go(lab, kernel_id: str, code: str) -> None:
    """Have a cell begin, and close the page."""
    await begin_cell(lab.url, TOKEN, kernel_id, code)
    until(lambda: connections(lab, kernel_id) == 0)


def connections(lab, kernel_id: str) -> int:
    """How many pages are connected to a kernel."""
    return lab.api("GET", f"api/kernels/{kernel_id}").json()["connections"]


async def test_a_silent_cell_without_a_page_is_busy_until_it_ends(lab):
    kernel_id = open_kernel(lab, "work/train.ipynb")
    await run_and_go(lab, kernel_id, "import time; time.sleep(1000)")
    until(lambda: kernel(lab, kernel_id).busy)
    running = kernel(lab, kernel_id)
    assert running.name == "train.ipynb"
    until(lambda: kernel(lab, kernel_id).last >= running.last + 3)  # it says nothing
    assert kernel(lab, kernel_id).busy
    lab.api("POST", f"api/kernels/{kernel_id}/interrupt")
    until(lambda: not kernel(lab, kernel_id).busy)
    assert kernel(lab, kernel_id).last < 30


async def test_a_cell_that_ended_is_not_busy(lab):
    kernel_id = open_kernel(lab, "console-1", kind="console", name="Console 1")
    await run_and_go(lab, kernel_id, "1 + 1")
    until(lambda: not kernel(lab, kernel_id).busy)
    assert kernel(lab, kernel_id).name == "Console 1"


async def test_a_kernel_without_a_document_has_its_id_for_a_name(lab):
    kernel_id = lab.api("POST", "api/kernels", json={"name": "python3"}, timeout=60).json()["id"]
    assert kernel(lab, kernel_id).name == kernel_id
    lab.api("DELETE", f"api/kernels/{kernel_id}")
    assert kernel(lab, kernel_id) is None


async def test_a_kernel_that_died_is_left_out(lab):
    kernel_id = open_kernel(lab, "dies.ipynb")
    await run_and_go(lab, kernel_id, "import time; time.sleep(1000)")
    until(lambda: kernel(lab, kernel_id).busy)
    os.kill(process_of(kernel_id), signal.SIGKILL)
    until(lambda: kernel(lab, kernel_id) is None)
    listed = lab.api("GET", f"api/kernels/{kernel_id}").json()
    assert listed["execution_state"] == "busy"  # the server does not know better


def process_of(kernel_id: str) -> int:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if f"kernel-{kernel_id}" in (folder / "cmdline").read_text():
                return int(folder.name)
    raise AssertionError("The kernel does not run.")


async def test_a_terminal_is_busy_while_a_program_runs_in_it(lab):
    name = lab.api("POST", "api/terminals").json()["name"]
    until(lambda: terminal(lab, name) is not None)
    async with connected(lab.url, TOKEN, f"terminals/websocket/{name}") as page:
        await page.read_message()  # from here on the server listens
        until(lambda: not terminal(lab, name).busy)  # what a shell runs as it starts has ended
        await page.write_message(json.dumps(["stdin", "cat\r"]))
        until(lambda: terminal(lab, name).program == "cat")
    until(lambda: terminal(lab, name).last >= 2)  # its page is gone, and it writes nothing
    assert terminal(lab, name).busy
    async with connected(lab.url, TOKEN, f"terminals/websocket/{name}") as page:
        await page.read_message()
        await page.write_message(json.dumps(["stdin", "\x04"]))
        until(lambda: not terminal(lab, name).busy)
    assert terminal(lab, name).last < 20
    lab.api("DELETE", f"api/terminals/{name}")
    assert terminal(lab, name) is None


def test_saving_is_editing_and_looking_is_not(lab):
    lab.write("notes.ipynb", "1 + 1")
    assert told(lab).editing is None
    model = lab.api("GET", "api/contents/notes.ipynb").json()
    lab.api("GET", "api/contents")
    assert told(lab).editing is None
    content = {key: model[key] for key in ("type", "format", "content")}
    lab.api("PUT", "api/contents/notes.ipynb", json=content)
    until(lambda: told(lab).editing is not None)
    saved = told(lab).editing
    assert saved < 20
    lab.api("GET", "api/contents/notes.ipynb")
    assert told(lab).editing > saved


def test_asking_is_not_activity(lab):
    def last_activity() -> str:
        return lab.api("GET", "api/status").json()["last_activity"]

    before, was = last_activity(), told(lab)
    now = told(lab)
    assert last_activity() == before
    assert now.started > was.started
    assert now.editing > was.editing
    assert now.kernels
    for earlier, later in zip(was.kernels, now.kernels, strict=True):
        assert later.last > earlier.last
