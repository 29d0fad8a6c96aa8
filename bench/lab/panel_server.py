"""A Jupyter server on the simulated driver: with our panel, with the peer's, or with none."""

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx
from gpucommons_local.gpu.driver import DriverRoot
from gpucommons_local.machine.cache import checkout

from tests.hub.processes import free_port

TOKEN = "a-token-of-the-benchmark"
PEER = "jupyterlab-nvdashboard==0.15.0"
_START_SECONDS = 60
_LAB = ("jupyter_lsp", "jupyter_server_proxy", "jupyter_server_terminals", "jupyterlab")
"""Extensions that a session has, and that neither side's panel needs."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What runs: a Python, and the folder in which it finds which extensions are on."""

    name: str
    python: Path
    config: Path | None = None


def none() -> Kind:
    """Answer a server without any panel."""
    return Kind("none", Path(sys.executable))


def ours() -> Kind:
    """Answer a server with the panel of this project."""
    return Kind("ours", Path(sys.executable), checkout() / "lab_extension" / "jupyter-config")


def peer() -> Kind:
    """Answer a server with the peer's, in an environment of its own that is made once.

    Jupyter Server and tornado are those that ours runs with: only the panels differ.
    """
    folder = checkout() / "build" / "bench-nvdashboard"
    python = folder / "bin" / "python"
    complete = folder / PEER
    if not complete.exists():
        uv = [sys.executable, "-m", "uv"]
        same = [f"{name}=={version(name)}" for name in ("jupyter_server", "tornado")]
        subprocess.run([*uv, "venv", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run([*uv, "pip", "install", "--python", python, PEER, *same], check=True)
        complete.touch()
    return Kind("nvdashboard", python)


class Server:
    """One server process, from entering the context to leaving it."""

    def __init__(
        self,
        kind: Kind,
        driver: DriverRoot,
        folder: Path,
        *,
        with_lab: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        """``with_lab`` starts JupyterLab and what comes with it too, as a session does.

        ``options`` are further ones of the command line.
        """
        self._kind = kind
        self._options = options
        self._with_lab = with_lab
        self._driver = driver
        self._home = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def __enter__(self) -> "Server":
        extensions = dict.fromkeys(_LAB, self._with_lab)
        if not self._kind.config:
            extensions["gpucommons_lab"] = False
        settings = {"ServerApp": {"jpserver_extensions": extensions}}
        (self._home / ".jupyter").mkdir(parents=True)
        (self._home / ".jupyter/jupyter_server_config.json").write_text(json.dumps(settings))
        environment = {
            **os.environ,
            "HOME": str(self._home),
            "JUPYTER_TOKEN": TOKEN,
            "JUPYTER_CONFIG_PATH": str(self._kind.config or ""),
            "LD_LIBRARY_PATH": str(self._driver.library_folder),
            "GPUCOMMONS_GPU_UNITS": "1",
        }
        options = ["--allow-root", "--no-browser", f"--port={self.port}", *self._options]
        self._process = subprocess.Popen(
            [self._kind.python, "-m", "jupyter", "server", *options],
            env=environment,
            cwd=self._home,
            stdout=(self._home / "server.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=20)

    def cpu_seconds(self) -> float:
        """CPU time of the process so far, of all its threads, to the nanosecond."""
        assert self._process is not None
        clock = ctypes.c_int()
        failed = ctypes.CDLL(None).clock_getcpuclockid(self._process.pid, ctypes.byref(clock))
        if failed:
            raise OSError(failed, os.strerror(failed))
        return time.clock_gettime(clock.value)

    def memory_mb(self) -> float:
        """Memory that is resident now, in MB."""
        line = next(line for line in self._proc("status").splitlines() if "VmRSS" in line)
        return int(line.split()[1]) * 1024 / 1e6

    def _proc(self, name: str) -> str:
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/{name}").read_text()

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/api").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.01)
            else:
                return
        raise RuntimeError((self._home / "server.log").read_text())
