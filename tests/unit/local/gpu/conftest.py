"""A simulated driver, and programs that read it as a session would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gpucommons_local.gpu.driver import DriverRoot


class Reader:
    """Runs Python that reads NVML with NVIDIA's own binding, in a process of its own."""

    def __init__(self, driver: DriverRoot) -> None:
        self.environment = {**os.environ, "LD_LIBRARY_PATH": str(driver.library_folder)}

    def read(self, expression: str) -> object:
        """The value of an expression about ``gpus``, the handles of all visible GPUs."""
        code = (
            "import json\n"
            "from pynvml import *\n"
            "nvmlInit()\n"
            "gpus = [nvmlDeviceGetHandleByIndex(i) for i in range(nvmlDeviceGetCount())]\n"
            f"print(json.dumps({expression}))\n"
        )
        return json.loads(self.run(code))

    def run(self, code: str) -> str:
        result = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


@pytest.fixture
def reader() -> type[Reader]:
    return Reader


@pytest.fixture
def nvml(driver: DriverRoot) -> Reader:
    return Reader(driver)


@pytest.fixture
def driver_copy(built_driver: DriverRoot, tmp_path: Path) -> DriverRoot:
    """A driver of its own, to be damaged."""
    copy = DriverRoot(tmp_path / "driver")
    subprocess.run(["cp", "-a", built_driver.path, copy.path], check=True)
    copy.state_file.update(lambda state: state.reset())
    return copy
