"""The configuration that z2jh 4.4.0 leaves when it comes to hub.extraConfig, made from values.

Source: the chart's files/hub/jupyterhub_config.py and values.yaml, as far as they matter here.
"""

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from gpucommons_config import chart
from kubernetes_asyncio.client import V1Container, V1SecurityContext
from traitlets.config import Config

_ROOT = Path(__file__).parents[3]
CATALOGUE = _ROOT / "hub_config" / "gpucommons_config" / "catalogue.yaml"
PAGE = _ROOT / "docs" / "how-to" / "configure-the-hub.md"
ACCESS = "hub.jupyter.org/network-access-hub"
_DEFAULTS = {
    "hub": {
        "config": {"JupyterHub": {"admin_access": True, "authenticator_class": "dummy"}},
        "concurrentSpawnLimit": 64,
        "consecutiveFailureLimit": 5,
        "allowNamedServers": False,
        "templatePaths": [],
        "services": {},
        "networkPolicy": {
            "enabled": True,
            "ingress": [],
            "allowedIngressPorts": [],
            "interNamespaceAccessLabels": "ignore",
        },
    },
    "singleuser": {"cloudMetadata": {"blockWithIptables": True}, "extraLabels": {ACCESS: "true"}},
    "cull": {"enabled": True},
    "rbac": {"create": True},
    "Release": {"Name": "hub", "Namespace": "gpucommons"},
}


def untouched_values() -> dict[str, Any]:
    """The chart's own values, with a catalogue."""
    return _merged(_DEFAULTS, _CATALOGUE_FILE)


def documented_values() -> dict[str, Any]:
    """The chart's own values with those that the documentation says to set."""
    return _merged(_merged(_DEFAULTS, _documented()), _CATALOGUE_FILE)


@cache
def _documented() -> dict[str, Any]:
    (block, *_more) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(block)
    return found


_CATALOGUE_FILE = {"hub": {"config": {"GPUSpawner": {"catalogue_file": str(CATALOGUE)}}}}


def config_of(values: dict[str, Any]) -> Config:
    """Do what the chart's configuration does, and leave lazy values where it does."""
    hub, sessions = values["hub"], values["singleuser"]
    c = Config()
    c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
    c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
    c.JupyterHub.concurrent_spawn_limit = hub["concurrentSpawnLimit"]
    c.JupyterHub.allow_named_servers = hub["allowNamedServers"]
    c.JupyterHub.template_paths = hub["templatePaths"]
    c.JupyterHub.hub_connect_url = "http://hub:8081"
    c.Spawner.consecutive_failure_limit = hub["consecutiveFailureLimit"]
    c.Spawner.cmd = "jupyterhub-singleuser"
    c.KubeSpawner.namespace = values["Release"]["Namespace"]
    c.KubeSpawner.extra_labels = sessions["extraLabels"]
    for trait in ("node_affinity_required", "profile_list", "init_containers"):
        c.KubeSpawner[trait] = []
    c.KubeSpawner.node_affinity_preferred.append({"weight": 100})  # was unset: a lazy value
    claim = {"claimName": "{pvc_name}"}
    name = "volume-{user_server}"
    c.KubeSpawner.volumes = {name: {"name": name, "persistentVolumeClaim": claim}}
    c.KubeSpawner.volume_mounts = {name: {"name": name, "mountPath": "/home/jovyan"}}
    c.JupyterHub.services = []
    c.JupyterHub.load_roles = []
    if values["cull"]["enabled"]:
        name = "jupyterhub-idle-culler"
        command = ["python3", "-m", "jupyterhub_idle_culler", "--timeout=3600"]
        c.JupyterHub.services.append({"name": name, "command": command})
        c.JupyterHub.load_roles.append(
            {"name": name, "scopes": ["list:users", "delete:servers"], "services": [name]}
        )
    for name, service in hub["services"].items():
        c.JupyterHub.services.append({**service, "name": name, "api_token": f"token of {name}"})
    if sessions["cloudMetadata"]["blockWithIptables"]:
        privileged = V1SecurityContext(privileged=True, run_as_user=0)
        c.KubeSpawner.init_containers.append(
            V1Container(name="block-cloud-metadata", security_context=privileged)
        )
    for section, traits in hub["config"].items():
        c[section].update(traits)
    return c


def mount_values(folder: Path, monkeypatch, values: dict[str, Any]) -> None:
    """Mount values as the chart does, in a folder of the test's."""
    file = folder / "values.yaml"
    file.write_text(yaml.dump(values, Dumper=yaml.CSafeDumper))
    monkeypatch.setattr(chart, "VALUES", file)


def _merged(usual: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Merge values as Helm does."""
    found = copy.deepcopy(usual)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = _merged(found[key], value) if both else copy.deepcopy(value)
    return found
