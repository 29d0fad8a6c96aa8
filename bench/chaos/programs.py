"""The programs of the chaos benchmark that are ours, set up as on a cluster: hub, culler, and the
hub's proxy. Each finds its servers by the faults' proxies alone.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml
from gpucommons_contract import IDLE_SERVICE
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program

from tests.faults.database_proxy import DatabaseProxy
from tests.faults.proxy import FaultsProxy
from tests.hub.dex import CLIENT_ID, CLIENT_SECRET
from tests.hub.processes import Program, free_port

CHAOS_TOKEN, IDLE_TOKEN = "token-of-the-benchmark", "token-of-the-idle-culler"
_PROXY_TOKEN = "t" * 32
WARN_S, STOP_S = 180, 300
"""The rule: idle for so many seconds, a session is warned; for so many it is ended."""
CATALOGUE = f"""
environments:
  scipy:
    display_name: SciPy
    versions: {{"1": {{image: example.org/scipy:1, default: true}}}}
sizes:
  gpu: {{display_name: GPU, cpu: 2, memory: 8G, gpu: {{mode: exclusive, count: 1}}}}
defaults: {{environment: scipy, size: gpu}}
quotas: {{default: {{sessions: 2}}, each_team: {{gpus: 5000}}}}
idle:
  default:
    warn_after: {WARN_S // 60}m
    stop_after: {STOP_S // 60}m
    warm_up: 1m
    keep_at_most: 12h
    keep_times: 100
"""


@dataclass(frozen=True)
class Ways:
    """Where everything is."""

    folder: Path
    kubeconfig: Path
    """Leads to the API server's proxy."""
    url: str
    """Where people find the hub."""
    hub_url: str
    """The hub itself."""
    proxy_api_port: int
    """The API of the hub's own proxy."""
    issuer: str
    ca_file: Path
    """Who signed the kubelets' certificates."""
    proxies: Mapping[str, FaultsProxy | DatabaseProxy]
    culler_port: int = field(default_factory=free_port)

    def at(self, name: str) -> str:
        """The address of a server's proxy."""
        proxy = self.proxies[name]
        assert isinstance(proxy, FaultsProxy)
        return proxy.url


class _Proxy(Program):
    """configurable-http-proxy, which outlives the hub as on a cluster."""

    def _answers(self) -> bool:
        try:
            httpx.get(self.ready_url, timeout=1)
        except httpx.TransportError:
            return False
        return True


def hub_proxy(ways: Ways) -> Program:
    """configurable-http-proxy, which outlives the hub."""
    command = [
        str(program("configurable-http-proxy")),
        "--ip=127.0.0.1",
        f"--port={httpx.URL(ways.url).port}",
        "--api-ip=127.0.0.1",
        f"--api-port={ways.proxy_api_port}",
        f"--default-target={ways.hub_url}",
        f"--error-target={ways.hub_url}/hub/error",
    ]
    env = {"CONFIGPROXY_AUTH_TOKEN": _PROXY_TOKEN, "PATH": _path()}
    return _Proxy(
        command, f"http://127.0.0.1:{ways.proxy_api_port}/", ways.folder / "proxy.log", env
    )


def hub_program(ways: Ways) -> Program:
    """The hub, with its own configuration."""
    folder = ways.folder
    file = folder / "hub-values.yaml"
    file.write_text(yaml.safe_dump(_hub_values(ways)))
    (folder / "cookie_secret").write_text("0f" * 32)
    (folder / "cookie_secret").chmod(0o600)
    config = checkout() / "hub_config" / "jupyterhub_config.py"
    return Program(
        [sys.executable, "-m", "jupyterhub", f"--config={config}"],
        f"{ways.hub_url}/hub/health",
        folder / "hub.log",
        {
            "GPUCOMMONS_VALUES": str(file),
            "JUPYTERHUB_CRYPT_KEY": "0f" * 32,
            "KUBECONFIG": str(ways.kubeconfig),
            "CONFIGPROXY_AUTH_TOKEN": _PROXY_TOKEN,
            "PATH": _path(),
        },
    )


def _hub_values(ways: Ways) -> dict[str, object]:
    return {
        "JupyterHub": {
            "bind_url": ways.url,
            "hub_bind_url": ways.hub_url,
            "db_url": f"sqlite:///{ways.folder / 'hub.sqlite'}",
            "cookie_secret_file": str(ways.folder / "cookie_secret"),
            "cleanup_servers": False,
            "pid_file": "",
            "services": [
                {"name": "chaos", "api_token": CHAOS_TOKEN},
                {
                    "name": IDLE_SERVICE,
                    "url": f"http://127.0.0.1:{ways.culler_port}",
                    "api_token": IDLE_TOKEN,
                    "oauth_client_allowed_scopes": ["admin-ui"],
                    "oauth_no_confirm": True,
                },
            ],
            "load_roles": [
                {
                    "name": "chaos",
                    "services": ["chaos"],
                    "scopes": ["admin:users", "admin:servers", "list:users", "tokens"],
                }
            ],
        },
        "ConfigurableHTTPProxy": {
            "should_start": False,
            "api_url": ways.at("proxy API"),
            "auth_token": _PROXY_TOKEN,
        },
        "DexOAuthenticator": {
            "issuer": ways.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "oauth_callback_url": f"{ways.url}/hub/oauth_callback",
            "group_rules": [{"connector": "local"}],
            "admin_groups": ["administrators"],
        },
        "GPUSpawner": {
            "catalogue_file": str(ways.folder / "catalogue.yaml"),
            "port": ways.proxies["sessions"].port,
            "storage_pvc_ensure": False,
            "volumes": [],
            "volume_mounts": [],
        },
    }


def culler_program(ways: Ways) -> Program:
    """The idle culler, with a Lease and a database as on a cluster."""
    folder, port = ways.folder, ways.culler_port
    prefix = f"/services/{IDLE_SERVICE}/"
    database = ways.proxies["the culler's database"]
    values = {
        "Election": {"lease_name": "idle-culler", "lease_namespace": "default"},
        "IdleCuller": {
            "catalogue_file": str(folder / "catalogue.yaml"),
            "db_url": f"postgresql+psycopg://postgres@127.0.0.1:{database.port}/idle",
            "address": "127.0.0.1",
            "hub_url": ways.url,
            "port": port,
            "interval": 5.0,
        },
        "SignalSources": {
            "kubelet_ca_file": str(ways.ca_file),
            "prometheus_url": ways.at("Prometheus"),
            "gpu_query": "gpu",
            "gpu_memory_query": "memory",
            "processor_query": "",
            "network_query": "",
        },
    }
    file = folder / "culler-values.yaml"
    file.write_text(yaml.safe_dump(values))
    return Program(
        [str(Path(sys.executable).parent / "gpucommons-idle")],
        f"http://127.0.0.1:{port}{prefix}health",
        folder / "culler.log",
        {
            "GPUCOMMONS_VALUES": str(file),
            "JUPYTERHUB_API_TOKEN": IDLE_TOKEN,
            "JUPYTERHUB_API_URL": f"{ways.at('hub API')}/hub/api",
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_SERVICE_NAME": IDLE_SERVICE,
            "JUPYTERHUB_SERVICE_PREFIX": prefix,
            "KUBECONFIG": str(ways.kubeconfig),
        },
    )


def _path() -> str:
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"
