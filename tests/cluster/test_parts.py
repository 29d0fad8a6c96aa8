"""The platform's own promises: parts come back, sessions outlive the hub."""

import os
import signal
import subprocess
import time

import httpx

from tests.platform import LocalPlatform
from tests.waiting import until

_LIMIT = 180  # seconds


def _wait_until_well(platform: LocalPlatform, part: str, not_pid: int) -> None:
    deadline = time.monotonic() + _LIMIT
    while True:
        found = platform.status()["parts"][part]
        if found["healthy"] and found["pid"] != not_pid:
            return
        assert time.monotonic() < deadline, f"{part} did not come back: {found}"
        time.sleep(0.2)


def test_status_reports_every_part_as_well(platform: LocalPlatform) -> None:
    found = platform.status()
    assert {name for name, part in found["parts"].items() if not part["healthy"]} == set()
    assert found["running"]
    assert found["simulated_gpus"]
    assert httpx.get(f"{found['url']}/hub/api/health", timeout=60).is_success


def test_a_part_that_is_killed_comes_back(platform: LocalPlatform) -> None:
    for part in ("dex", "kube-scheduler", "port-forward"):
        pid = platform.status()["parts"][part]["pid"]
        os.kill(pid, signal.SIGKILL)
        _wait_until_well(platform, part, pid)


def test_a_session_outlives_the_hub_and_is_found_again(platform: LocalPlatform, sign_in) -> None:
    person = sign_in("student")
    person.stop_all()
    person.start({"environment": "scipy", "version": "2026.11", "size": "cpu"})
    address = f"{platform.url}/user/{person.username}/api/status"
    pid = platform.status()["parts"]["hub"]["pid"]

    os.killpg(pid, signal.SIGKILL)
    # The proxy goes on without the hub; without its answer nobody new is let in,
    # so what is asked here is only whether the session itself answers.
    assert httpx.get(address, timeout=60).status_code in {302, 403}
    _wait_until_well(platform, "hub", pid)

    until(lambda: person.servers()[""]["ready"])  # the hub looks after each session as it starts
    assert person.api.get(address).is_success
    person.stop_all()


def test_a_pod_resolves_the_names_of_services(run_pod) -> None:
    look = "import socket; print(socket.gethostbyname('kubernetes.default.svc.cluster.local'))"
    assert run_pod("resolves", look).strip() == "10.213.128.1"


def test_the_machine_has_no_route_to_the_pods(
    platform: LocalPlatform,
) -> None:
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    assert "10.213." not in routes
    assert "10.213." in platform.gpucommons("exec", "ip", "address")
