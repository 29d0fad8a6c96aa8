"""One API server for the tests of this folder, and a controller with its own rights there."""

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gpucommons_backup.controller.controller import Controller
from gpucommons_backup.controller.settings import LiveSettings
from gpucommons_backup.controller.watching.claims import CLAIM_SELECTOR
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.controller.watching.pods import POD_SELECTOR
from gpucommons_upkeep.watch import Watch

from .played_cluster import ADA, AN_HOUR_AGO, BACKUP, LOGIN, SETTINGS, PlayedCluster

_LOG = logging.getLogger("test")


class SteppedController:
    """The controller, step by step: it lists everything anew before each."""

    def __init__(self, api: API, settings: Path):
        self.ahead = timedelta()
        """How far its clock is ahead."""
        self._api, self._settings = api, settings
        self.restart()

    def restart(self) -> None:
        """End it and begin another, which knows nothing of what this one knew."""
        live = LiveSettings(self._settings, _LOG)
        self.controller = Controller(self._api, live, _LOG, self._now)

    async def look(self) -> None:
        for call, sink, selector in (
            (
                self._api.core.list_persistent_volume_claim_for_all_namespaces,
                self.controller.claims,
                CLAIM_SELECTOR,
            ),
            (
                self._api.core.list_pod_for_all_namespaces,
                self.controller.pods,
                POD_SELECTOR,
            ),
        ):
            watch = Watch(call, sink, _LOG, label_selector=selector)
            watch._believed = 1.0  # asks etcd and no cache, so that it sees what the test just did
            await watch.load()

    async def step(self) -> None:
        await self.look()
        await self.controller.step()

    def metric(self, name: str, **labels: str) -> float | None:
        registry = self.controller.metrics.registry
        return registry.get_sample_value(f"gpucommons_backup_{name}", labels)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="package")
def started_cluster(tmp_path_factory) -> Iterator[PlayedCluster]:
    cluster = PlayedCluster(tmp_path_factory.mktemp("backup"))
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def cluster(started_cluster) -> Iterator[PlayedCluster]:
    yield started_cluster
    started_cluster.clear()


@pytest.fixture
def settings(tmp_path) -> Path:
    (tmp_path / "login.yaml").write_text(LOGIN)
    file = tmp_path / "backup.yaml"
    file.write_text(SETTINGS)
    return file


@pytest.fixture
async def backup(cluster, settings, monkeypatch) -> AsyncIterator[SteppedController]:
    """A controller with the rights of its account, and no others."""
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig_of(BACKUP)))
    async with API.open() as api:
        yield SteppedController(api, settings)


@pytest.fixture
def used(cluster) -> None:
    """A workspace that a session had an hour ago."""
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
