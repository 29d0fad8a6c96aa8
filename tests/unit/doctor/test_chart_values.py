"""What in values of z2jh's chart contradicts GPU Commons, before a hub is installed with them."""

import asyncio
import json

import pytest
from gpucommons_config import configure
from gpucommons_config.chart import ChartValues as MountedValues
from gpucommons_config.chart_contradictions import chart_contradictions
from gpucommons_config.command import main
from gpucommons_config.contradictions import HubSettings, contradictions
from gpucommons_doctor.checks.hub.chart_values import ChartValues, judge_values
from gpucommons_doctor.finding import State
from gpucommons_doctor.hub_values import HubValues, read_hub_values
from gpucommons_doctor.z2jh import merged, on_chart
from gpucommons_doctor.z2jh_hub import traits_of
from jupyterhub.app import JupyterHub

from ..config.chart_config import CATALOGUE as DEFAULT_CATALOGUE
from ..config.chart_config import config_of, documented_values, mount_values, untouched_values
from ..helm_values.charts import ENVIRONMENTS, EXAMPLE, FOLDER
from .conftest import CATALOGUE

OURS = {"zz-gpucommons": "from gpucommons_config import configure; configure(c)  # last"}


def _values(*files) -> HubValues:
    chart = on_chart(merged(files))
    return HubValues(traits_of(chart), chart)


def _names(*files) -> set[str]:
    return set(chart_contradictions(_values(*files), DEFAULT_CATALOGUE))


