"""The lab extension in JupyterLab alone: installed with pip, without hub and platform."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gpucommons_contract import Endpoint, Notice, NoticeChoice
from gpucommons_local.gpu.driver import DriverRoot, build
from gpucommons_local.images import SESSION_WHEEL
from playwright.sync_api import Page, expect

from tests.waiting import PAGE_PATIENCE_MS

from .jupyter_lab import NO_WARNINGS
from .processes import Program, free_port

OLDEST, NEWEST = "4.0", "4.6"
TOKEN = {"Authorization": "token a-token"}
NOTICE = Notice("idle", "Nothing runs here.", choices=(NoticeChoice("keep", "Keep for 2 hours"),))


@pytest.fixture(scope="module")
def driver(tmp_path_factory) -> DriverRoot:
    return build(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    SESSION_WHEEL.place(folder, folder / "build.log")
    [wheel] = (folder / "dist").iterdir()
    return wheel


@pytest.fixture(scope="module", params=[OLDEST, NEWEST])
def lab(request, driver, wheel, tmp_path_factory) -> Iterator[str]:
    """The address of a JupyterLab of this version, with what one pip install brings."""
    folder = tmp_path_factory.mktemp("lab")
    programs = Path(sys.executable).parent
    subprocess.run([programs / "uv", "venv", "--quiet", folder / "venv"], check=True)
    install = [programs / "uv", "pip", "install", "--quiet", "--python", folder / "venv/bin/python"]
    subprocess.run(
        [*install, f"jupyterlab=={request.param}.*", f"gpucommons[lab] @ {wheel.as_uri()}"],
        check=True,
    )
    url = f"http://127.0.0.1:{free_port()}"
    port = url.rpartition(":")[2]
    command = [str(folder / "venv/bin/jupyter"), "lab", "--allow-root", "--no-browser"]
    environment = {
        "HOME": str(folder),
        "JUPYTER_TOKEN": "a-token",
        "LD_LIBRARY_PATH": str(driver.library_folder),
    }
    command += [f"--port={port}", *NO_WARNINGS]
    server = Program(command, f"{url}/api", folder / "log", environment)
    server.start()
    yield url
    server.stop()
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture
def page(chromium, lab) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(f"{lab}/lab?token=a-token")
    yield page
    page.close()


def test_the_panel_shows_the_gpus_of_the_machine(page, driver):
    driver.state_file.update(lambda state: state.reset())
    page.locator(".lm-TabBar-tab[data-id=gpucommons-gpu-panel]").click()
    panel = page.locator("#gpucommons-gpu-panel")
    expect(panel.get_by_text("NVIDIA H200 Simulated").first).to_be_visible()
    expect(panel.get_by_text("This session")).to_have_count(0)  # no platform started it


def test_a_notice_is_answered_with_one_press(page, lab):
    address = f"{lab}/{Endpoint.SESSION_NOTICE}"
    send = httpx.post(address, headers=TOKEN, content=NOTICE.to_json(), timeout=60)
    assert send.status_code == 204
    page.get_by_role("button", name="Keep for 2 hours").click()
    expect(page.get_by_text("You chose: Keep for 2 hours.").first).to_be_visible()
    [notice] = httpx.get(address, headers=TOKEN, timeout=60).json()
    assert notice["answer"] == "keep"
