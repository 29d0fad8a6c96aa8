"""The idle culler while the servers that it asks go wrong: none is ended that works.

Each fault is played when a culler has just begun, and in the middle of its work; afterwards the
session that is idle is ended, with its warning, and nobody else's.
"""

from collections.abc import Iterator
from itertools import count

import pytest
from gpucommons_culler.clients.hub import HubClient
from gpucommons_culler.core.records import EventKind

from tests.hub.culler.culler_hub import CullerHub
from tests.hub.postgresql import PostgreSQL

from .culler_place import IDLE, IN_CELL, ON_GPU, Place
from .fault import OF_ANY_SERVER, DatabaseFault, Fault

_NUMBERS = count()
_SOURCES = ("Prometheus", "kubelet", "session")
_ONE_STATUS_IS_ENOUGH = {Fault.BUSY, Fault.BUSY_RETRY_AFTER, Fault.FORBIDDEN}
_OF_SOURCES = [each for each in OF_ANY_SERVER if each not in _ONE_STATUS_IS_ENOUGH]
_CASES = [
    *(("hub", fault) for fault in OF_ANY_SERVER),
    *((server, fault) for server in _SOURCES for fault in _OF_SOURCES),
    *(("database", fault) for fault in DatabaseFault),
]
_STEPS = [EventKind.WARNED, EventKind.STOPPING, EventKind.STOPPED]


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQL]:
    with PostgreSQL().running() as database:
        yield database


@pytest.fixture(scope="module")
def whole_place(tmp_path_factory, database, thread) -> Iterator[Place]:
    hub = CullerHub(tmp_path_factory.mktemp("culler"), base_url="/lab/")
    hub.start()
    place = Place(hub, database, thread)
    yield place
    place.close()
    hub.stop_all()
    hub.stop()


@pytest.fixture
def place(whole_place, monkeypatch) -> Iterator[Place]:
    """All three sessions run, and every server is as it should be; nobody waits for long."""
    monkeypatch.setattr("gpucommons_culler.clients.hub._SESSION_S", 3.0)
    monkeypatch.setitem(HubClient._ask.__kwdefaults__, "seconds", 3.0)
    whole_place.begin(IDLE)
    yield whole_place
    for proxy in whole_place.proxies.values():
        proxy.heal()


@pytest.mark.parametrize(("server", "fault"), _CASES)
async def test_none_is_ended_that_works_and_the_idle_one_is_in_the_end(
    place, database, server, fault
):
    name = f"idle-{next(_NUMBERS)}"
    database.create(name)
    async with place.culler(name) as culler:
        await culler.look(2)
        place.proxies[server].play(fault)
        await culler.look(4)
        place.proxies[server].heal()
        await culler.look(6)
        place.proxies[server].play(fault)
        await culler.look(4)
        assert place.runs(ON_GPU)
        assert place.runs(IN_CELL)
        place.proxies[server].heal()
        await culler.look_until((IDLE, EventKind.STOPPED), 120)
        told = culler.told()
    assert {who for who, _ in told} == {IDLE}
    kinds = [kind for _, kind in told]
    assert sorted(_STEPS, key=kinds.index) == _STEPS
    assert not place.runs(IDLE)
    assert place.runs(ON_GPU)
    assert place.runs(IN_CELL)
