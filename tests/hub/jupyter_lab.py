"""A JupyterLab with the extension built from this repository, and pages of it in Chromium."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.loopback import request
from tests.waiting import PAGE_PATIENCE_MS, until

from .processes import Program, free_port

REPOSITORY = Path(__file__).parents[2]
EXTENSION = REPOSITORY / "lab_extension"
TOKEN = "a-token"
NO_WARNINGS = ("--GPUCommonsLab.memory_warning=0", "--GPUCommonsLab.disk_warning=0")
"""Options of a server: the machine's own memory or disk may be nearly full."""


class Lab:
    """One home folder; a server can be started in it again and again, each at another address.

    It has the extension as it was built last, before what was installed with an older build.
    ``options`` are Jupyter Server's.
    """

    def __init__(
        self,
        home: Path,
        environment: Mapping[str, str] = MappingProxyType({}),
        options: Sequence[str] = NO_WARNINGS,
    ) -> None:
        self.home = home
        self._environment = dict(environment)
        self._options = options
        extensions = home / ".share" / "labextensions" / "@gpucommons"
        extensions.mkdir(parents=True)
        (extensions / "lab").symlink_to(EXTENSION / "gpucommons_lab" / "labextension")
        self._server: Program | None = None

    def start(self, name: str = "ana", port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/user/{name}"
        command = [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *(f"--port={self.port}", f"--ServerApp.base_url=/user/{name}/", *self._options),
        ]
        env = self._environment | {
            "HOME": str(self.home),
            "JUPYTER_TOKEN": TOKEN,
            # As without them, also where somebody has set them.
            "JUPYTER_CONFIG_DIR": str(self.home / ".jupyter"),
            "JUPYTER_DATA_DIR": str(self.home / ".local" / "share" / "jupyter"),
            "JUPYTER_PATH": str(self.home / ".share"),
            "JUPYTER_CONFIG_PATH": str(EXTENSION / "jupyter-config"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        self._server = Program(command, f"{self.url}/api", self._log, env)
        self._server.start()

    @property
    def _log(self) -> Path:
        return self.home / "server.log"

    @property
    def log(self) -> str:
        """What the servers logged so far."""
        return self._log.read_text()

    def stop(self) -> None:
        if self._server:
            self._server.stop()

    def write(self, name: str, *sources: str) -> None:
        """Put a notebook into the home folder; its cells are cell0, cell1, ..."""
        cells = [
            {
                "cell_type": "code",
                "id": f"cell{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(sources)
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {
            "cells": cells,
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.home / name).write_text(json.dumps(notebook))

    def set(self, plugin: str, settings: Mapping[str, object]) -> None:
        """Keep a person's settings of a plugin, such as ``@gpucommons/lab:telemetry``."""
        folder, _, name = plugin.partition(":")
        file = self.home / ".jupyter/lab/user-settings" / folder / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(dict(settings)))

    def cells(self, name: str) -> list[dict[str, Any]]:
        """The cells of a notebook; a file that is being written is waited for."""
        text = ""

        def is_whole() -> bool:
            nonlocal text
            text = (self.home / name).read_text()
            return text.rstrip().endswith("}")

        until(is_whole)
        return json.loads(text)["cells"]

    def printed(self, name: str) -> str:
        """All that the file has as printed by its cells."""
        return "".join(
            "".join(output.get("text", ""))
            for cell in self.cells(name)
            for output in cell["outputs"]
        )

    def kernel_state(self) -> str:
        [kernel] = self.api("GET", "api/kernels").json()
        return str(kernel["execution_state"])

    def address(self, path: str = "/lab") -> str:
        """The address that opens a page, signed in."""
        return f"{self.url}{path}?token={TOKEN}"

    def open(self, chromium: Browser, path: str = "/lab") -> Page:
        page = chromium.new_context().new_page()
        page.set_default_timeout(PAGE_PATIENCE_MS)
        page.goto(self.address(path))
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        return page

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"token {TOKEN}"}
        options = {"timeout": 60} | options
        answer = request(method, f"{self.url}/{path}", headers=headers, **options)
        return answer.raise_for_status()


def wait_for_kernel(page: Page) -> None:
    """Wait until the page has a kernel that answers; the notebook's indicator says so sooner."""
    status = page.locator("#jp-main-statusbar").get_by_text("| Idle")
    expect(status).to_be_visible()


def run_first_cell(page: Page) -> None:
    """Run it, once: a second time would take the output's place. The kernel has to be there."""
    page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    prompt = page.locator(".jp-Notebook .jp-InputPrompt").first
    expect(prompt).not_to_have_text("[ ]:")
