"""An API server, a node and a hub for the tests of this folder."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .api_server import ClusterWithTeams
from .mounted_file import MountedFile
from .node import Node
from .spawn_hub import SpawnHub

CATALOGUE = Path(__file__).with_name("catalogue.yaml")


@pytest.fixture(scope="package")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("spawner")


@pytest.fixture(scope="package")
def api(folder) -> Iterator[ClusterWithTeams]:
    api = ClusterWithTeams(folder)
    api.start()
    yield api
    api.stop()


@pytest.fixture(scope="package")
def node(api) -> Iterator[Node]:
    node = Node(api, gpus=2, shares=4)
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="package")
def mounted_catalogue(folder) -> MountedFile:
    return MountedFile(folder / "catalogue", CATALOGUE.read_text())


@pytest.fixture(scope="package")
def started_hub(folder, api, node, mounted_catalogue) -> Iterator[SpawnHub]:
    hub = SpawnHub(folder, mounted_catalogue.path, api.kubeconfig, node.session_port)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub(started_hub) -> Iterator[SpawnHub]:
    """The hub; sessions that a test leaves are stopped after it."""
    yield started_hub
    for user in started_hub.api("GET", "users").json():
        for server in user["servers"]:
            started_hub.stop_server(user["name"], server)


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something holds."""

    def until(condition: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    return until