def _ours(environment="prod") -> list:
    folder = FOLDER / "jupyterhub"
    return [folder / "base.yaml", folder / f"{environment}.yaml", EXAMPLE / "jupyterhub.yaml"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_in_our_own_values_contradicts_us(environment):
    values = read_hub_values(_ours(environment))
    found = judge_values(values.chart, chart_contradictions(values, DEFAULT_CATALOGUE))
    assert [(each.state, each.advice) for each in found] == [(State.GOOD, "")]


@pytest.mark.parametrize("values", [untouched_values(), documented_values()])
def test_it_is_what_the_hub_itself_says_when_it_starts(values, tmp_path, monkeypatch):
    mount_values(tmp_path, monkeypatch, values)
    c = config_of(values)
    configure(c)
    hub = HubSettings(JupyterHub(config=c), MountedValues(values))
    said = {each.name: each.sentence for each in contradictions(hub)}
    assert chart_contradictions(_values(values), DEFAULT_CATALOGUE) == said


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("second-culler", {"cull": {"enabled": True}}),
        ("hub-address", {"hub": {"config": {"JupyterHub": {"hub_connect_url": "http://hub:81"}}}}),
        ("hub-address", {"hub": {"config": {"JupyterHub": {"hub_connect_url": None}}}}),
        ("database-in-memory", {"hub": {"db": {"type": "sqlite-memory"}}}),
        ("sessions-end-with-hub", {"hub": {"config": {"JupyterHub": {"cleanup_servers": True}}}}),
        ("start-limit", {"hub": {"concurrentSpawnLimit": 64}}),
        ("failure-limit", {"hub": {"consecutiveFailureLimit": 5}}),
        ("one-session-only", {"hub": {"allowNamedServers": False}}),
        ("profiles", {"singleuser": {"profileList": [{"display_name": "GPU"}]}}),
        ("user-namespaces", {"hub": {"config": {"KubeSpawner": {"enable_user_namespaces": True}}}}),
        ("queue-label", {"singleuser": {"extraLabels": {"kueue.x-k8s.io/queue-name": "a"}}}),
        ("gpu-nodes-for-all", {"singleuser": {"nodeSelector": {"nvidia.com/gpu.present": "true"}}}),
        ("files-not-kept", {"singleuser": {"storage": {"type": "none"}}}),
        ("files-not-kept", {"singleuser": {"storage": {"type": "static"}}}),
        (
            "privileged-init-container",
            {"singleuser": {"cloudMetadata": {"blockWithIptables": True}}},
        ),
        ("hub-closed-to-sessions", {"hub": {"networkPolicy": {"ingress": None}}}),
        ("rights-in-own-namespace", {"rbac": {"create": True}}),
        ("other-namespace", {"Release": {"Namespace": "jhub"}}),
        ("invalid-setting", {"hub": {"concurrentSpawnLimit": "many"}}),
        ("invalid-setting", {"hub": {"db": {"url": "://hub"}}}),
        ("invalid-setting", {"hub": {"config": {"Brand": {"accent": "#ffff00"}}}}),
    ],
)
def test_a_value_that_contradicts_us_is_named_and_no_other(name, values, tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text(json.dumps(values))
    found = chart_contradictions(read_hub_values([*_ours(), file]), DEFAULT_CATALOGUE)
    assert set(found) == {name}


def test_services_in_hub_config_are_ignored_as_the_chart_ignores_them():
    culler = {"name": "mine", "command": ["python", "-m", "jupyterhub_idle_culler"]}
    listed = {"cull": {"enabled": False}, "hub": {"services": {"mine": culler}}}
    ignored = {
        "cull": {"enabled": False},
        "hub": {"config": {"JupyterHub": {"services": [culler]}}},
    }
    assert "second-culler" in _names(listed)
    assert "second-culler" not in _names(ignored)


def test_what_is_removed_is_as_we_set_it():
    nothing = {"hub": {"concurrentSpawnLimit": None, "allowNamedServers": None}}
    assert _names({}) - _names(nothing) == {"start-limit", "one-session-only"}


def test_what_the_values_show_for_certain_is_a_fault_by_the_name_in_the_hubs_log():
    (found,) = judge_values(_values({"hub": {"extraConfig": OURS}}).chart, {"x-y": "It is so."})
    assert (found.state, found.found) == (State.FAULT, "x-y: It is so.")


@pytest.mark.parametrize(
    ("hub", "named"),
    [
        ({"extraConfig": {**OURS, "01-site": "c.JupyterHub.port = 1"}}, "hub.extraConfig.01-site"),
        ({"extraConfig": {"all": "import site\nconfigure(c)"}}, "hub.extraConfig.all"),
        ({"config": {"JupyterHub": {"spawner_class": "lab.LabSpawner"}}}, "lab.LabSpawner"),
    ],
)
def test_what_something_else_may_set_is_a_warning_that_names_it(hub, named):
    (found,) = judge_values(_values({"hub": hub}).chart, {"x-y": "It is so."})
    assert found.state is State.WARNING
    assert named in found.advice


def test_a_hub_that_another_policy_may_open_is_no_fault():
    (found,) = judge_values({}, {"hub-closed-to-sessions": "It is closed."})
    assert found.state is State.WARNING
    assert "a NetworkPolicy of your own" in found.advice


@pytest.mark.parametrize(
    ("values", "state"),
    [
        (None, State.WARNING),
        (HubValues(), State.WARNING),  # of empty files
        (HubValues({"GPUSpawner": {"queue": "sessions"}}), State.GOOD),
    ],
)
async def test_without_values_of_a_chart_none_are_judged(values, state, cluster):
    (found,) = await ChartValues(values, CATALOGUE, chart_contradictions).run(cluster)
    assert found.state is state


async def test_the_command_tells_it(kubeconfig, tmp_path, capsys):
    file = tmp_path / "more.yaml"
    file.write_text("cull: {enabled: true}")
    values = [argument for each in [*_ours(), file] for argument in ("--values", str(each))]
    command = ["doctor", "--kubeconfig", str(kubeconfig), "--catalogue", str(CATALOGUE), *values]
    assert await asyncio.to_thread(main, [*command, "--only", "chart-values", "--json"]) == 1
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert [each["state"] for each in check["findings"]] == ["fault"]
    assert "cull.enabled: false" in check["findings"][0]["found"]
