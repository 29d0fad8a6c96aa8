"""The hub while its PostgreSQL is away: no session ends, nothing is forgotten, nobody signed out.

An outage lasts here until what is to happen in it has happened: nothing on the hub's side depends
on its length. The hub's bounds for one wait are shorter, so that a hanging database does not take
every test a quarter of a minute.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.hub.postgresql import PostgreSQL
from tests.hub.spawner.api_server import VISION, ClusterWithTeams
from tests.hub.spawner.conftest import CATALOGUE
from tests.hub.spawner.node import Node
from tests.hub.spawner.spawn_hub import SpawnHub
from tests.hub.spawner.visitor import Visitor

from .database_proxy import DatabaseProxy
from .fault import DatabaseFault

GPU = {"environment": "scipy", "size": "gpu"}
_POD = f"/api/v1/namespaces/{VISION}/pods/jupyter-rosa"
_SENTENCE = "database does not answer at the moment. Running sessions continue"
_MORE = """
from gpucommons_config.database import timeouts
timeouts.CONNECT_SECONDS, timeouts.ANSWER_SECONDS = 1, 2
c.JupyterHub.proxy_class = "gpucommons_sessions.SavingProxy"
c.JupyterHub.last_activity_interval = 1
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[ClusterWithTeams]:
    api = ClusterWithTeams(tmp_path_factory.mktemp("api"))
    api.start()
    yield api
    api.stop()


@pytest.fixture(scope="module")
def started_node(api) -> Iterator[Node]:
    node = Node(api, gpus=2, shares=4)
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with PostgreSQL().running() as server:
        server.create("hub")
        yield server


@pytest.fixture(scope="module")
def started_database(server, thread) -> Iterator[DatabaseProxy]:
    proxy = DatabaseProxy("the hub's database", server.socket, thread)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def started_hub(tmp_path_factory, api, started_node, started_database) -> Iterator[SpawnHub]:
    hub = SpawnHub(
        tmp_path_factory.mktemp("hub"),
        CATALOGUE,
        api.kubeconfig,
        started_node.session_port,
        database=f"postgresql+psycopg2://postgres@127.0.0.1:{started_database.port}/hub",
        more=_MORE,
    )
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def node(started_node) -> Iterator[Node]:
    yield started_node
    started_node.runs_pods, started_node.lost = True, False


@pytest.fixture
def hub(started_hub, started_database, api, node) -> Iterator[SpawnHub]:
    """The hub; nothing runs after a test."""
    yield started_hub
    started_database.heal()
    if not started_hub.runs:
        started_hub.start()
    started_hub.until(lambda: _stopped(started_hub))
    started_hub.until(lambda: not api.pods())


@pytest.fixture
def away(started_database, hub):
    """Have the database away for a while, in one of the ways."""

    @contextmanager
    def away(fault: DatabaseFault) -> Iterator[None]:
        started_database.play(fault)
        yield
        started_database.heal()
        hub.until(lambda: hub.api("GET", "users/rosa").status_code == 200)

    return away


def _stopped(hub) -> bool:
    if hub.api("DELETE", "users/rosa/server").status_code == 404:
        return True
    return _gone(hub)


def _gone(hub) -> bool:
    answer = hub.api("GET", "users/rosa")
    return answer.status_code == 200 and answer.json()["servers"] == {}


def _started(hub, api) -> str:
    """The uid of the pod of Rosa's session, which is up."""
    hub.until(lambda: hub.start_server("rosa", GPU).status_code in (201, 202))
    hub.until(lambda: _ready(hub))
    return _uid(api)


def _uid(api) -> str:
    return str(api.get(_POD)["metadata"]["uid"])


def _ready(hub) -> bool:
    return bool(hub.servers("rosa").get("", {}).get("ready"))


def _held(hub) -> str:
    return hub.availability("rosa", "other")["gpus"]


def _can_be_used(hub) -> bool:
    return httpx.get(f"{hub.url}/user/rosa/").status_code == 200


