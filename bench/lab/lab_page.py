"""How soon JupyterLab's launcher is there, beside the same JupyterLab as it comes, by turns."""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from gpucommons_lab.web.compressed_files import compress
from gpucommons_local.gpu.driver import build
from gpucommons_local.machine.cache import checkout
from playwright.sync_api import Browser, Page, sync_playwright

from bench.figure import Figure
from bench.lab.panel_server import TOKEN, Server, none, ours

_ROUNDS = 9
_READY = """
() => new Promise((resolve) => {
  const ready = () =>
    document.querySelector(".jp-LauncherCard")?.offsetParent
      ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
      : setTimeout(ready, 5);
  ready();
})
"""


def measure() -> list[Figure]:
    """Open the page with an empty cache of the browser, and again; medians of milliseconds."""
    cold: dict[str, list[float]] = {}
    warm: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        driver = build(folder / "driver")
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell",
            args=["--no-sandbox", "--disable-gpu"],
        )
        plain = f"--LabApp.labextensions_path={folder}"  # not the panel that is installed here
        with (
            Server(none(), driver, folder / "none", with_lab=True, options=[plain]) as stock,
            Server(ours(), driver, _home(folder), with_lab=True, options=_app(folder)) as own,
        ):
            for number in range(_ROUNDS + 1):
                for kind, server in (("stock", stock), ("ours", own)):
                    first, second = _open_twice(browser, server)
                    if number:  # the first round fills the servers' caches
                        cold.setdefault(kind, []).append(first)
                        warm.setdefault(kind, []).append(second)
        browser.close()
    return [
        _figure("lab-page-cold", "JupyterLab's page until its launcher, empty cache, p50", cold),
        _figure("lab-page-warm", "The same, opened again, p50", warm),
    ]


def _home(folder: Path) -> Path:
    """A home folder with the panel, as it was built last."""
    panels = folder / "ours" / ".local/share/jupyter/labextensions/@gpucommons"
    panels.mkdir(parents=True)
    (panels / "lab").symlink_to(checkout() / "lab_extension/gpucommons_lab/labextension")
    return folder / "ours"


def _app(folder: Path) -> list[str]:
    """Options for JupyterLab's files, compressed as our images have them."""
    app = folder / "lab"
    shutil.copytree(Path(sys.prefix) / "share/jupyter/lab", app)
    compress(app)
    return [f"--LabApp.app_dir={app}"]


def _open_twice(browser: Browser, server: Server) -> tuple[float, float]:
    """Milliseconds from the press to the launcher, with an empty cache of the browser and again."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
    context.request.get(f"/lab?token={TOKEN}")  # signs in, past the cache
    page = context.new_page()
    found = _open(page), _open(page)
    context.close()
    return found


def _open(page: Page) -> float:
    page.goto("/lab?reset", wait_until="commit")
    return float(page.evaluate(_READY))


def _figure(name: str, title: str, found: dict[str, list[float]]) -> Figure:
    return Figure(
        name,
        title,
        statistics.median(found["ours"]),
        "ms",
        peer="JupyterLab as it comes",
        peer_value=statistics.median(found["stock"]),
        ratio_target=0.7,
        samples=_ROUNDS,
    )
