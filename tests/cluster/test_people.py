"""Teams and people by command, on the whole platform: from the account to the last trace."""

import subprocess

from tests.account_commands import LIN
from tests.people import SignedIn
from tests.waiting import until


def test_somebody_is_added_works_and_is_out_at_once_when_removed(platform, commands) -> None:
    lin = SignedIn(platform, commands.add_lin("students"))
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
    lin = SignedIn(platform, commands.add_lin("students"))
    assert lin.start({"environment": "scipy", "size": "cpu"})["ready"]
    commands("user", "remove", LIN, "--grace", "1h", "--no-wait")
    assert lin.api.get("/user").status_code == 403
    told = ("logs", "-n", "team-students", "-l", "gpucommons.io/size", "--tail=-1")
    until(
        lambda: "gpucommons/api/notice" in platform.kubectl(*told),
        instead=lambda: platform.log("hub")[-2000:],
        pause=0.3,
    )
    lin.close()


def test_a_team_made_by_command_can_be_chosen_without_a_restart(platform, commands) -> None:
    commands("team", "add", "vision", "--sessions", "1")
    try:
        lin = SignedIn(platform, commands.add_lin("vision", "students"))
        assert lin.start({"environment": "scipy", "size": "cpu", "team": "vision"})["ready"]
        pods = platform.kubectl("get", "pods", "-n", "team-vision", "-o", "name")
        assert pods.count("pod/") == 1
        second = lin.request_start({"environment": "scipy", "size": "cpu", "team": "x"}, "two")
        assert second.status_code == 403
        lin.stop_all()
        lin.close()
        now = ("--delete-workspace", "--without-snapshot")
        commands("user", "remove", LIN, "--grace", "0s", *now)
    finally:
        now = ("--delete-workspaces", "--without-snapshot")
        commands("team", "remove", "vision", "--remove-members", *now)


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
