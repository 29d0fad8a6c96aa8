"""The doctor on a real cluster: it finds nothing on a sound one, and by name what is planted.

With --after it starts sessions there, and leaves none.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from reference_pages.project import ROOT

from tests.people import SignedIn
from tests.platform import GPUCOMMONS, LocalPlatform
from tests.waiting import until

from .waiting_start import pods_of

_PLANTED = "team-planted"
_RIGHTS = str(ROOT / "cluster" / "doctor" / "rights.yaml")


def _examined(
    platform: LocalPlatform, kubeconfig: Path | None = None
) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Run all checks; returns the exit code, and what each found that is not good.

    kubeconfig: another account's than the administrator's.
    """
    kubeconfig = kubeconfig or platform.kubeconfig
    command = [GPUCOMMONS, "doctor", "--kubeconfig", str(kubeconfig), "--json"]
    command += ["--catalogue", str(platform.state / "hub" / "catalogue.yaml")]
    command += ["--values", str(platform.state / "hub" / "values.yaml")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    checks = json.loads(done.stdout)["checks"]
    return done.returncode, {
        each["name"]: [finding for finding in each["findings"] if finding["state"] != "good"]
        for each in checks
    }


@pytest.fixture
def planted(platform: LocalPlatform) -> Iterator[str]:
    """A namespace that says it is a team's, and has nothing that makes it one."""
    platform.kubectl("delete", "namespace", _PLANTED, "--ignore-not-found")
    platform.kubectl("create", "namespace", _PLANTED)
    platform.kubectl("label", "namespace", _PLANTED, "gpucommons.io/team=planted")
    yield "planted"
    platform.kubectl("delete", "namespace", _PLANTED)


@pytest.fixture
def as_the_cron_job(platform: LocalPlatform, tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig of the account of cluster/doctor."""
    platform.kubectl("apply", "--server-side", "-f", _RIGHTS)
    token = platform.kubectl("-n", "gpucommons", "create", "token", "doctor").strip()
    config = yaml.safe_load(platform.kubeconfig.read_text())
    config["users"] = [{**each, "user": {"token": token}} for each in config["users"]]
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    yield file
    platform.kubectl("delete", "-f", _RIGHTS)


def test_a_sound_cluster_has_no_faults_and_hides_nothing(platform):
    code, found = _examined(platform)
    serious = [e for each in found.values() for e in each if e["state"] != "warning"]
    assert serious == []
    assert code == 0


def test_the_account_of_the_hourly_checks_may_look_at_all_of_it(platform, as_the_cron_job):
    code, found = _examined(platform, as_the_cron_job)
    assert [e for each in found.values() for e in each if e["state"] != "warning"] == []
    assert code == 0


def test_what_is_planted_is_found_by_name(platform, planted):
    code, found = _examined(platform)
    assert code == 1
    for name in ("pod-security", "queue", "rights"):
        assert any(each["state"] == "fault" and planted in each["found"] for each in found[name]), (
            name
        )


Look = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def look(platform: LocalPlatform, tmp_path: Path) -> Look:
    """Look with a secret in a file; gives the exit code, and what came of each step by its name."""

    def look(argument: str, secret: str, *more: str) -> tuple[int, dict[str, Any]]:
        file = tmp_path / "secret"
        file.write_text(secret)
        command = [GPUCOMMONS, "doctor", "--after", "--json", "--hub", platform.url]
        command += ["--catalogue", str(platform.state / "hub" / "catalogue.yaml")]
        command += [argument, str(file), *more]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        steps = json.loads(done.stdout)["steps"]
        return done.returncode, {each["name"]: each for each in steps}

    return look


@pytest.fixture
def researcher(fresh) -> Iterator[SignedIn]:
    yield from fresh("researcher")


@pytest.fixture
def student(fresh) -> Iterator[SignedIn]:
    yield from fresh("student")


def test_a_session_with_a_gpu_is_started_and_nothing_is_left_of_it(platform, researcher, look):
    account = platform.accounts["researcher"]
    named = ("--user", account.username, "--size", "gpu")
    code, steps = look("--password-file", account.password, *named)
    # Nothing on the node enforces NetworkPolicies; tests/installed looks where something does.
    assert {name: each["state"] for name, each in steps.items()} == {
        **dict.fromkeys(("sign-in", "start", "server", "kernel", "gpu", "files"), "good"),
        "network": "fault",
        "stop": "good",
    }, steps
    assert code == 1
    assert "The kernel sees 1 GPU: " in steps["gpu"]["found"]
    assert "Simulated" in steps["gpu"]["found"]
    assert researcher.servers() == {}
    assert pods_of(platform, researcher) == []


def test_a_look_leaves_the_session_alone_that_its_person_has(platform, student, look):
    student.start({"size": "cpu"})
    (before,) = until(lambda: pods_of(platform, student))
    token = student.api.headers["Authorization"].removeprefix("token ")
    _, steps = look("--token-file", token)
    assert steps["files"]["state"] == "good", steps
    assert "no GPU" in steps["gpu"]["found"]
    (after,) = pods_of(platform, student)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert list(student.servers()) == [""]


def test_a_size_for_others_is_refused_with_the_hubs_words(platform, student, look):
    account = platform.accounts["student"]
    named = ("--user", account.username, "--size", "gpu")
    code, steps = look("--password-file", account.password, *named)
    assert code == 1
    assert "is for other groups" in steps["start"]["found"]
    assert pods_of(platform, student) == []
