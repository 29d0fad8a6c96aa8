"""A whole installation for the chaos benchmark, with a proxy before every server.

Real are etcd, API server, scheduler, Dex, PostgreSQL, JupyterHub with its own configuration, its
proxy and the idle culler; played are kubelets, sessions and Prometheus (`bench.chaos.played`).
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext
from typing import Protocol, TypeVar

import yaml
from aiohttp import web

from bench.chaos.played import (
    PlayedSessions,
    Pod,
    certificate,
    use,
)
from bench.chaos.programs import CATALOGUE, Ways, culler_program, hub_program, hub_proxy
from bench.kwok_cluster import KwokCluster, kwok_cluster
from tests.faults.database_proxy import DatabaseProxy
from tests.faults.loop_thread import LoopThread
from tests.faults.measured import Use, Uses, kubelet, prometheus, serve
from tests.faults.proxy import FaultsProxy
from tests.hub.dex import Dex
from tests.hub.postgresql import PostgreSQL
from tests.hub.processes import Program, free_port

TEAMS = ("vision", "astro", "speech")
NODES = 5
_GPUS_A_NODE = 100
_AMOUNTS = {"cpu": "640", "memory": "2560Gi", "pods": "250", "nvidia.com/gpu": str(_GPUS_A_NODE)}

_EXPIRY = {"refreshTokens": {"disableRotation": True}}
"""As docs/explanation/what-an-outage-does.md advises."""


class _Part(Protocol):
    """What runs for a while."""

    def start(self) -> object: ...

    def stop(self) -> object: ...


_PartT = TypeVar("_PartT", bound=_Part)


@dataclass
class Installation:
    """Its parts. ``proxies`` has all that plays faults, by name."""

    folder: Path
    api: KwokCluster
    hub: Program
    culler: Program
    database: PostgreSQL
    sessions: PlayedSessions
    url: str
    """Where people find the hub."""
    hub_url: str
    """The hub itself, past all proxies."""
    proxies: Mapping[str, FaultsProxy | DatabaseProxy]
    view: "View"


@dataclass
class View:
    """The session pods that there are, by uid: as the API server itself says."""

    pods: Mapping[str, Pod] = field(default_factory=dict)
    at: float = 0.0
    """When the look began that saw them: seconds since the epoch."""

    def read(self, api: KwokCluster) -> Mapping[str, Pod]:
        """Look anew. Raises httpx.TransportError or AssertionError while the API server is away."""
        at = time.time()
        listed = api.get("/api/v1/pods?labelSelector=component%3Dsingleuser-server")["items"]
        pods = {pod.uid: pod for pod in map(_pod, listed)}
        self.pods, self.at = pods, at
        return pods

    def uses(self) -> list[Use]:
        """What all of them use."""
        return [use(pod) for pod in self.pods.values()]

    def uses_at(self, node: str) -> Uses:
        """What those on a node use, whenever it is asked."""
        return lambda: [use(pod) for pod in self.pods.values() if pod.node == node]


def _pod(said: dict[str, dict]) -> Pod:
    metadata = said["metadata"]
    conditions = said["status"].get("conditions", [])
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        user=metadata["annotations"]["hub.jupyter.org/username"],
        node=said["spec"].get("nodeName", ""),
        leaving="deletionTimestamp" in metadata,
        ready=any(each["type"] == "Ready" and each["status"] == "True" for each in conditions),
    )


class _Started:
    """What was started, in one thread where it needs a loop; all of it stops with the stack."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.thread = self.part(LoopThread())

    def part(self, part: _PartT) -> _PartT:
        part.start()
        self._stack.callback(part.stop)
        return part

    def proxy(self, name: str, upstream: str, certificate: SSLContext | None = None) -> FaultsProxy:
        """A proxy before what is at upstream."""
        return self.part(FaultsProxy(name, upstream, self.thread, certificate=certificate))

    def served(
        self, name: str, application: web.Application, certificate: SSLContext | None = None
    ) -> FaultsProxy:
        """A played server, and a proxy before it."""
        return self.proxy(name, serve(application, self.thread), certificate)

    def database(self) -> tuple[PostgreSQL, DatabaseProxy]:
        """The culler's, and a proxy before it; its files go away at the end."""
        database = self._stack.enter_context(PostgreSQL().running())
        database.create("idle")
        proxy = DatabaseProxy("the culler's database", database.socket, self.thread)
        return database, self.part(proxy)


@contextmanager
def installation(
    folder: Path, seed: int, people: Mapping[str, list[str]]
) -> Iterator[Installation]:
    """Start everything; people are in teams, by name."""
    with ExitStack() as stack:
        started = _Started(stack)
        view, sessions = View(), PlayedSessions(seed)
        context, ca_file = certificate(folder)
        kubelets = [
            started.served(f"kubelet {n}", kubelet(view.uses_at(f"node-{n}")), context)
            for n in range(NODES)
        ]
        ports = [each.port for each in kubelets]
        api = stack.enter_context(
            kwok_cluster(folder / "cluster", NODES, _AMOUNTS, kubelet_ports=ports)
        )
        for team in TEAMS:
            api.add_team(team)
        chp, chp_api, hub_port, dex_port = (free_port() for _ in range(4))
        url, hub_url = f"http://127.0.0.1:{chp}", f"http://127.0.0.1:{hub_port}"
        dex_proxy = started.proxy("Dex", f"http://127.0.0.1:{dex_port}")
        issuer = f"{dex_proxy.url}/dex"
        dex = Dex(folder, url, people=dict(people), port=dex_port, issuer=issuer, expiry=_EXPIRY)
        started.part(dex)
        database, database_proxy = started.database()
        api_proxy = started.proxy("API server", api.url)
        proxies: dict[str, FaultsProxy | DatabaseProxy] = {
            "API server": api_proxy,
            "Dex": dex_proxy,
            "sessions": started.served("sessions", sessions.application()),
            "Prometheus": started.served("Prometheus", prometheus(view.uses)),
            "hub API": started.proxy("hub API", hub_url),
            "proxy API": started.proxy("proxy API", f"http://127.0.0.1:{chp_api}"),
            **{each.name: each for each in kubelets},
            database_proxy.name: database_proxy,
        }
        kubeconfig = _kubeconfig(folder, api, api_proxy.url)
        (folder / "catalogue.yaml").write_text(CATALOGUE)
        ways = Ways(folder, kubeconfig, url, hub_url, chp_api, issuer, ca_file, proxies)
        started.part(hub_proxy(ways))
        hub, culler = hub_program(ways), culler_program(ways)
        started.part(hub)
        started.part(culler)
        yield Installation(
            folder, api, hub, culler, database, sessions, url, hub_url, proxies, view
        )


def _kubeconfig(folder: Path, api: KwokCluster, server: str) -> Path:
    """Write the way to the API server that leads by its proxy, at server."""
    kubeconfig = folder / "kubeconfig"
    settings = api.kubeconfig_with(api.token)
    settings["clusters"][0]["cluster"]["server"] = server
    kubeconfig.write_text(yaml.safe_dump(settings))
    return kubeconfig
