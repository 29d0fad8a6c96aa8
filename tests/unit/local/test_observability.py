"""Prometheus and Alertmanager beside the platform: off unless asked for, and with our rules."""

import subprocess
from collections.abc import Mapping

import pytest
import yaml
from gpucommons_local.hub import dex, hub, observability
from gpucommons_local.hub.hub import port_forward
from gpucommons_local.machine.instance import Instance, load
from gpucommons_local.machine.secrets import load_secrets
from gpucommons_local.machine.supervision import Program
from gpucommons_local.platform import later_builds
from gpucommons_local.status import observability as addresses

from tests.unit.monitoring.rule_files import alerts, promtool

_NOT_HERE = {"GPUCommonsProbeFails", "GPUCommonsFilesFail", "GPUCommonsProbeLate"}


@pytest.fixture
def instance(monkeypatch, tmp_path) -> Instance:
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path))
    monkeypatch.setattr(observability, "unpacked", lambda names: tmp_path / names[0])
    for each in (dex, hub):
        monkeypatch.setattr(each, "program", lambda name: name)
    instance = Instance("unit", 18410, observability=True)
    instance.state.mkdir(parents=True)
    return instance


def _files(program: Program) -> Mapping[str, dict]:
    return {path.name: yaml.safe_load(text) for path, text in program.files.items()}


def test_it_is_off_unless_it_is_asked_for_and_kept_until_then(instance):
    plain = Instance("unit", 18410)
    assert observability.observability_programs(plain, load_secrets(plain)) == []
    assert addresses(plain) == {}
    assert len(plain.ports) == 3
    instance.save()
    assert load("unit") == instance
    assert list(later_builds(instance).command[-2:]) == ["--addon", "observability"]


def test_both_are_reached_at_the_addresses_that_status_names(instance):
    programs = observability.observability_programs(instance, load_secrets(instance))
    for program, url in zip(reversed(programs), addresses(instance).values(), strict=True):
        where = url.removeprefix("http://")
        assert f"--web.listen-address={where}" in program.command
        assert program.probe[-1].startswith(url)
        assert int(where.rpartition(":")[2]) in instance.ports
    assert port_forward(instance).command[-1] == "observability"


def test_prometheus_has_all_rules_of_what_runs_here_and_knows_alertmanager(instance, tmp_path):
    alertmanager, prometheus = observability.observability_programs(
        instance, load_secrets(instance)
    )
    files = _files(prometheus)
    loaded = {
        rule["alert"]
        for group in files["rules.yaml"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert loaded == set(alerts()) - _NOT_HERE
    (told,) = files["prometheus.yaml"]["alerting"]["alertmanagers"]
    where = f"--web.listen-address={told['static_configs'][0]['targets'][0]}"
    assert where in alertmanager.command
    for path, text in prometheus.files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for name in ("ca.crt", "apiserver-kubelet-client.crt", "apiserver-kubelet-client.key"):
        instance.pki.mkdir(exist_ok=True)
        (instance.pki / name).touch()
    checked = promtool("check", "config", instance.state / "prometheus" / "prometheus.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_it_reads_what_serves_metrics_with_the_token_that_the_hub_knows(instance):
    secrets = load_secrets(instance)
    _, prometheus = observability.observability_programs(instance, secrets)
    scraped = {
        each["job_name"]: each for each in _files(prometheus)["prometheus.yaml"]["scrape_configs"]
    }
    (dex_target,) = scraped["gpucommons-dex"]["static_configs"][0]["targets"]
    assert _files(dex.dex(instance, secrets))["dex.yaml"]["telemetry"]["http"] == dex_target
    _, program = hub.hub_programs(instance, secrets, "")
    values = _files(program)["values.yaml"]["JupyterHub"]
    token = scraped["gpucommons-hub"]["authorization"]["credentials"]
    (service,) = (each for each in values["services"] if each.get("api_token") == token)
    (role,) = values["load_roles"]
    assert (role["services"], role["scopes"]) == ([service["name"]], ["read:metrics"])


def test_make_hands_addons_on():
    made = subprocess.run(
        ["make", "-n", "up", "ADDONS=observability"], capture_output=True, text=True, check=True
    )
    assert "--addon observability" in made.stdout
