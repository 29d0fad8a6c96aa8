"""One running local platform: its name, its ports on loopback, its folders.

All addresses but the three loopback ports live in the platform's own network
namespace, so that two instances on one machine need no ranges of their own and
the machine gets no route.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from gpucommons_local.errors import PlatformError

NODE_NAME = "gpucommons"
NODE_ADDRESS = "10.213.0.1"
POD_RANGE = "10.213.64.0/18"
SERVICE_RANGE = "10.213.128.0/18"
DNS_SERVICE_ADDRESS = "10.213.128.10"
NODE_DNS_ADDRESS = "169.254.20.10"
"""Where pods ask for names, as with Kubernetes' NodeLocal DNSCache: network policies of pods know
the address, and need no pod behind it."""

OBSERVABILITY = "observability"
"""Name of the add-on by which Prometheus and Alertmanager run beside the platform."""
DEFAULT_NAME = "local"
DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class Instance:
    """Where one platform listens and what it keeps.

    port is the hub's; Dex and the API server follow it.
    https: whether hub and Dex are reached by HTTPS, with a certificate of the platform's own
    authority.
    observability: whether Prometheus and Alertmanager run beside it.
    only_cluster: nothing of ours runs, and NetworkPolicies are enforced: a cluster to install on.
    environments: titles of images that are built once all else is, such as ``pytorch``.
    """

    name: str = DEFAULT_NAME
    port: int = DEFAULT_PORT
    https: bool = False
    only_cluster: bool = False
    environments: tuple[str, ...] = ()
    observability: bool = False

    @property
    def dex_port(self) -> int:
        """Loopback port of Dex, the OIDC issuer."""
        return self.port + 2

    @property
    def api_port(self) -> int:
        """Loopback port of the Kubernetes API server."""
        return self.port + 3

    @property
    def prometheus_port(self) -> int:
        """Loopback port of Prometheus."""
        return self.port + 4

    @property
    def alertmanager_port(self) -> int:
        """Loopback port of Alertmanager."""
        return self.port + 5

    @property
    def ports(self) -> tuple[int, ...]:
        """All loopback ports of the machine that it takes."""
        more = (self.prometheus_port, self.alertmanager_port) if self.observability else ()
        return self.port, self.dex_port, self.api_port, *more

    @property
    def url(self) -> str:
        """Address that a person opens."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        """OIDC issuer; the same URL inside the node and outside."""
        return f"{self._scheme}://127.0.0.1:{self.dex_port}/dex"

    @property
    def _scheme(self) -> str:
        return "https" if self.https else "http"

    @property
    def state(self) -> Path:
        """Folder of everything that outlives a stop: cluster state, workspaces, logs."""
        base = os.environ.get("GPUCOMMONS_STATE", "/var/lib/gpucommons")
        return Path(base) / self.name

    @property
    def run(self) -> Path:
        """Folder of what is true only while the platform runs: sockets, process ids."""
        return self.state / "run"

    @property
    def logs(self) -> Path:
        """One file per program."""
        return self.state / "logs"

    @property
    def pki(self) -> Path:
        """Certificates and keys that kubeadm made."""
        return self.state / "pki"

    @property
    def kubeconfigs(self) -> Path:
        """Kubeconfig files that kubeadm made, and the hub's own."""
        return self.state / "kubeconfig"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; works inside the node and outside."""
        return self.kubeconfigs / "admin.conf"

    @property
    def driver_root(self) -> Path:
        """Root folder of the simulated NVIDIA driver."""
        return self.state / "driver"

    @property
    def volumes(self) -> Path:
        """Folder of the volumes: an image each, and the folder that it is mounted at."""
        return self.state / "volumes"

    @property
    def node_pid_file(self) -> Path:
        """Holds the id of the node's first process; exists while the node is ready."""
        return self.run / "node.pid"

    @property
    def cgroup(self) -> str:
        """Parent of all pods' control groups, relative to the machine's root group."""
        return f"/gpucommons-{self.name}"

    def save(self) -> None:
        """Write down what it is, so that later commands know it."""
        self.state.mkdir(parents=True, exist_ok=True)
        known = {
            "port": self.port,
            "https": self.https,
            "only_cluster": self.only_cluster,
            "environments": self.environments,
            "observability": self.observability,
        }
        (self.state / "instance.json").write_text(json.dumps(known) + "\n")


def saved(name: str = DEFAULT_NAME) -> Instance | None:
    """Return an instance that was started before, if there is one."""
    try:
        known = json.loads((Instance(name).state / "instance.json").read_text())
    except FileNotFoundError:
        return None
    return Instance(
        name,
        known["port"],
        https=known.get("https", False),
        only_cluster=known.get("only_cluster", False),
        environments=tuple(known.get("environments", ())),
        observability=known.get("observability", False),
    )


def load(name: str = DEFAULT_NAME) -> Instance:
    """Read an instance that was started before; raises PlatformError if there is none."""
    if instance := saved(name):
        return instance
    raise PlatformError(
        f"There is no local platform named {name} on this machine. Start one: make up"
    )
