"""JupyterLab on simulated GPUs; by default one with a notebook whose kernel holds memory of one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gpucommons_lab.processes.own_processes import pids_are_the_hosts
from gpucommons_local.gpu.driver import build
from gpucommons_local.gpu.state import GPU_COUNT, GPUProcess, GPUState
from playwright.sync_api import Browser, Page

from tests.waiting import PAGE_PATIENCE_MS

from .open_panel import open_panel
from .real_lab import RealLab

GIB = 2**30


@pytest.fixture(scope="module")
def start_lab(built_panel: None, tmp_path_factory) -> Iterator[Callable[..., RealLab]]:
    """Start one on so many GPUs; the other arguments are those of `RealLab`."""
    labs: list[RealLab] = []

    def start(gpus: int = 1, **arguments: Any) -> RealLab:
        driver = build(tmp_path_factory.mktemp("driver"), gpus) if gpus else None
        lab = RealLab(tmp_path_factory.mktemp("home"), driver, **arguments)
        labs.append(lab)
        lab.start()
        return lab

    yield start
    for lab in labs:
        lab.stop()
        print(lab.log)  # noqa: T201 -- shown if the module's last test failed


@pytest.fixture(scope="module")
def lab(pids_known: None, start_lab) -> RealLab:
    lab = start_lab(GPU_COUNT, settings={"cellUsage": True})
    lab.write("train.ipynb", "import time\ntime.sleep(4)")
    return lab


@pytest.fixture(scope="module")
def pids_known() -> None:
    """Only where this holds can be told which kernel holds memory of a simulated GPU."""
    if not pids_are_the_hosts():
        pytest.skip("Which kernel holds memory cannot be told in a PID namespace of its own.")


@pytest.fixture(scope="module")
def page(lab, chromium: Browser) -> Iterator[Page]:
    """The notebook with the panel beside it; its kernel holds 39 GiB of a GPU at work."""
    page = chromium.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    page.goto(lab.address("/lab/tree/train.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").wait_for()
    process = GPUProcess(0, lab.kernel_pid(), 39 * GIB)
    busy = GPUState(memory_used=40 * GIB).with_load(60)
    lab.driver.state_file.update(lambda s: s.with_gpu(0, busy).with_processes(0, [process]))
    open_panel(page)
    yield page
    page.close()
