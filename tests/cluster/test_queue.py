"""People wait in Kueue's queue for a GPU, and know where they are. The real Kueue."""

import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from gpucommons_local.images import PAUSE
from gpucommons_local.programs import program

from tests.people import SignedIn
from tests.platform import LocalPlatform

_TEAM = "team-researchers"
_GPU = {"size": "gpu"}
_URGENT = {
    "apiVersion": "kueue.x-k8s.io/v1beta2",
    "kind": "WorkloadPriorityClass",
    "metadata": {"name": "urgent"},
    "value": 1000,
}


@pytest.fixture
def holder(platform: LocalPlatform, sign_in) -> Iterator[SignedIn]:
    """Somebody who holds both whole GPUs, in two sessions."""
    yield from _fresh(platform, sign_in("researcher"), ("", "second"))


@pytest.fixture
def waiter(platform: LocalPlatform, sign_in) -> Iterator[SignedIn]:
    """Somebody who holds nothing yet."""
    yield from _fresh(platform, sign_in("admin"), ())


def _fresh(platform: LocalPlatform, person: SignedIn, servers: tuple[str, ...]) -> Iterator:
    person.stop_all()
    for server in servers:
        assert person.start(_GPU, server)["ready"]
    yield person
    person.stop_all()
    _until(lambda: not _workloads(platform, person), 60)


class _Start:
    """A start that is asked for and followed in the background, as a browser does."""

    def __init__(self, person: SignedIn, server: str = "") -> None:
        self.person, self.server = person, server
        self.told: list[dict[str, Any]] = []
        self._pool = ThreadPoolExecutor(2)
        self._pool.submit(person.request_start, _GPU, server)
        _until(lambda: person.servers().get(server, {}).get("pending") == "spawn")
        self.end: Future[None] = self._pool.submit(self._follow)

    def _follow(self) -> None:
        path = self.person._server_path(self.server) + "/progress"
        with self.person.api.stream("GET", path, timeout=180) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    self.told.append(json.loads(line.removeprefix("data:")))

    def hears(self, words: str) -> None:
        _until(lambda: any(words in each["message"] for each in self.told))

    def last(self) -> dict[str, Any]:
        self.end.result(timeout=120)
        return self.told[-1]


def test_who_waits_is_told_the_place_and_starts_when_a_gpu_is_free(holder, waiter) -> None:
    state = waiter.api.get("/gpucommons/availability").json()["sizes"]
    assert next(each for each in state if each["name"] == "gpu")["available"]
    start = _Start(waiter)
    start.hears("first in the queue")
    holder.stop("second")
    assert start.last()["ready"]


def test_a_cancelled_wait_leaves_nothing_and_is_not_called_ready(platform, holder, waiter) -> None:
    start = _Start(waiter)
    start.hears("first in the queue")
    waiter.stop()
    assert "ready" not in start.last()
    _until(lambda: not _workloads(platform, waiter))
    assert not _pods(platform, waiter)
    assert waiter.servers() == {}
    assert waiter.api.get("/gpucommons/availability").json()["gpus"] == "0"


def test_two_who_wait_have_different_places(holder, waiter) -> None:
    first = _Start(waiter)
    first.hears("first in the queue")
    second = _Start(waiter, "later")
    second.hears("number 2 in the queue, 1 session is ahead")
    waiter.stop()
    second.hears("first in the queue")
    waiter.stop("later")


def test_a_restarted_hub_keeps_the_place(platform, holder, waiter) -> None:
    _Start(waiter).hears("first in the queue")
    (before,) = _pods(platform, waiter)
    platform.gpucommons("restart", "hub")
    time.sleep(45)  # JupyterHub's own limit for a session that does not answer is 30 s
    (after,) = _pods(platform, waiter)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert waiter.servers()[""]["pending"] == "spawn"
    assert "first in the queue" in _first_words(waiter)
    holder.stop("second")
    _until(lambda: waiter.servers()[""]["ready"], 60)


def test_a_preempted_person_is_told_why(platform, holder) -> None:
    _apply(platform, _URGENT)
    _apply(platform, _urgent_pod())
    try:
        _until(lambda: len(holder.servers()) == 1, 90)
        (left,) = holder.servers()
        lost = "" if left else "second"
        page = holder.browser.get(f"/hub/spawn/{holder.username}/{lost}")
        assert "one with higher priority needed its GPUs" in page.text
        assert "Files saved in your home folder are kept" in page.text
    finally:
        platform.kubectl("delete", "pod", "urgent", "-n", _TEAM)


def test_without_a_gpu_nobody_waits_and_kueue_is_not_asked(platform, waiter) -> None:
    deployment = ("deployment/kueue-controller-manager", "-n", "kueue-system")
    platform.kubectl("scale", *deployment, "--replicas=0")
    try:
        assert waiter.start({"size": "cpu"})["ready"]
    finally:
        platform.kubectl("scale", *deployment, "--replicas=1")
        platform.kubectl("rollout", "status", *deployment)


def _first_words(person: SignedIn) -> str:
    """What somebody who looks now is told within seconds."""
    with person.api.stream("GET", f"/users/{person.username}/server/progress") as stream:
        for line in stream.iter_lines():
            if "Waiting" in line:
                return line
    raise AssertionError("nothing was told")


def _urgent_pod() -> dict[str, Any]:
    restricted = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "pause",
        "image": PAUSE.reference(),
        "resources": {"limits": {"nvidia.com/gpu": "1", "cpu": "10m", "memory": "16Mi"}},
        "securityContext": restricted,
    }
    labels = {
        "kueue.x-k8s.io/queue-name": "sessions",
        "kueue.x-k8s.io/priority-class": "urgent",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "urgent", "namespace": _TEAM, "labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def _apply(platform: LocalPlatform, manifest: dict[str, Any]) -> None:
    command = [str(program("kubectl")), "--kubeconfig", str(platform.kubeconfig)]
    text = json.dumps(manifest)
    subprocess.run([*command, "apply", "-f", "-"], input=text, text=True, check=True)


def _pods(platform: LocalPlatform, person: SignedIn) -> list[dict[str, Any]]:
    listed = platform.kubectl("get", "pods", "-n", _TEAM, "-l", "gpucommons.io/size", "-o", "json")
    return [
        pod
        for pod in json.loads(listed)["items"]
        if pod["metadata"]["annotations"].get("gpucommons.io/user") == person.username
    ]


def _workloads(platform: LocalPlatform, person: SignedIn) -> list[str]:
    listed = platform.kubectl("get", "workloads", "-n", _TEAM, "-o", "name").split()
    return [each for each in listed if person.username.split("@")[0] in each]


def _until(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
