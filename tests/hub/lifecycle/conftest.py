"""Puts the played parts where the spawner reaches for the real ones."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import kubespawner.reflector
import kubespawner.spawner
import pytest
from gpucommons_spawner.lifecycle import start_wait
from gpucommons_spawner.reconcile import adoption
from gpucommons_upkeep import Heartbeat, watch
from jupyterhub import __version__, orm
from tornado.ioloop import IOLoop

from .played_cluster import Cluster
from .played_hub import PlayedHub


class _NowAPI:
    """Whatever hub runs now has the client; each keeps the one that it began with."""

    api: Any = None


def _clock() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """A database of JupyterHub's, as it is made once."""
    file = tmp_path_factory.mktemp("database") / "hub.sqlite"
    engine = orm.new_session_factory(f"sqlite:///{file}")().bind
    engine.dispose()
    return file


@pytest.fixture
def played(
    monkeypatch, tmp_path_factory, empty_database
) -> Callable[[], tuple[Cluster, PlayedHub]]:
    """Make a cluster and a hub on it, to be used within one loop of virtual time."""
    heart = lambda name, within: Heartbeat(name, within, clock=_clock)  # noqa: E731
    monkeypatch.setattr(watch, "Heartbeat", heart)
    monkeypatch.setattr("gpucommons_spawner.reconcile.reconciler.Heartbeat", lambda *_: _Quiet())
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=_clock))
    monkeypatch.setattr(IOLoop, "time", lambda _loop: _clock())
    monkeypatch.setattr(kubespawner.spawner, "load_config", lambda **_: None)
    for name in ("traitlets", "alembic.runtime.migration", "tornado.application", "played-hub"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    now = _NowAPI()
    for module in (kubespawner.spawner, kubespawner.reflector):
        monkeypatch.setattr(module, "shared_client", lambda *_: now.api)

    def make() -> tuple[Cluster, PlayedHub]:
        cluster = Cluster(lambda pod: True)

        async def listens(host: str, _port: int) -> bool:
            await asyncio.sleep(0.01)
            ips = {pod["status"].get("podIP") for pod in cluster.pods.values()}
            return cluster.reachable and host in ips

        async def wait_for_server(url: str, **more: Any) -> Any:
            async with asyncio.timeout(more["timeout"]):
                while not await listens(urlsplit(url).hostname or "", 0):  # noqa: ASYNC110
                    await asyncio.sleep(0.5)
            return SimpleNamespace(headers={"X-JupyterHub-Version": __version__})

        monkeypatch.setattr(start_wait, "listens", listens)
        monkeypatch.setattr(adoption, "listens", listens)
        monkeypatch.setattr("jupyterhub.objects.wait_for_http_server", wait_for_server)
        make_api = cluster.api

        def api() -> Any:
            now.api = make_api()
            return now.api

        cluster.api = api
        folder = tmp_path_factory.mktemp("hub")
        shutil.copy(empty_database, folder)
        return cluster, PlayedHub(cluster, folder)

    return make


class _Quiet:
    """A heart whose age nobody asks for: it is made before the loop."""

    name, problem, failures = "comparing", "", 0

    def failed(self, why: str) -> bool:
        self.failures, self.problem = self.failures + 1, why
        return self.failures == 1

    def succeeded(self) -> None:
        self.failures = 0
