"""A whole installation for the chaos benchmark, with a proxy before every server.

Real are etcd, API server, scheduler, Dex, PostgreSQL, JupyterHub with its own configuration, its
proxy and the idle culler; played are kubelets, sessions and Prometheus (`bench.chaos_played`).
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from gpucommons_contract import Label, team_namespace

from bench.chaos_played import (
    PlayedSessions,
    Pod,
    certificate,
    use,
)
from bench.chaos_programs import CATALOGUE, Ways, culler_program, hub_program, hub_proxy
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


@contextmanager
def installation(
    folder: Path, seed: int, people: Mapping[str, list[str]]
) -> Iterator[Installation]:
    """Start everything; people are in teams, by name."""
    with ExitStack() as stack:

        def started(part: object) -> object:
            part.start()  # type: ignore[attr-defined]
            stack.callback(part.stop)  # type: ignore[attr-defined]
            return part

        thread = LoopThread()
        started(thread)
        view, sessions = View(), PlayedSessions(seed)
        context, ca_file = certificate(folder)

        def before(name: str, upstream: str, **more: object) -> FaultsProxy:
            return started(FaultsProxy(name, upstream, thread, **more))  # type: ignore[return-value]

        kubelets = [
            before(
                f"kubelet {n}",
                serve(kubelet(view.uses_at(f"node-{n}")), thread),
                certificate=context,
            )
            for n in range(NODES)
        ]
        api = stack.enter_context(
            kwok_cluster(
                folder / "cluster",
                NODES,
                _AMOUNTS,
                kubelet_ports=[each.port for each in kubelets],
            )
        )
        for team in TEAMS:
            labels = {Label.TEAM: team}
            metadata = {"name": team_namespace(team), "labels": labels}
            api.post("/api/v1/namespaces", {"metadata": metadata})
        chp, chp_api, hub_port, dex_port = (free_port() for _ in range(4))
        url, hub_url = f"http://127.0.0.1:{chp}", f"http://127.0.0.1:{hub_port}"
        dex_proxy = before("Dex", f"http://127.0.0.1:{dex_port}")
        issuer = f"{dex_proxy.url}/dex"
        started(Dex(folder, url, people=dict(people), port=dex_port, issuer=issuer, expiry=_EXPIRY))
        database = PostgreSQL()
        stack.callback(database.remove)
        started(database)
        database.create("idle")
        database_proxy = DatabaseProxy("the culler's database", database.socket, thread)
        started(database_proxy)
        proxies = {
            "API server": before("API server", api.url),
            "Dex": dex_proxy,
            "sessions": before("sessions", serve(sessions.application(), thread)),
            "Prometheus": before("Prometheus", serve(prometheus(view.uses), thread)),
            "hub API": before("hub API", hub_url),
            "proxy API": before("proxy API", f"http://127.0.0.1:{chp_api}"),
            **{each.name: each for each in kubelets},
            database_proxy.name: database_proxy,
        }
        kubeconfig = folder / "kubeconfig"
        settings = api.kubeconfig_with(api.token)
        settings["clusters"][0]["cluster"]["server"] = proxies["API server"].url
        kubeconfig.write_text(yaml.safe_dump(settings))
        (folder / "catalogue.yaml").write_text(CATALOGUE)
        ways = Ways(folder, kubeconfig, url, hub_url, chp_api, issuer, ca_file, proxies)
        started(hub_proxy(ways))
        hub, culler = hub_program(ways), culler_program(ways)
        started(hub)
        started(culler)
        yield Installation(
            folder, api, hub, culler, database, sessions, url, hub_url, proxies, view
        )
