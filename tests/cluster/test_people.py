"""Teams and people by command, on the whole platform: from the account to the last trace."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.people import SignedIn
from tests.platform import GPUCOMMONS, Account, LocalPlatform

LIN = "lin@example.org"


class Commands:
    """The account commands, on one platform."""

    def __init__(self, platform: LocalPlatform) -> None:
        self._config = str(platform.state / "people.yaml")

    def __call__(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        command = [GPUCOMMONS, *arguments, "--config", self._config, "--json"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == expect, result.stdout + result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found


@pytest.fixture
def commands(platform) -> Iterator[Commands]:
    _leave_nothing_of_lin(platform)
    yield Commands(platform)
    _leave_nothing_of_lin(platform)


def _leave_nothing_of_lin(platform: LocalPlatform) -> None:
    """Remove Lin with all files. That there is no Lin is the error that does not matter."""
    remove = [GPUCOMMONS, "user", "remove", LIN, "--grace", "0s", "--delete-workspace"]
    config = ["--config", str(platform.state / "people.yaml")]
    subprocess.run([*remove, *config], capture_output=True, check=False)


def _sign_in(platform: LocalPlatform, change: dict[str, Any]) -> SignedIn:
    handout = Path(change["changes"][0]["data"]["handout"]).read_text()
    password = re.search(r"\| Password \| `([^`]+)` \|", handout)
    assert password, handout
    return SignedIn(platform, Account(LIN, password[1], [], False))


def test_somebody_is_added_works_and_is_out_at_once_when_removed(platform, commands) -> None:
    lin = _sign_in(platform, commands("user", "add", LIN, "--team", "students"))
    assert lin.start({"environment": "scipy", "size": "cpu"})["ready"]
    assert commands("user", "show", LIN)["hub_groups"] == ["students"]

    commands("user", "remove", LIN, "--grace", "3s")

    assert lin.api.get("/user").status_code == 403
    assert lin.browser.get("/hub/home").url.path == "/hub/login"
    known = commands("user", "show", LIN)
    assert (known["account"], known["known_to_hub"], known["sessions"]) == (None, False, [])
    (workspace,) = known["workspaces"]
    assert workspace["team"] == "students"
    lin.close()


def test_a_session_is_told_before_it_stops(platform, commands) -> None:
    lin = _sign_in(platform, commands("user", "add", LIN, "--team", "students"))
    assert lin.start({"environment": "scipy", "size": "cpu"})["ready"]
    commands("user", "remove", LIN, "--grace", "1h", "--no-wait")
    assert lin.api.get("/user").status_code == 403
    told = ("logs", "-n", "team-students", "-l", "gpucommons.io/size", "--tail=-1")
    deadline = time.monotonic() + 30
    while "gpucommons/api/notice" not in platform.kubectl(*told):
        assert time.monotonic() < deadline, platform.log("hub")[-2000:]
        time.sleep(0.3)
    lin.close()


def test_a_team_made_by_command_can_be_chosen_without_a_restart(platform, commands) -> None:
    commands("team", "add", "vision", "--sessions", "1")
    try:
        lin = _sign_in(
            platform, commands("user", "add", LIN, "--team", "vision", "--team", "students")
        )
        assert lin.start({"environment": "scipy", "size": "cpu", "team": "vision"})["ready"]
        pods = platform.kubectl("get", "pods", "-n", "team-vision", "-o", "name")
        assert pods.count("pod/") == 1
        second = lin.request_start({"environment": "scipy", "size": "cpu", "team": "x"}, "two")
        assert second.status_code == 403
        lin.stop_all()
        lin.close()
        commands("user", "remove", LIN, "--grace", "0s", "--delete-workspace")
    finally:
        commands("team", "remove", "vision", "--remove-members", "--delete-workspaces")


def test_the_accounts_have_no_rights_that_they_do_not_need(platform) -> None:
    def may(account: str, *what: str) -> bool:
        who = f"--as=system:serviceaccount:gpucommons:{account}"
        try:
            return platform.kubectl("auth", "can-i", *what, who).strip() == "yes"
        except subprocess.CalledProcessError:
            return False

    assert may("hub", "create", "pods", "-n", "team-students")
    assert not may("hub", "create", "pods", "-n", "kube-system")
    assert not may("hub", "get", "secrets", "-n", "team-students")
    assert not may("hub", "create", "namespaces")
    assert may("people", "create", "namespaces")
    assert not may("people", "create", "pods", "-n", "team-students")
    assert not may("people", "get", "secrets", "-n", "dex")
    assert not may("people", "create", "clusterrolebindings")
