"""Looks with a session through a real Dex, hub, proxy and JupyterLab, by hand and by the start
probe; there is no cluster.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gpucommons_config.command import main
from gpucommons_doctor.after.session import SERVER
from prometheus_client.parser import text_string_to_metric_families

from tests.interruptible import interruptible
from tests.waiting import until

from .dex import PASSWORD
from .login_hub import Hub
from .processes import Program, free_port

ADA = "ada@example.org"
_NEVER_UP = str(Path(__file__).with_name("starting_session.py"))
_LABS = f"""
c.JupyterHub.allow_named_servers = True
c.Spawner.cmd = [*c.Spawner.cmd[:1], "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.default_url = "/lab"
never_up = [*c.Spawner.cmd[:1], {_NEVER_UP!r}]
lab = c.Spawner.cmd

def choose_program(spawner):
    spawner.cmd = never_up if spawner.user_options.get("size") == "never-up" else lab

c.Spawner.pre_spawn_hook = choose_program
"""
_CATALOGUE = """
environments:
  scipy: {display_name: SciPy, versions: {"1": {image: example.org/scipy:1}}}
sizes:
  cpu: {display_name: CPU only, cpu: 1, memory: 1Gi}
  never-up: {display_name: Never up, cpu: 1, memory: 1Gi}
"""
_STEPS = ["sign-in", "start", "server", "kernel", "gpu", "files", "network", "stop"]


@pytest.fixture(scope="module")
def hub(stopped_hub, dex) -> Iterator[Hub]:
    """A hub whose sessions are real JupyterLabs."""
    stopped_hub.configure(dex.issuer, _LABS)
    stopped_hub.start()
    yield stopped_hub
    stopped_hub.stop()


@pytest.fixture
def given(hub, tmp_path) -> list[str]:
    """The arguments of every look, as Ada with her password."""
    secret, catalogue = tmp_path / "secret", tmp_path / "catalogue.yaml"
    secret.write_text(PASSWORD)
    catalogue.write_text(_CATALOGUE)
    where = ["--hub", hub.url, "--catalogue", str(catalogue)]
    return ["doctor", "--after", "--json", *where, "--user", ADA, "--password-file", str(secret)]


def _good(out: str) -> dict[str, str]:
    """What was found in each step, all of which are good."""
    steps = json.loads(out)["steps"]
    assert {each["name"]: each["state"] for each in steps} == dict.fromkeys(_STEPS, "good"), steps
    return {each["name"]: each["found"] for each in steps}


def _has_its_name(hub: Hub) -> bool:
    """Whether the hub knows the session of a look, running or stopped."""
    person = hub.api("GET", f"users/{ADA}?include_stopped_servers=1").json()
    return SERVER in person["servers"]


def _notes_of_tokens(hub: Hub) -> list[str]:
    tokens = hub.api("GET", f"users/{ADA}/tokens").json()["api_tokens"]
    return [each["note"] for each in tokens]


def _files(folder: Path) -> list[str]:
    return [each.name for each in (folder / "homes" / ADA).glob("gpucommons-doctor-*")]


def test_with_a_password_all_steps_are_good_and_nothing_is_left(hub, hub_folder, given, capfd):
    assert main(given) == 0
    found = _good(capfd.readouterr().out)
    assert found["sign-in"] == f"{ADA} signed in at 127.0.0.1."
    assert found["server"].endswith("/gpucommons-doctor/lab answers.")
    assert "A cell ran, in Python 3." in found["kernel"]
    assert not _has_its_name(hub)
    assert _files(hub_folder) == []
    assert "gpucommons doctor" not in _notes_of_tokens(hub)


def test_with_a_token_the_persons_own_session_goes_on(hub, given, tmp_path, capfd):
    (tmp_path / "secret").write_text(hub.token_of(ADA))
    assert hub.api("POST", f"users/{ADA}/server").status_code in {201, 202}
    begun = hub.server(ADA)["started"]
    assert main([*given[: given.index("--user")], "--token-file", str(tmp_path / "secret")]) == 0
    found = _good(capfd.readouterr().out)
    assert found["sign-in"] == f"The token is that of {ADA}. Dex was not asked."
    assert hub.server(ADA)["started"] == begun
    assert not _has_its_name(hub)


def test_ctrl_c_takes_a_start_back_that_the_hub_still_waits_for(hub, given):
    def server() -> dict[str, object]:
        servers = hub.api("GET", f"users/{ADA}").json()["servers"]
        return servers.get(SERVER) or {}

    command = interruptible(*given, "--size", "never-up")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as look:
        try:
            until(lambda: server().get("pending") == "spawn")
            look.send_signal(signal.SIGINT)
            out, _ = look.communicate()
        finally:
            look.kill()
    assert look.returncode == 2
    steps = {each["name"]: each for each in json.loads(out)["steps"]}
    assert steps["start"]["found"].startswith("Interrupted.")
    assert steps["stop"]["state"] == "good"
    assert not _has_its_name(hub)
    assert "gpucommons doctor" not in _notes_of_tokens(hub)


class ProbeProgram(Program):
    """The start probe as ``cluster/probe`` runs it, without a pause between its looks."""

    def __init__(self, folder: Path, hub: Hub, *more: str):
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        secret, catalogue = folder / "secret", folder / "catalogue.yaml"
        secret.write_text(PASSWORD)
        catalogue.write_text(_CATALOGUE)
        command = [sys.executable, "-m", "gpucommons_config.command", "probe", "--hub", hub.url]
        command += ["--user", ADA, "--password-file", str(secret), "--catalogue", str(catalogue)]
        command += ["--every", "0.1", "--port", str(port), *more]
        super().__init__(command, f"{self.url}/health", folder / "probe.log", {})

    def count(self, name: str, **labels: str) -> float:
        """Return what Prometheus would read of a counter."""
        text = httpx.get(f"{self.url}/metrics", timeout=60).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def looks(self, result: str) -> float:
        return self.count("gpucommons_probe_looks_total", result=result)

    def failed(self, step: str) -> float:
        return self.count("gpucommons_probe_steps_total", step=step, state="failed")


def test_the_start_probe_counts_looks_that_are_good_and_those_without_dex(hub, dex, tmp_path):
    probe = ProbeProgram(tmp_path, hub)
    probe.start()
    try:
        until(lambda: probe.looks("good") >= 1, instead=probe.tail)
        assert (probe.looks("failed"), probe.failed("files")) == (0, 0)
        assert probe.count("gpucommons_probe_step_seconds_count", step="kernel") >= 1
        dex.stop()
        until(lambda: probe.failed("sign-in") >= 1, instead=probe.tail)
        dex.start()
        good = probe.looks("good")
        until(lambda: probe.looks("good") > good, instead=probe.tail)
    finally:
        probe.stop()
    assert not _has_its_name(hub), "what it had begun when it was ended is stopped"
    assert "gpucommons doctor" not in _notes_of_tokens(hub)


def test_the_start_probe_counts_a_start_that_fails_and_leaves_nothing(hub, tmp_path):
    probe = ProbeProgram(tmp_path, hub, "--size", "never-up", "--timeout", "3")
    probe.start()
    try:
        until(lambda: probe.failed("start") >= 1, instead=probe.tail)
    finally:
        probe.stop()
    assert not _has_its_name(hub)
