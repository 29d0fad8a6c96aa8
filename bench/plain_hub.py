"""Configuration of the peer: JupyterHub with plain KubeSpawner, on the same cluster."""

import os

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = os.environ["BENCH_URL"]
c.JupyterHub.hub_bind_url = os.environ["BENCH_HUB_URL"]
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.JupyterHub.services = [{"name": "bench", "api_token": os.environ["BENCH_TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "bench", "services": ["bench"], "scopes": ["admin:users", "admin:servers"]}
]
c.ConfigurableHTTPProxy.command = [os.environ["BENCH_PROXY"]]
c.ConfigurableHTTPProxy.api_url = os.environ["BENCH_PROXY_API"]
c.ConfigurableHTTPProxy.auth_token = os.environ["BENCH_TOKEN"]

c.KubeSpawner.namespace = os.environ["BENCH_NAMESPACE"]
c.KubeSpawner.profile_list = [
    {"slug": name, "display_name": name, "kubespawner_override": {"image": image}}
    for name, image in (
        ("same", os.environ["BENCH_IMAGE_SAME"]),
        ("stock", os.environ["BENCH_IMAGE_STOCK"]),
    )
]
c.KubeSpawner.cmd = ["jupyterhub-singleuser"]
c.KubeSpawner.default_url = "/lab"
c.KubeSpawner.cpu_guarantee = 0.1
c.KubeSpawner.mem_guarantee = "256M"
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.storage_class = "workspaces"
c.KubeSpawner.storage_capacity = "1Gi"
c.KubeSpawner.volumes = [
    {"name": "home", "persistentVolumeClaim": {"claimName": "plain-{user_server}"}}
]
c.KubeSpawner.pvc_name_template = "plain-{user_server}"
c.KubeSpawner.volume_mounts = [{"name": "home", "mountPath": "/home/jovyan"}]
