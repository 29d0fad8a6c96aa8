"""A JupyterLab on the simulated driver, with the news and updates of nobody."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import httpx
from gpucommons_local.gpu.driver import DriverRoot

from tests.hub.jupyter_lab import NO_WARNINGS, Lab
from tests.waiting import until

_ONE_GPU: Mapping[str, str] = MappingProxyType({"GPUCOMMONS_GPU_UNITS": "1"})
_NONE: Mapping[str, object] = MappingProxyType({})
_NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}


class RealLab(Lab):
    """``settings`` are a person's of the panel, ``config`` is Jupyter Server's: both at home.

    ``environment`` is what the spawner says; by default that it has one GPU. ``options`` are
    those of `Lab`. Without a ``driver``, it is as on a machine without a GPU.
    """

    def __init__(
        self,
        home: Path,
        driver: DriverRoot | None,
        settings: Mapping[str, object] = _NONE,
        environment: Mapping[str, str] = _ONE_GPU,
        *,
        config: Mapping[str, object] = _NONE,
        options: Sequence[str] = NO_WARNINGS,
    ) -> None:
        libraries = {"LD_LIBRARY_PATH": str(driver.library_folder)} if driver else {}
        super().__init__(home, {**libraries, **environment}, options)
        self.driver = driver
        self.set("@gpucommons/lab:telemetry", settings)
        self.set("@jupyterlab/apputils-extension:notification", _NO_NEWS)
        (home / ".jupyter" / "jupyter_server_config.json").write_text(json.dumps(dict(config)))

    def start_again(self) -> None:
        """Start another server at the same address."""
        self.start(port=self.port)

    def kernels(self) -> list[str]:
        """The ids of the kernels that run."""
        return [each["id"] for each in self.api("GET", "api/kernels").json()]

    def kernel_pid(self) -> int:
        """The process of the only kernel, once it runs."""

        def only() -> list[int]:
            try:
                found = self._kernel_processes()
            except httpx.HTTPStatusError:  # Jupyter Server's, of a kernel made this very moment
                return []
            return found if len(found) == 1 else []

        return until(only, instead=self.kernels)[0]

    def _kernel_processes(self) -> list[int]:
        commands = {int(each.name): _command(each) for each in Path("/proc").glob("[0-9]*")}
        running = [f"kernel-{kernel}" for kernel in self.kernels()]
        return [pid for pid, command in commands.items() if any(k in command for k in running)]


def _command(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_text()
    except OSError:  # it ended meanwhile
        return ""
