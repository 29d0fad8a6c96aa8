"""Programs of ours that a Prometheus watches, beside those that other tests start."""

import os
import sys
from pathlib import Path

import yaml
from gpucommons_local.machine.cache import checkout

from tests.hub.processes import Program, free_port
from tests.hub.spawner.conftest import CATALOGUE
from tests.hub.spawner.spawn_hub import SpawnHub

HURRIED = "tests.faults.hurried_program"
FINDS_TESTS = {"PYTHONPATH": os.pathsep.join([str(checkout()), *sys.path])}
"""By which a program of another folder finds that module."""
IDLE_TOKEN = "token-of-the-idle-culler"


class IdleCuller(Program):
    """The idle culler. It asks Prometheus alone how busy GPUs are, and that of this very moment."""

    def __init__(self, folder: Path, hub: SpawnHub, prometheus_url: str, port: int) -> None:
        values = folder / "idle.yaml"
        settings = {
            "IdleCuller": {
                "interval": 1.0,
                "db_url": f"sqlite:///{folder / 'idle.sqlite'}",
                "address": "127.0.0.1",
                "port": port,
                "catalogue_file": str(CATALOGUE),
            },
            "SignalSources": {
                "kubelets": False,
                "prometheus_url": prometheus_url,
                "gpu_query": 'max by (namespace, pod) (DCGM_FI_DEV_GPU_UTIL{pod!=""})',
                "gpu_memory_query": "",
                "processor_query": "",
                "network_query": "",
            },
        }
        values.write_text(yaml.safe_dump(settings))
        super().__init__(
            [sys.executable, "-m", HURRIED, "idle", "run"],
            f"http://127.0.0.1:{port}/metrics",
            folder / "idle.log",
            {
                "GPUCOMMONS_VALUES": str(values),
                **FINDS_TESTS,
                "JUPYTERHUB_SERVICE_NAME": "idle",
                "JUPYTERHUB_SERVICE_PREFIX": "/services/idle/",
                "JUPYTERHUB_BASE_URL": "/",
                "JUPYTERHUB_API_TOKEN": IDLE_TOKEN,
                "JUPYTERHUB_API_URL": f"{hub.url}/hub/api",
            },
        )


class SnapshotController(Program):
    """The controller of snapshots, whose store nobody asks: no pod of it runs here."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.port = free_port()
        (folder / "login.yaml").write_text("RESTIC_REST_USERNAME: a\nRESTIC_REST_PASSWORD: b\n")
        settings = folder / "backup.yaml"
        store = "rest:http://store.example.org:8000/"
        said = {"store": store, "credentials": "login.yaml", "image": "example.org/backup:1"}
        settings.write_text(yaml.safe_dump(said))
        command = [sys.executable, "-m", "gpucommons_config.command", "backup", "run"]
        command += ["--config", str(settings), "--port", str(self.port)]
        url, environment = f"http://127.0.0.1:{self.port}/health", {"KUBECONFIG": str(kubeconfig)}
        super().__init__(command, url, folder / "backup.log", environment)
