"""Spawn by turns on our hub and on a plain one. Runs inside the node of a platform.

Prints, as JSON, the seconds of each start by contestant, and by contestant why it failed. One
that failed runs no further; ours is the one that must not.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import yaml
from gpucommons_local.machine.instance import NODE_ADDRESS, load
from gpucommons_local.machine.programs import program

from bench.attempt import attempt
from tests.people import Person, SignedIn
from tests.platform import LocalPlatform, look_at

_PLAIN_URL = "http://127.0.0.1:18380"
_PLAIN_NAMESPACE = "bench-plain"
"""Plain KubeSpawner's pods do not satisfy what a team's namespace demands of a pod."""
_SELECTION = {"environment": "scipy", "version": "2026.11", "size": "cpu"}


@dataclass(slots=True)
class Outcome:
    """What was measured by contestant, and why some have no more."""

    seconds: dict[str, list[float]] = field(
        default_factory=lambda: {"ours": [], "same": [], "stock": []}
    )
    failed: dict[str, str] = field(default_factory=dict)


def alternate(name: str, stock_image: str, rounds: int) -> Outcome:
    """Measure the seconds from Start pressed to ready, ``rounds`` for each contestant."""
    platform = look_at(name)
    ours = SignedIn(platform, platform.accounts["researcher"])
    outcome = Outcome()
    with _plain_hub(platform, _session_image(platform), stock_image) as plain:
        contestants: dict[str, tuple[Person, dict[str, str]]] = {
            "ours": (ours, _SELECTION),
            "same": (plain, {"profile": "same"}),
            "stock": (plain, {"profile": "stock"}),
        }
        for number in range(rounds + 1):
            for contestant, (person, options) in contestants.items():
                if contestant in outcome.failed:
                    continue
                seconds, failure = attempt(lambda who=person, what=options: _start(who, what))
                if seconds is None and person is ours:
                    raise RuntimeError(failure)
                if seconds is None:
                    outcome.failed[contestant] = failure
                elif number:  # the first round makes volumes and fills caches
                    outcome.seconds[contestant].append(seconds)
    ours.close()
    return outcome


def _start(person: Person, options: dict[str, str]) -> float:
    begin = time.perf_counter()
    last = person.start(options)
    if not last.get("ready"):
        raise RuntimeError(f"It did not start: {last}")
    seconds = time.perf_counter() - begin
    person.stop()
    return seconds


def _session_image(platform: LocalPlatform) -> str:
    catalogue = yaml.safe_load((platform.state / "hub" / "catalogue.yaml").read_text())
    image: str = catalogue["environments"]["scipy"]["versions"]["2026.11"]["image"]
    return image


@contextmanager
def _plain_hub(platform: LocalPlatform, same: str, stock: str) -> Iterator[Person]:
    """Run the peer's hub beside ours, with the same rights on the same cluster."""
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "BENCH_URL": _PLAIN_URL,
        "BENCH_HUB_URL": f"http://{NODE_ADDRESS}:18381",
        "BENCH_PROXY_API": "http://127.0.0.1:18382",
        "BENCH_PROXY": str(program("configurable-http-proxy")),
        "BENCH_TOKEN": token,
        "BENCH_NAMESPACE": _PLAIN_NAMESPACE,
        "BENCH_IMAGE_SAME": same,
        "BENCH_IMAGE_STOCK": stock,
        "KUBECONFIG": str(load(platform.name).kubeconfigs / "hub.conf"),
    }
    _make_plain_namespace(platform)
    config = Path(__file__).with_name("plain_hub.py")
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "hub.log").open("w") as log:
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        hub = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _await_hub(Path(folder) / "hub.log")
            person = Person(_PLAIN_URL, "plain", token)
            person.api.post("/users/plain").raise_for_status()
            yield person
        finally:
            os.killpg(hub.pid, signal.SIGTERM)
            hub.wait(30)


def _make_plain_namespace(platform: LocalPlatform) -> None:
    """Make the peer's namespace, with the hub's rights of a team's namespace."""
    if _PLAIN_NAMESPACE in platform.kubectl("get", "namespaces", "-o", "name"):
        return
    platform.kubectl("create", "namespace", _PLAIN_NAMESPACE)
    grant = ("create", "rolebinding", "hub", "-n", _PLAIN_NAMESPACE)
    platform.kubectl(*grant, "--clusterrole=gpucommons-sessions", "--serviceaccount=gpucommons:hub")


def _await_hub(log: Path, limit: float = 60) -> None:
    deadline = time.monotonic() + limit
    while True:
        try:
            if httpx.get(f"{_PLAIN_URL}/hub/api/health").is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError(f"The plain hub did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


if __name__ == "__main__":
    print(json.dumps(asdict(alternate(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
