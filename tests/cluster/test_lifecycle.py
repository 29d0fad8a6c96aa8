"""Bad days of `up` and `down`, on a platform of the module's own that nobody else uses."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from gpucommons_local.machine import cgroups
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.volumes import held_images

from tests.people import SignedIn
from tests.platform import GPUCOMMONS, Account, LocalPlatform, look_at
from tests.waiting import until

_INSTANCE = Instance("lifecycle", 18500)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command, *rest = arguments
    return subprocess.run(
        [GPUCOMMONS, command, "--name", _INSTANCE.name, *rest],
        capture_output=True,
        text=True,
        check=False,
    )


def _up() -> subprocess.CompletedProcess[str]:
    return _run("up", "--port", str(_INSTANCE.port))


def _leftovers() -> dict[str, object]:
    """What of the instance the machine still has, by kind."""
    marks = (str(_INSTANCE.state), f"{_INSTANCE.name} {_INSTANCE.port}")
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if any(mark in command for mark in marks):
            processes.append(command)
    found = {
        "processes": processes,
        "mounts": [
            line for line in Path("/proc/self/mounts").read_text().splitlines() if marks[0] in line
        ],
        "routes": [
            line
            for line in subprocess.check_output(["ip", "route"], text=True).splitlines()
            if "10.213." in line
        ],
        "namespaces": subprocess.check_output(["ip", "netns", "list"], text=True).split(),
        "cgroups": cgroups.leftover_groups(_INSTANCE),
        "loop devices": held_images(_INSTANCE),
    }
    return {kind: items for kind, items in found.items() if items}


@pytest.fixture(scope="module", autouse=True)
def _stopped_at_the_end() -> Iterator[None]:
    yield
    _run("down")


@pytest.fixture
def sign_in() -> Iterator[Callable[[LocalPlatform, Account], SignedIn]]:
    """Sign somebody in; what they have open is closed after the test."""
    with ExitStack() as people:
        yield lambda platform, account: people.enter_context(closing(SignedIn(platform, account)))


def _student(sign_in) -> SignedIn:
    """Somebody with a session that was started just now."""
    platform = look_at(_INSTANCE.name)
    person = sign_in(platform, platform.accounts["student"])

    def begun() -> bool:
        person.stop_all()
        wanted = {"environment": "scipy", "version": "2026.11", "size": "cpu"}
        return person.request_start(wanted).is_success

    until(begun)  # not while a hub that has just started looks after the session of before
    assert person.follow()[-1]["ready"]
    return person


def _file(person: SignedIn) -> str:
    platform = look_at(_INSTANCE.name)
    return f"{platform.url}/user/{person.username}/api/contents/kept.txt"


def _kept(person: SignedIn) -> str:
    answer = person.api.get(_file(person), params={"content": 1})
    return answer.raise_for_status().json()["content"]


def test_a_taken_port_is_named_with_a_way_out_and_nothing_is_started() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", _INSTANCE.port))
        taken.listen()
        result = _up()
    assert result.returncode == 1
    assert f"Port {_INSTANCE.port} on 127.0.0.1 is taken" in result.stdout
    assert f"PORT={_INSTANCE.port + 1000}" in result.stdout
    assert _leftovers() == {}


def test_a_person_without_root_is_told_to_use_it() -> None:
    result = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", GPUCOMMONS, "up"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Permission denied" in result.stderr:
        pytest.skip("the checkout lies in a folder that only root may read")
    assert "sudo make up" in result.stdout


def test_killed_at_any_moment_it_starts_again_with_all_files_and_down_leaves_nothing(
    sign_in,
) -> None:
    command = [GPUCOMMONS, "up", "--name", _INSTANCE.name, "--port", str(_INSTANCE.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starting:
        assert starting.stdout
        for line in starting.stdout:
            if "Kubernetes" in line:  # half-way: the cluster runs, the hub does not
                break
        starting.kill()

    second = _up()
    assert second.returncode == 0, second.stdout
    third = _up()
    assert third.returncode == 0, third.stdout
    person = _student(sign_in)
    text = {"type": "file", "format": "text", "content": "written before the crash"}
    person.api.put(_file(person), json=text).raise_for_status()

    supervisor = int((_INSTANCE.run / "supervisord.pid").read_text())
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: "processes" not in _leftovers(), instead=_leftovers)

    assert _up().returncode == 0
    assert _kept(_student(sign_in)) == "written before the crash"
    assert _run("down").returncode == 0
    assert _leftovers() == {}


def test_a_switch_to_https_and_back_keeps_the_session_and_asks_to_sign_in(sign_in) -> None:
    assert _up().returncode == 0
    by_http = look_at(_INSTANCE.name)
    student = by_http.accounts["student"]
    person = _student(sign_in)
    assert _kept(person) == "written before the crash"  # and before `down`
    started = person.servers()[""]["started"]

    switched = _run("up", "--port", str(_INSTANCE.port), "--https")
    assert switched.returncode == 0, switched.stdout
    assert "everybody signs in again" in " ".join(switched.stdout.split())
    by_https = look_at(_INSTANCE.name)
    assert by_https.status()["running"]
    assert str(by_https.authority) in switched.stdout
    led = httpx.get(f"{by_http.url}/hub/home", timeout=60)
    assert (led.status_code, led.headers["location"]) == (307, f"{by_https.url}/hub/home")
    again = sign_in(by_https, student)
    # The API token of before is as good as it was; cookies that went over HTTP are not.
    until(lambda: again.servers()[""]["ready"])
    assert again.servers()[""]["started"] == started
    page = again.browser.get(f"/user/{student.username}/lab")
    assert (page.url.scheme, page.status_code) == ("https", 200)
    assert all(
        each.secure for each in again.browser.cookies.jar if each.name.startswith("jupyterhub-")
    )
    with httpx.Client(base_url=by_https.url, verify=by_https.trusted) as old:
        old.cookies.update(dict(_cookies(person)))
        assert old.get("/hub/home").status_code == 302
    accounts = [GPUCOMMONS, "user", "list", "--config", str(by_https.state / "people.yaml")]
    assert (
        student.username
        in subprocess.run(accounts, capture_output=True, text=True, check=True).stdout
    )

    assert _up().returncode == 0
    back = sign_in(look_at(_INSTANCE.name), student)
    until(lambda: back.servers()[""]["ready"])
    assert back.servers()[""]["started"] == started
    back.stop_all()
    assert _run("down").returncode == 0


def _cookies(person: SignedIn) -> Iterator[tuple[str, str]]:
    for each in person.browser.cookies.jar:
        if each.name in {"jupyterhub-session-id", "jupyterhub-hub-login"}:
            yield each.name, each.value or ""


def test_down_twice_is_no_error() -> None:
    assert _run("down").returncode == 0
    assert _leftovers() == {}
