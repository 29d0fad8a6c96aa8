"""Real servers with the lab extension, each in its own process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest
from gpucommons_local.gpu.driver import DriverRoot

from tests.hub.jupyter_lab import NO_WARNINGS
from tests.hub.processes import START_LIMIT_S, free_port

TOKEN = "a-token"
CONFIG = Path(__file__).parents[3] / "lab_extension" / "jupyter-config"
STOP_LIMIT_S = 60


class Session:
    """A real Jupyter server with no extension but ours."""

    def __init__(
        self,
        home: Path,
        driver: DriverRoot | None,
        *options: str,
        environment: Mapping[str, str] = MappingProxyType({}),
        terminals: bool = False,
    ) -> None:
        port = free_port()
        _disable_other_extensions(home / ".jupyter", terminals=terminals)
        environment = {
            **os.environ,
            **environment,
            "HOME": str(home),
            "JUPYTER_CONFIG_PATH": str(CONFIG),
            "JUPYTER_TOKEN": TOKEN,
        }
        if driver:
            environment["LD_LIBRARY_PATH"] = str(driver.library_folder)
        arguments = ["--allow-root", "--no-browser", f"--port={port}", *NO_WARNINGS, *options]
        self._log = (home / "server.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", *arguments],
            env=environment,
            cwd=home,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"token {TOKEN}"},
            timeout=60,
        )
        self._home = home

    def wait(self) -> None:
        """Wait until the server answers."""
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.client.get("/api").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        log = self.log
        self.close()
        raise AssertionError(log)

    @property
    def log(self) -> str:
        return (self._home / "server.log").read_text()

    @property
    def threads(self) -> int:
        """How many threads the server has now."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def close(self) -> None:
        self.client.close()
        self.process.terminate()
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._log.close()


@pytest.fixture(scope="module")
def gpu_session(
    built_driver: DriverRoot, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """A session that samples ten times a second and soon lets go of the driver."""
    session = Session(
        tmp_path_factory.mktemp("gpu-session"),
        built_driver,
        "--GPUCommonsLab.interval=0.1",
        "--GPUCommonsLab.linger=0.2",
        "--GPUCommonsLab.background_interval=0",
    )
    session.wait()
    yield session
    session.close()
    assert "Traceback" not in session.log


@pytest.fixture(scope="module")
def plain_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on a machine without a driver."""
    session = Session(tmp_path_factory.mktemp("plain-session"), None)
    session.wait()
    yield session
    session.close()
    assert "Traceback" not in session.log


def _disable_other_extensions(config_folder: Path, *, terminals: bool) -> None:
    names = ("jupyter_lsp", "jupyter_server_proxy", "jupyterlab")
    config_folder.mkdir()
    enabled = {**dict.fromkeys(names, False), "jupyter_server_terminals": terminals}
    settings = {"ServerApp": {"jpserver_extensions": enabled}}
    (config_folder / "jupyter_server_config.json").write_text(json.dumps(settings))
