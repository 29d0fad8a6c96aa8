"""The hubs that the scale benchmark compares: ours, plain KubeSpawner's, and no spawner at all."""

import sys
from pathlib import Path

from gpucommons_contract import team_namespace
from gpucommons_local.machine.programs import program

from bench.kwok_cluster import KwokCluster
from tests.hub.processes import Program, free_port

TOKEN = "token-of-the-benchmark"
TEAM = "lab"

_COMMON = """
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.cleanup_servers = False
c.Authenticator.allow_all = True
c.JupyterHub.services = [{{"name": "bench", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "bench", "services": ["bench"], "scopes": ["admin:users", "tokens"]}}
]
c.Authenticator.admin_users = {{"bench"}}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.KubeSpawner.port = {session_port}
c.KubeSpawner.storage_pvc_ensure = False
c.KubeSpawner.volumes = []
c.KubeSpawner.volume_mounts = []
"""
OURS = """
from gpucommons_config.hub import defaults, spare_the_collector
c.merge(defaults())
spare_the_collector()
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.enable_auth_state = False
c.Authenticator.manage_groups = False
c.JupyterHub.load_groups = {{{team!r}: {{"users": {people!r}}}}}
c.GPUSpawner.catalogue_file = {catalogue!r}
"""
PEER = """
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.JupyterHub.concurrent_spawn_limit = 64  # as z2jh
c.KubeSpawner.namespace = {namespace!r}
c.KubeSpawner.image = "example.org/scipy:1"
c.KubeSpawner.cpu_limit = c.KubeSpawner.cpu_guarantee = 2
c.KubeSpawner.mem_limit = c.KubeSpawner.mem_guarantee = "8G"
c.KubeSpawner.extra_resource_limits = {{"nvidia.com/gpu": "1"}}
"""
ALONE = """
from jupyterhub.spawner import Spawner

class Nothing(Spawner):
    async def start(self):
        return "http://127.0.0.1:{session_port}"

    async def stop(self, now=False):
        pass

    async def poll(self):
        return None

c.JupyterHub.spawner_class = Nothing
c.JupyterHub.concurrent_spawn_limit = 0
"""
"""A spawner that costs nothing: what is left is JupyterHub's own work, which no spawner saves."""
_CATALOGUE = """
environments:
  scipy:
    display_name: SciPy
    versions: {"1": {image: example.org/scipy:1, default: true}}
sizes:
  gpu: {display_name: GPU, cpu: 2, memory: 8G, gpu: {mode: exclusive, count: 1}}
defaults: {environment: scipy, size: gpu}
quotas: {default: {sessions: 2}, each_team: {gpus: 5000}}
"""


class ScaleHub(Program):
    """A hub with one spawner class on one cluster."""

    def __init__(
        self, folder: Path, settings: str, api: KwokCluster, session_port: int, people: list[str]
    ):
        self.url = f"http://127.0.0.1:{free_port()}"
        (folder / "catalogue.yaml").write_text(_CATALOGUE)
        text = (_COMMON + settings).format(
            url=self.url,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=str(program("configurable-http-proxy")),
            token=TOKEN,
            session_port=session_port,
            namespace=team_namespace(TEAM),
            catalogue=str(folder / "catalogue.yaml"),
            team=TEAM,
            people=people,
        )
        (folder / "jupyterhub_config.py").write_text(text)
        super().__init__(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            f"{self.url}/hub/health",
            folder / "hub.log",
            {"KUBECONFIG": str(api.kubeconfig), "CONFIGPROXY_AUTH_TOKEN": "t" * 32},
        )

    def memory_mb(self) -> float:
        """Resident memory of the hub's process."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1]) / 1000
