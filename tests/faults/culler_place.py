"""The culler between real sessions and servers that play faults, on a clock that a test moves."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
from gpucommons_culler.actions.actions import Actions
from gpucommons_culler.clients.hub import HubClient, SessionList
from gpucommons_culler.core.errors import HubError
from gpucommons_culler.core.metrics import Metrics
from gpucommons_culler.core.records import EventKind
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.database.store import Store
from gpucommons_culler.service.engine import Engine
from gpucommons_culler.telemetry.collector import Collector
from gpucommons_culler.telemetry.sources.kubelet import KubeletSource
from gpucommons_culler.telemetry.sources.prometheus import PrometheusSource, Queries
from gpucommons_upkeep.errors import StoreError

from tests.hub.culler.culler_hub import IDLE_TOKEN, CullerHub
from tests.hub.culler.playing import MINUTE, Clock, Mailbox, Rules
from tests.hub.postgresql import PostgreSQL

from .database_proxy import DatabaseProxy
from .loop_thread import LoopThread
from .measured import Use, kubelet, prometheus, serve
from .proxy import FaultsProxy

IDLE, ON_GPU, IN_CELL = "idle", "gpu", "cell"
"""People: one does nothing, one's GPU works, and one's session says that a cell runs."""
RULE = IdleRule(
    "the default",
    warn_after=timedelta(minutes=6),
    stop_after=timedelta(minutes=10),
    warm_up=timedelta(),
)
_STEP = 2
"""Minutes between two looks."""
_NAMESPACE = "team-vision"
_ACTIVITY = {"started": 86400, "terminals": [], "editing": None}
_GPU = {"watched": 86400, "last": None, "utilization": 0, "memory": None}


class Place:
    """The servers, each behind its proxy, and the sessions. It serves several tests."""

    def __init__(self, hub: CullerHub, database: PostgreSQL, thread: LoopThread) -> None:
        self.hub, self.clock = hub, Clock()
        uses = self._uses
        api = httpx.URL(hub.api_url)
        self._path = api.path
        self.proxies = {
            "hub": FaultsProxy("hub", f"http://{api.host}:{api.port}", thread),
            "Prometheus": FaultsProxy("Prometheus", self._serve(prometheus, uses, thread), thread),
            "kubelet": FaultsProxy("kubelet", self._serve(kubelet, uses, thread), thread),
        }
        for name in (IDLE, ON_GPU, IN_CELL):
            self.begin(name)
        self.proxies["session"] = FaultsProxy("session", self._address(IN_CELL), thread)
        self.proxies["database"] = DatabaseProxy("database", database.socket, thread)
        for proxy in self.proxies.values():
            proxy.start()

    def close(self) -> None:
        for proxy in self.proxies.values():
            proxy.stop()

    def begin(self, name: str) -> None:
        """Start somebody's session, if it does not run."""
        if self._known(name) and self.runs(name):
            return
        kernel = {"id": "k", "name": "a.ipynb", "busy": name == IN_CELL, "last": 86400}
        said = {**_ACTIVITY, "kernels": [kernel], "gpu": _GPU}
        (self.hub.home(name) / "activity.json").write_text(json.dumps(said))
        (self.hub.home(name) / "away").touch()
        self.hub.start_server(name, options={"team": "vision", "size": "gpu"})

    def runs(self, name: str) -> bool:
        return bool(self.hub.servers(name))

    def ends(self, name: str) -> bool:
        """Whether the hub stops somebody's session just now."""
        return self.hub.servers(name).get("", {}).get("pending") == "stop"

    @asynccontextmanager
    async def culler(self, database: str) -> AsyncIterator["Culler"]:
        """A culler that has just begun, with an empty database of this name."""
        self.clock.time = datetime.now(UTC) + MINUTE
        proxy = self.proxies["database"]
        store = Store(f"postgresql+psycopg://postgres@127.0.0.1:{proxy.port}/{database}", 3.0)
        store.open()
        url = f"{self.proxies['hub'].url}{self._path}"
        async with _Client(url, None, IDLE_TOKEN) as client, httpx.AsyncClient(timeout=3) as http:
            client.instead_of = self._address(IN_CELL), self.proxies["session"].url
            yield Culler(self, client, http, store)
        store.close()

    def sources(self, http: httpx.AsyncClient) -> list[PrometheusSource | KubeletSource]:
        async def nodes() -> dict[str, str]:
            return {"node": self.proxies["kubelet"].url}

        queries = Queries(gpu="gpu", gpu_memory="memory", processor="", network="")
        return [
            PrometheusSource(http, self.proxies["Prometheus"].url, queries),
            KubeletSource(http, nodes),
        ]

    def _known(self, name: str) -> bool:
        return self.hub.api("GET", f"users/{name}").status_code == 200

    def _address(self, name: str) -> str:
        listed = self.hub.api("GET", "gpucommons/sessions").json()["sessions"]
        return next(each["address"] for each in listed if each["user"] == name)

    def _serve(self, server, uses, thread) -> str:
        return serve(server(uses, lambda: self.clock.now().timestamp()), thread)

    def _uses(self) -> list[Use]:
        passed = self.clock.now().timestamp() - 1.7e9
        return [
            Use(_NAMESPACE, name, 0.01 * passed, 100 * passed, 90.0 if name == ON_GPU else 0.0)
            for name in (IDLE, ON_GPU, IN_CELL)
        ]


class Culler:
    """One culler at work. ``trouble`` has why looks did not succeed."""

    def __init__(
        self, place: Place, client: HubClient, http: httpx.AsyncClient, store: Store
    ) -> None:
        self._place, self.store = place, store
        self.trouble: list[str] = []
        rules, metrics = Rules(), Metrics()
        rules.rule = RULE
        self.engine = Engine(
            hub=client,
            collector=Collector(client, place.sources(http), metrics),
            rules=rules,
            store=store,
            actions=Actions(client, store, Mailbox(), metrics),
            metrics=metrics,
            clock=place.clock,
        )

    async def look(self, minutes: int) -> None:
        """Look every two minutes of so many."""
        for _ in range(minutes // _STEP):
            self._place.clock.time += _STEP * MINUTE
            try:
                await self.engine.tick()
            except (HubError, StoreError) as error:
                self.trouble.append(str(error))

    async def look_until(self, done: tuple[str, EventKind], minutes: int) -> None:
        """Look until something was done to somebody, for so many minutes at most."""
        for _ in range(minutes // _STEP):
            if done in self.told():
                return
            # A session ends in its own time, which the clock of the looks would run ahead of.
            self._place.hub.until(lambda: not self._place.ends(done[0]))
            await self.look(_STEP)

    def told(self) -> list[tuple[str, EventKind]]:
        """What was done to whom, the oldest first."""
        lines = reversed(self.store.events())
        return [(line.event.session.user, line.event.kind) for line in lines]


class _Client(HubClient):
    """The culler's client, told of pods and of the way to one session as on a cluster."""

    instead_of = "", ""

    async def sessions(self) -> SessionList:
        listed = await super().sessions()
        before, after = self.instead_of
        found = (
            replace(
                each,
                pod=f"{_NAMESPACE}/{each.key.user}",
                address=after if each.address == before else each.address,
            )
            for each in listed.sessions
        )
        return SessionList(tuple(found), listed.waiting)
