"""One JupyterLab with a notebook whose kernel holds memory of a simulated GPU."""

from collections.abc import Iterator

import pytest
from gpucommons_lab.own_processes import pids_are_the_hosts
from gpucommons_local.gpu.driver import build
from gpucommons_local.gpu.state import GPUProcess, GPUState
from playwright.sync_api import Browser, Page

from .real_lab import RealLab

GIB = 2**30


@pytest.fixture(scope="module")
def lab(built_panel: None, tmp_path_factory) -> Iterator[RealLab]:
    if not pids_are_the_hosts():
        pytest.skip("Which kernel holds memory cannot be told in a PID namespace of its own.")
    lab = RealLab(
        tmp_path_factory.mktemp("home"),
        build(tmp_path_factory.mktemp("driver")),
        {"cellUsage": True},
    )
    lab.write("train.ipynb", "import time\ntime.sleep(4)")
    lab.start()
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def page(lab, chromium: Browser) -> Iterator[Page]:
    """The notebook with the panel beside it; its kernel holds 39 GiB of a GPU at work."""
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.goto(lab.address("/lab/tree/train.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").wait_for(timeout=60_000)
    process = GPUProcess(0, lab.kernel_pid(), 39 * GIB)
    busy = GPUState(memory_used=40 * GIB).with_load(60)
    lab.driver.state_file.update(lambda s: s.with_gpu(0, busy).with_processes(0, [process]))
    page.locator(".jp-gpucommons-status button").press("Enter")
    yield page
    page.close()
