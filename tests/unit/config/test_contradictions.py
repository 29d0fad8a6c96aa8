"""What a hub says at its start of settings that contradict GPU Commons."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from gpucommons_config import configure
from gpucommons_config.chart import ChartValues, chart_values
from gpucommons_config.contradictions import CHECKS, HubSettings, contradictions
from gpucommons_config.contradictions.checks import name_of
from gpucommons_spawner import TEMPLATES, GPUSpawner
from jupyterhub.app import JupyterHub
from jupyterhub.proxy import ConfigurableHTTPProxy
from kubernetes_asyncio.client import V1Container, V1NodeSelectorTerm, V1Volume
from kubespawner import KubeSpawner
from traitlets.config import Config

from .chart_config import (
    ACCESS,
    CATALOGUE,
    PAGE,
    config_of,
    documented_values,
    mount_values,
    untouched_values,
)

_Change = Callable[[Config, dict[str, Any]], object]


def _found(c: Config, values: dict[str, Any]) -> dict[str, str]:
    settings = HubSettings(JupyterHub(config=c, classes=[]), ChartValues(values))
    return {each.name: each.sentence for each in contradictions(settings)}


def _set(section: str, trait: str, value: object) -> _Change:
    return lambda c, _values: c[section].__setitem__(trait, value)


def _value(*keys: str, to: object) -> _Change:
    def change(_c: Config, values: dict[str, Any]) -> None:
        for key in keys[:-1]:
            values = values[key]
        values[keys[-1]] = to

    return change


_CULLER = {"name": "ends", "command": ["python", "-m", "jupyterhub_idle_culler"]}
_SHARED = {"name": "home", "persistentVolumeClaim": {"claimName": "everybody"}}
_TERM = {"matchExpressions": [{"key": "nvidia.com/gpu.product", "operator": "In", "values": []}]}
_PRIVILEGED = {"name": "tune", "securityContext": {"privileged": True}}
_WRONG: list[tuple[str, str, _Change]] = [
    ("other-spawner", "KubeSpawner", _set("JupyterHub", "spawner_class", KubeSpawner)),
    ("proxy-without-saving", "unset", _set("JupyterHub", "proxy_class", ConfigurableHTTPProxy)),
    ("second-culler", "cull.enabled: false", _set("JupyterHub", "services", [_CULLER])),
    (
        "hub-address",
        "hub.config.JupyterHub.hub_connect_url: http://hub.gpucommons.svc:8081",
        _set("JupyterHub", "hub_connect_url", "http://hub:8081"),
    ),
    ("database-in-memory", "hub.db.type", _set("JupyterHub", "db_url", "sqlite://")),
    ("database-in-memory", "hub.db.type", _set("JupyterHub", "db_url", "sqlite:///:memory:")),
    ("sessions-end-with-hub", "cleanup_servers: false", _set("JupyterHub", "cleanup_servers", 1)),
    ("start-limit", "concurrentSpawnLimit: 0", _set("JupyterHub", "concurrent_spawn_limit", 64)),
    ("failure-limit", "FailureLimit: 0", _set("Spawner", "consecutive_failure_limit", 5)),
    ("failure-limit", "FailureLimit: 0", _set("GPUSpawner", "consecutive_failure_limit", 5)),
    ("one-session-only", "NamedServers: true", _set("JupyterHub", "allow_named_servers", False)),
    (
        "options-past-the-catalogue",
        "Spawner.options_form",
        _set("KubeSpawner", "options_form", "<input name=image>"),
    ),
    ("profiles", "profileList: []", _set("KubeSpawner", "profile_list", [{"display_name": "x"}])),
    ("user-namespaces", "team add", _set("KubeSpawner", "enable_user_namespaces", True)),
    ("component-label", "unset", _set("KubeSpawner", "component_label", "notebook")),
    (
        "queue-label",
        "GPUSpawner.queue: sessions",
        lambda c, _: c.KubeSpawner.extra_labels.update({"kueue.x-k8s.io/queue-name": "sessions"}),
    ),
    (
        "gpu-nodes-for-all",
        "nvidia.com/gpu.present",
        _set("KubeSpawner", "node_selector", {"nvidia.com/gpu.present": "true"}),
    ),
    (
        "gpu-nodes-for-all",
        "nvidia.com/gpu.product",
        lambda c, _: c.KubeSpawner.node_affinity_required.append(_TERM),
    ),
    ("files-not-kept", "dynamic", _set("KubeSpawner", "volumes", {})),
    ("files-not-kept", "dynamic", _set("KubeSpawner", "volumes", {"home": _SHARED})),
    ("files-not-kept", "dynamic", _set("GPUSpawner", "volumes", [_SHARED])),
    (
        "privileged-init-container",
        "container tune",
        _set("KubeSpawner", "init_containers", [_PRIVILEGED]),
    ),
    (
        "privileged-init-container",
        "container tune",
        lambda c, _: c.GPUSpawner.init_containers.append(_PRIVILEGED),  # a lazy value
    ),
    (
        "hub-closed-to-sessions",
        "interNamespaceAccessLabels: accept",
        _value("hub", "networkPolicy", "interNamespaceAccessLabels", to="ignore"),
    ),
    ("sessions-not-let-in", "extraLabels", lambda c, _: c.KubeSpawner.extra_labels.pop(ACCESS)),
    ("rights-in-own-namespace", "rbac.create: false", _value("rbac", "create", to=True)),
    ("other-namespace", "--namespace gpucommons", _value("Release", "Namespace", to="jhub")),
]


@pytest.fixture
def sound(tmp_path, monkeypatch) -> Config:
    """As the documentation has it."""
    values = documented_values()
    mount_values(tmp_path, monkeypatch, values)
    c = config_of(values)
    exec(values["hub"]["extraConfig"]["zz-gpucommons"], {"c": c})
    return c


def test_the_documented_values_load_it_and_contradict_nothing(sound) -> None:
    assert sound.JupyterHub.spawner_class is GPUSpawner
    assert _found(sound, documented_values()) == {}


def test_a_hub_without_the_chart_contradicts_nothing() -> None:
    c = Config()
    c.GPUSpawner.catalogue_file = str(CATALOGUE)
    configure(c)
    assert _found(c, {}) == {}


@pytest.mark.parametrize(("name", "instead", "change"), _WRONG)
def test_one_wrong_setting_is_named_alone_with_what_to_set(sound, name, instead, change) -> None:
    values = documented_values()
    change(sound, values)
    found = _found(sound, values)
    assert list(found) == [name]
    assert instead in found[name]


def test_every_check_is_tried_and_documented() -> None:
    names = {name_of(check) for check in CHECKS}
    assert names - {"hidden-templates"} == {name for name, *_ in _WRONG}
    documented = PAGE.read_text()
    assert {name for name in names if f"`{name}`" not in documented} == set()


def test_the_chart_s_own_values_are_named_one_by_one(tmp_path, monkeypatch) -> None:
    values = untouched_values()
    mount_values(tmp_path, monkeypatch, values)
    c = config_of(values)
    configure(c)
    assert set(_found(c, values)) == {
        *("second-culler", "hub-address", "start-limit", "failure-limit", "one-session-only"),
        *("privileged-init-container", "hub-closed-to-sessions", "rights-in-own-namespace"),
    }


def test_with_another_spawner_all_the_rest_is_named_too(tmp_path, monkeypatch) -> None:
    values = untouched_values()
    mount_values(tmp_path, monkeypatch, values)
    c = config_of(values)
    configure(c)
    usual = set(_found(c, values))
    c.JupyterHub.spawner_class = KubeSpawner
    assert set(_found(c, values)) == usual | {"other-spawner"}


def test_objects_of_the_client_are_taken_as_they_are(sound) -> None:
    sound.KubeSpawner.volumes = [V1Volume(name="home")]
    sound.KubeSpawner.node_affinity_required = [V1NodeSelectorTerm()]
    sound.KubeSpawner.init_containers = [V1Container(name="a"), {"name": "b"}]
    assert _found(sound, documented_values()) == {}


def test_a_page_that_hides_one_of_ours_is_named_and_another_is_not(sound, tmp_path) -> None:
    (tmp_path / "about.html").write_text("")
    sound.JupyterHub.template_paths.insert(0, str(tmp_path))
    assert _found(sound, documented_values()) == {}
    (tmp_path / "spawn.html").write_text("")
    said = _found(sound, documented_values())["hidden-templates"]
    assert f"{tmp_path / 'spawn.html'} hides {TEMPLATES / 'spawn.html'}" in said
    assert "about.html" not in said


def test_a_page_behind_ours_hides_nothing(sound, tmp_path) -> None:
    (tmp_path / "spawn.html").write_text("")
    sound.JupyterHub.template_paths.append(str(tmp_path))
    assert _found(sound, documented_values()) == {}


def test_one_session_for_each_is_fine_where_the_catalogue_says_so(sound, tmp_path) -> None:
    file = tmp_path / "catalogue.yaml"
    text = CATALOGUE.read_text().partition("\nquotas:")[0]
    sound.GPUSpawner.catalogue_file = str(file)
    sound.JupyterHub.allow_named_servers = False
    file.write_text(
        f"{text}\nquotas: {{default: {{sessions: 1}}, groups: {{vision: {{gpus: 2}}}}}}\n"
    )
    assert _found(sound, documented_values()) == {}


@pytest.mark.parametrize(
    "url", ["http://10.0.0.7:8081", "http://[fd00::1]:8081", "http://hub.a:81"]
)
def test_an_address_that_sessions_may_reach_is_fine(sound, url) -> None:
    sound.JupyterHub.hub_connect_url = url
    assert _found(sound, documented_values()) == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("enabled", False),
        ("ingress", [{"from": [{"namespaceSelector": {}}]}]),
        ("allowedIngressPorts", ["http"]),
    ],
)
def test_a_hub_that_may_let_sessions_in_otherwise_is_fine(sound, key, value) -> None:
    values = documented_values()
    values["hub"]["networkPolicy"] |= {"interNamespaceAccessLabels": "ignore", key: value}
    assert _found(sound, values) == {}


def test_volumes_by_another_name_of_the_claim_are_fine(sound) -> None:
    sound.KubeSpawner.pvc_name_template = "claim-{username}"
    claim = {"claimName": "claim-{username}"}
    sound.KubeSpawner.volumes = [{"name": "home", "persistentVolumeClaim": claim}]
    assert _found(sound, documented_values()) == {}


def test_a_subclass_of_ours_is_as_good(sound) -> None:
    class LabSpawner(GPUSpawner):
        pass

    sound.JupyterHub.spawner_class = LabSpawner
    sound.Spawner.consecutive_failure_limit = 5
    sound.LabSpawner.consecutive_failure_limit = 0
    assert _found(sound, documented_values()) == {}


def test_without_the_chart_it_is_said_which_trait_to_set() -> None:
    c = Config()
    c.GPUSpawner.catalogue_file = str(CATALOGUE)
    c.JupyterHub.concurrent_spawn_limit = 7
    configure(c)
    assert _found(c, {})["start-limit"].endswith("Set JupyterHub.concurrent_spawn_limit to 0.")


def test_where_no_chart_mounts_values_there_are_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("gpucommons_config.chart.VALUES", tmp_path / "values.yaml")
    assert not chart_values()
    (tmp_path / "values.yaml").write_text("hub: {db: {type: null}}")
    assert chart_values().at("hub.db.type", "unset") == "unset"
    assert chart_values().at("hub.db.type.more") is None


@pytest.fixture
def hub():
    """The hub of this process, and what it logs."""

    class Kept(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.said: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                self.said.append(record.getMessage())

    JupyterHub.clear_instance()
    hub = JupyterHub.instance()
    kept = Kept()
    hub.log.addHandler(kept)
    yield hub, kept.said
    hub.log.removeHandler(kept)
    JupyterHub.clear_instance()


_FILE = f"""
from gpucommons_config import configure
c = get_config()
c.GPUSpawner.catalogue_file = {str(CATALOGUE)!r}
configure(c)
configure(c)
c.JupyterHub.concurrent_spawn_limit = 7
"""


async def test_a_hub_that_starts_says_it_once_and_of_what_comes_after_the_call_too(
    hub, tmp_path
) -> None:
    app, said = hub
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(_FILE)
    app.load_config_file(str(file))
    assert [each for each in said if "Contradicts" in each] == []
    await asyncio.sleep(0)  # the hub waits for something for the first time
    (line,) = (each for each in said if "Contradicts" in each)
    assert line.startswith(
        "Contradicts GPU Commons (start-limit): JupyterHub.concurrent_spawn_limit is 7"
    )
