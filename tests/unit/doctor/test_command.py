"""The command as people and programs give it: arguments, output, exit codes."""

import asyncio
import json
import re
import subprocess
import sys

import pytest
from gpucommons_config.command import main
from gpucommons_doctor.examination import CHECKS
from reference_pages.project import ROOT

from .conftest import BACKUP, CATALOGUE


def _given(kubeconfig, *more):
    return ["doctor", "--kubeconfig", str(kubeconfig), "--catalogue", str(CATALOGUE), *more]


async def _run(arguments):
    """Run the command beside the cluster, which this loop plays."""
    return await asyncio.to_thread(main, arguments)


async def test_a_sound_cluster_is_shown_as_a_table(kubeconfig, capsys):
    settings = ("--queue", "sessions", "--backup", str(BACKUP))
    assert await _run(_given(kubeconfig, *settings)) == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["clocks", "good", "The", "clocks", "of", "3", "nodes", "agree."] in lines
    assert lines[-1][-2:] == ["2", "warnings."]  # that neither issuer nor values are given
    assert "→ Name its address with --issuer" in out


async def test_faults_are_shown_with_what_to_do(kubeconfig, played, capsys):
    played.objects("/runtimeclasses").clear()
    assert await _run(_given(kubeconfig, "--only", "runtime-classes")) == 1
    out = capsys.readouterr().out
    assert "fault" in out
    assert "RuntimeClass nvidia does not exist" in out
    assert "→ RuntimeClasses of the cluster: none" in out
    assert "1 fault." in out


async def test_what_could_not_be_looked_at_is_not_passed_over(kubeconfig, played, capsys):
    played.forbidden.add("/leases")
    assert await _run(_given(kubeconfig, "--only", "clocks")) == 2
    assert "unknown" in capsys.readouterr().out


async def test_programs_read_one_document(kubeconfig, capsys):
    assert await _run(_given(kubeconfig, "--json", "--skip", "dex", "--skip", "nodes")) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert [each["name"] for each in checks] == [
        each.name for each in CHECKS if each.name not in {"dex", "nodes"}
    ]
    version = {"state": "good", "found": "Kubernetes is v1.35.4.", "advice": ""}
    assert checks[0] == {
        "name": "kubernetes-version",
        "question": "Is this Kubernetes one that GPU Commons runs on?",
        "state": "good",
        "findings": [version],
    }


def test_the_program_loads_the_checks_only_when_they_are_asked_for():
    code = """
import sys, gpucommons_config.command as program
try:
    program.main(["--help"])
except SystemExit:
    print(*sys.modules)
import gpucommons_doctor.checks.hub.dex
print(*sys.modules)
"""
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    started, with_dex = (set(line.split()) for line in told.splitlines()[-2:])
    assert {"gpucommons_doctor.command", "gpucommons_local.command"} <= started
    slow = {"gpucommons_doctor.examination", "kubernetes_asyncio", "kubespawner", "httpx"}
    assert not started & (slow | {"rich", "supervisor", "yaml"})
    assert "gpucommons_authenticator.provider.discovery" in with_dex
    assert not with_dex & {"jupyterhub", "oauthenticator"}


def test_the_checks_are_listed_without_a_cluster(capsys):
    assert main(["doctor", "--list", "--only", "nodes"]) == 0
    assert "Are the nodes ready" in capsys.readouterr().out
    assert main(["doctor", "--list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["checks"]) == len(CHECKS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--catalogue FILE"),
        (["--catalogue", "gone.yaml"], "gone.yaml: cannot be read"),
        (["--only", "node"], "There is no check node"),
        (["--catalogue", str(CATALOGUE), "--kubeconfig", "gone"], "no usable kubeconfig"),
        (["--catalogue", str(CATALOGUE), "--values", "gone"], "The values gone cannot be read"),
    ],
)
def test_what_is_given_wrongly_is_told_and_nothing_is_looked_at(arguments, said, capsys):
    assert main(["doctor", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "inf"])
def test_a_time_limit_is_a_number_of_seconds(seconds, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["doctor", f"--timeout={seconds}"])
    assert ended.value.code == 2
    assert "not a number of seconds" in capsys.readouterr().err


def test_the_page_names_every_check_and_no_other():
    text = (ROOT / "docs" / "how-to" / "check-a-cluster.md").read_text()
    table = text.partition("| Check | Finds |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == [each.name for each in CHECKS]
