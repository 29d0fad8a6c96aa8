"""A JupyterLab on the simulated driver, with the news and updates of nobody."""

import time
from pathlib import Path

from gpucommons_local.gpu.driver import DriverRoot

from tests.hub.jupyter_lab import PATIENCE_MS, Lab

_NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}


class RealLab(Lab):
    """The panel's ``settings`` are a person's, kept in the home folder."""

    def __init__(self, home: Path, driver: DriverRoot, settings: dict[str, object]) -> None:
        super().__init__(
            home,
            {"LD_LIBRARY_PATH": str(driver.library_folder), "GPUCOMMONS_GPU_UNITS": "1"},
        )
        self.driver = driver
        self.set("@gpucommons/lab:telemetry", settings)
        self.set("@jupyterlab/apputils-extension:notification", _NO_NEWS)

    def start_again(self) -> None:
        """Start another server at the same address."""
        self.start(port=self.port)

    def kernels(self) -> list[str]:
        """The ids of the kernels that run."""
        return [each["id"] for each in self.api("GET", "api/kernels").json()]

    def kernel_pid(self) -> int:
        """The process of the only kernel, once it runs."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < end:
            for (kernel,) in [self.kernels()] if len(self.kernels()) == 1 else []:
                for folder in Path("/proc").glob("[0-9]*"):
                    if f"kernel-{kernel}" in _command(folder):
                        return int(folder.name)
            time.sleep(0.1)
        raise AssertionError("No kernel runs.")


def _command(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_text()
    except OSError:  # it ended meanwhile
        return ""