@pytest.mark.parametrize("fault", DatabaseFault)
def test_who_asks_meanwhile_reads_so_and_is_signed_in_as_before(hub, api, away, fault):
    with Visitor(hub.url, "rosa") as rosa:
        rosa.sign_in()
        pod = _started(hub, api)
        seen = len(hub.text())
        with away(fault):
            for path in ("/hub/home", "/hub/spawn/rosa/second", "/hub/login"):
                page = rosa.get(path, timeout=60)
                assert page.status_code == 503
                assert _SENTENCE in page.text
                assert int(page.headers["retry-after"]) > 0
                assert "set-cookie" not in page.headers
            for method, path in (("GET", "users/rosa"), ("POST", "users/rosa/servers/second")):
                answer = hub.api(method, path)
                assert answer.status_code == 503
                assert _SENTENCE in answer.json()["message"]
            assert httpx.get(f"{hub.url}/hub/health", timeout=60).status_code == 200
            assert _can_be_used(hub)
        assert rosa.get("/hub/home").status_code == 200
    assert "Uncaught exception" not in hub.text()[seen:]
    assert (_uid(api), _ready(hub), _held(hub)) == (pod, True, "1")


def test_a_database_that_comes_back_before_anybody_asks_is_not_missed(hub, started_database):
    with Visitor(hub.url, "rosa") as rosa:
        rosa.sign_in()
        started_database.play(DatabaseFault.CUT)
        started_database.heal()
        assert rosa.get("/hub/home").status_code == 200


@pytest.mark.parametrize("fault", DatabaseFault)
def test_a_session_that_comes_up_meanwhile_can_be_used_afterwards(hub, api, node, away, fault):
    node.runs_pods = False
    assert hub.start_server("rosa", GPU, answer_after=1).status_code == 202
    hub.until(api.pods)
    pod, seen = _uid(api), len(hub.text())
    with away(fault):
        node.runs_pods = True
        hub.until(lambda: "its start, rosa, waits for it" in hub.text()[seen:])
    hub.until(lambda: _ready(hub))
    hub.until(lambda: _can_be_used(hub))
    assert (_uid(api), _held(hub)) == (pod, "1")
    assert "User rosa took" in hub.text()[seen:], "JupyterHub took the start for a good one"


@pytest.mark.parametrize("fault", DatabaseFault)
def test_a_session_whose_stop_is_carried_out_meanwhile_is_gone_afterwards(
    hub, api, node, away, fault
):
    _started(hub, api)
    node.lost = True
    assert hub.api("DELETE", "users/rosa/server").status_code == 202
    hub.until(lambda: api.get(_POD)["metadata"].get("deletionTimestamp"))
    seen = len(hub.text())
    with away(fault):
        node.lost = False
        hub.until(lambda: "its stop, rosa, waits for it" in hub.text()[seen:])
        assert api.pods() == []
    hub.until(lambda: _gone(hub))
    assert _held(hub) == "0"
    _started(hub, api)


@pytest.mark.parametrize("fault", DatabaseFault)
def test_a_session_that_ends_by_itself_meanwhile_is_gone_afterwards(hub, api, away, fault):
    _started(hub, api)
    seen = len(hub.text())
    with away(fault):
        api.delete(_POD)
        hub.until(lambda: "rosa is not looked at without" in hub.text()[seen:])
        assert api.pods() == []
    hub.until(lambda: _gone(hub))
    assert _held(hub) == "0"
    _started(hub, api)


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "ended by itself"])
def test_an_end_whose_record_is_cut_in_the_middle_is_recorded_in_the_end(hub, api, server, stopped):
    """The connection breaks in the very statement by which JupyterHub forgets the session."""
    _started(hub, api)
    with server.connect("hub") as other:
        other.execute(
            "CREATE OR REPLACE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END'"
        )
        other.execute("CREATE TRIGGER cut BEFORE DELETE ON servers EXECUTE FUNCTION cut()")
    seen = len(server.text())
    try:
        hub.api("DELETE", "users/rosa/server") if stopped else api.delete(_POD)
        hub.until(lambda: "terminating connection" in server.text()[seen:])
    finally:
        with server.connect("hub") as other:
            other.execute("DROP TRIGGER cut ON servers")
    hub.until(lambda: _gone(hub))
    hub.until(lambda: _held(hub) == "0")
    _started(hub, api)


def test_a_hub_that_starts_without_it_ends_and_finds_everything_afterwards(
    hub, api, started_database
):
    pod, seen = _started(hub, api), len(hub.text())
    hub.kill()
    started_database.play(DatabaseFault.REFUSED)
    with pytest.raises(AssertionError, match="ended"):
        hub.start()
    assert "Failed to connect to db" in hub.text()[seen:]
    assert _uid(api) == pod
    started_database.heal()
    hub.start()
    hub.until(lambda: _ready(hub))
    assert (_uid(api), _held(hub)) == (pod, "1")
