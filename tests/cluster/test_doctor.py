"""The doctor on a real cluster: it finds nothing on a sound one, and by name what is planted."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.platform import GPUCOMMONS, LocalPlatform

_PLANTED = "team-planted"


def _examined(platform: LocalPlatform) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Run all checks; returns the exit code, and what each found that is not good."""
    command = [GPUCOMMONS, "doctor", "--kubeconfig", str(platform.kubeconfig), "--json"]
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


def test_a_sound_cluster_has_no_faults_and_hides_nothing(platform):
    code, found = _examined(platform)
    serious = [e for each in found.values() for e in each if e["state"] != "warning"]
    assert serious == []
    assert code == 0


def test_what_is_planted_is_found_by_name(platform, planted):
    code, found = _examined(platform)
    assert code == 1
    for name in ("pod-security", "queue", "rights"):
        assert any(each["state"] == "fault" and planted in each["found"] for each in found[name]), (
            name
        )
