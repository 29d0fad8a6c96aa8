"""Real programs for tests that play the kubelet: rest-server, and what pods run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import bcrypt
import httpx
from gpucommons_local.machine.programs import program

from tests.hub.processes import Program, free_port

from .played_cluster import BACKUP, POD, PlayedCluster

_LAST_WORDS = "termination-log"


class RestServer(Program):
    """rest-server with the options of cluster/backup-store, but for addresses and folders."""

    def __init__(self, folder: Path, user: str, *options: str):
        self.user, self.password = user, f"password of {user}"
        hashed = bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(4)).decode()
        (folder / f"{user}.htpasswd").write_text(f"{user}:{hashed}\n")
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [str(program("rest-server")), f"--path={folder / 'data'}", *options]
        command += [f"--listen={self.url.removeprefix('http://')}"]
        command += [f"--htpasswd-file={folder / f'{user}.htpasswd'}"]
        command += ["--prometheus", "--prometheus-no-auth"]
        super().__init__(command, f"{self.url}/metrics", folder / f"{user}.log", {})
        login = {"RESTIC_REST_USERNAME": user, "RESTIC_REST_PASSWORD": self.password}
        (folder / f"{user}.yaml").write_text(json.dumps(login))


class BackupProgram(Program):
    """``gpucommons backup run`` with the rights of its account."""

    def __init__(self, folder: Path, cluster: PlayedCluster, settings: Path):
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        command = [sys.executable, "-m", "gpucommons_config.command", "backup", "run"]
        command += ["--config", str(settings), "--port", str(port)]
        env = {"KUBECONFIG": str(cluster.kubeconfig_of(BACKUP))}
        super().__init__(command, f"{self.url}/health", folder / "backup.log", env)

    def metrics(self) -> str:
        return httpx.get(f"{self.url}/metrics", timeout=60).text


def variables_of(cluster: PlayedCluster, pod: str = POD) -> dict[str, str]:
    path = f"{Path(program('restic')).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **cluster.secrets()[pod]}


def start_pod(
    cluster: PlayedCluster, home: Path, folder: Path, pod: str = POD
) -> "subprocess.Popen[str]":
    """Start a pod's program with its variables, in a group of processes of its own.

    Its last words come into ``folder``, as `last_words` reads them.
    """
    (container,) = cluster.snapshot_pods()[pod]["spec"]["containers"]
    said = folder / _LAST_WORDS
    said.write_text("")
    _python, *command = container["command"]
    command = [str(home) if each == "/workspace" else each for each in command]
    command[2:2] = ["--report", str(said)]
    given = {each["name"]: each["value"] for each in container["env"]}
    given |= {"HOME": str(folder), "RESTIC_CACHE_DIR": str(folder / "cache")}
    return subprocess.Popen(
        [sys.executable, *command],
        env=given | variables_of(cluster, pod),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def last_words(folder: Path) -> str:
    return (folder / _LAST_WORDS).read_text()


def run_pod(
    cluster: PlayedCluster, home: Path, folder: Path, code: int = 0, pod: str = POD
) -> None:
    """Run a pod's program with its variables, and report its last words, as the kubelet does."""
    process = start_pod(cluster, home, folder, pod)
    _, log = process.communicate()
    assert process.returncode == code, log
    cluster.finish(pod, last_words(folder), code)
