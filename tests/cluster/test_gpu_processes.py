"""Whose memory, in a pod: the node's PIDs reach the session that they belong to, and no other."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.people import SignedIn
from tests.platform import LocalPlatform
from tests.waiting import until

from .waiting_start import GPU

GIB = 2**30
_ASK = """
import json, time, urllib.error, urllib.request
url = "http://gpu-processes.gpucommons-node.svc:8890/processes"
for _ in range(600):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            told = [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        told = [error.code, error.read().decode()]
    if "not the address" not in told[1]:  # until Kubernetes has told the agent of this pod
        break
    time.sleep(0.2)
print(json.dumps(told))
"""


@pytest.fixture
def session(platform: LocalPlatform, sign_in) -> Iterator[httpx.Client]:
    """The API of a session with a whole GPU."""
    person: SignedIn = sign_in("researcher")
    person.stop_all()
    assert person.start(GPU)["ready"]
    with httpx.Client(
        base_url=f"{platform.url}/user/{person.username}",
        headers=person.api.headers,
        timeout=30,
    ) as client:
        yield client
    person.stop_all()


def test_a_session_in_a_pod_is_told_which_kernel_holds_memory_and_nothing_of_others(
    platform: LocalPlatform, session: httpx.Client
) -> None:
    kernel = session.post("/api/kernels", json={"name": "python3"}).raise_for_status().json()["id"]
    *_, mine, inside = until(lambda: _pids(f"kernel-{kernel}.json"))
    foreign = _pids("gpucommons_node")[-1]  # the agent, which has the node's PIDs
    try:
        for gpu in ("0", "1"):  # the session has one of them
            processes = ("--process", f"{mine}:8GiB", "--process", f"{foreign}:3GiB")
            platform.gpucommons("sim", "set", gpu, *processes)
        told = until(lambda: _told_of(session, 8 * GIB))
        holders = {each["pid"]: each["holder"] for each in told["processes"]}
    finally:
        platform.gpucommons("sim", "reset")
    assert holders[mine].pop("program").startswith("python")
    assert holders == {mine: {"kind": "kernel", "id": kernel, "pid": inside}, foreign: None}


def test_a_pod_that_is_no_session_is_told_nothing(run_pod) -> None:
    status, text = json.loads(run_pod("stranger", _ASK))
    assert status == 404
    assert "runs no session" in text


def _told(session: httpx.Client) -> dict[str, Any]:
    (gpu,) = session.get("/gpucommons/api/gpus").raise_for_status().json()["gpus"]
    return gpu


def _told_of(session: httpx.Client, mine: int) -> dict[str, Any] | None:
    """What is told once so much memory is the session's own."""
    told = _told(session)
    return told if told["memory"]["mine"] == mine else None


def _pids(word: str) -> list[int]:
    """The PIDs of the process with this in its command line: the machine's, the node's, its own."""
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and word in (folder / "cmdline").read_text():
                status = (folder / "status").read_text()
                line = next(each for each in status.splitlines() if each.startswith("NSpid:"))
                return [int(pid) for pid in line.split()[1:]]
        except OSError:  # it ended meanwhile
            continue
    return []
