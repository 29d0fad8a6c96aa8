"""A sound cluster over HTTP, and the catalogue that it is judged by."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from gpucommons_doctor.hub_values import HubValues
from gpucommons_doctor.installation import Installation, read_installation
from gpucommons_people.clients.cluster import Cluster

from .played_cluster import PlayedCluster, sound_cluster

CATALOGUE = Path(__file__).with_name("catalogue.yaml")
BACKUP = Path(__file__).with_name("backup.yaml")


@pytest.fixture(scope="session")
def installation() -> Installation:
    installation = read_installation(CATALOGUE, queue="sessions", backup=BACKUP)
    return replace(
        installation, values=HubValues(chart={"ingress": {"hosts": ["hub.example.org"]}})
    )


@pytest.fixture
def sizes(installation: Installation):
    return installation.catalogue.sizes


@pytest.fixture
def played() -> PlayedCluster:
    return sound_cluster()


@pytest.fixture
async def kubeconfig(played: PlayedCluster, tmp_path: Path):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", played.answer)
    server = TestServer(app)
    await server.start_server()
    file = tmp_path / "kubeconfig"
    parts = {
        "clusters": [{"name": "c", "cluster": {"server": str(server.make_url("")).rstrip("/")}}],
        "users": [{"name": "u", "user": {"token": "token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    start = {"apiVersion": "v1", "kind": "Config", "current-context": "x"}
    file.write_text(yaml.safe_dump(start | parts))
    yield file
    played.over.set()
    await server.close()


@pytest.fixture
async def cluster(kubeconfig: Path):
    async with Cluster.open(kubeconfig) as connected:
        yield connected
