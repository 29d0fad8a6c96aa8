"""What z2jh's own configuration does before hub.extraConfig, as far as it matters here.

Source: files/hub/jupyterhub_config.py of the chart 4.4.0. It runs in the hub's pod.
"""

import os
from pathlib import Path

import yaml

_SECRETS = Path("/usr/local/etc/jupyterhub/existing-secret")
values = yaml.safe_load(Path("/usr/local/etc/jupyterhub/secret/values.yaml").read_text())
hub = values["hub"]
c = get_config()  # noqa: F821

c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_url = "http://hub:8081"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.last_activity_interval = 60
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
c.JupyterHub.db_url = hub["db"]["url"]
c.JupyterHub.concurrent_spawn_limit = hub["concurrentSpawnLimit"]
c.JupyterHub.allow_named_servers = hub["allowNamedServers"]
c.JupyterHub.cookie_secret = bytes.fromhex(
    (_SECRETS / "hub.config.JupyterHub.cookie_secret").read_text()
)
c.CryptKeeper.keys = (_SECRETS / "hub.config.CryptKeeper.keys").read_text().split(";")
c.ConfigurableHTTPProxy.api_url = "http://proxy-api:8001"
c.ConfigurableHTTPProxy.should_start = False
c.Spawner.consecutive_failure_limit = hub["consecutiveFailureLimit"]
c.KubeSpawner.namespace = os.environ["POD_NAMESPACE"]
c.KubeSpawner.storage_class = values["singleuser"]["storage"]["dynamic"]["storageClass"]
c.KubeSpawner.storage_access_modes = ["ReadWriteOnce"]
c.KubeSpawner.storage_capacity = values["singleuser"]["storage"]["capacity"]
c.JupyterHub.services = [
    {**service, "name": name, "api_token": (_SECRETS / f"hub.services.{name}.apiToken").read_text()}
    for name, service in hub["services"].items()
]
for section, traits in hub["config"].items():
    c[section].update(traits)
for _, script in sorted(hub["extraConfig"].items()):
    exec(script)
