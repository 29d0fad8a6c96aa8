"""A hub with small sessions, and the culler's client of it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from gpucommons_culler.clients.hub import HubClient

from .culler_hub import IDLE_TOKEN, CullerHub


@pytest.fixture(scope="package")
def started_hub(tmp_path_factory) -> Iterator[CullerHub]:
    hub = CullerHub(tmp_path_factory.mktemp("culler"), base_url="/lab/")
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub(started_hub) -> Iterator[CullerHub]:
    """The hub; sessions that a test leaves are stopped after it."""
    yield started_hub
    started_hub.stop_all()


@pytest.fixture
async def client(hub) -> AsyncIterator[HubClient]:
    async with HubClient(hub.api_url, hub.url, IDLE_TOKEN) as client:
        yield client
