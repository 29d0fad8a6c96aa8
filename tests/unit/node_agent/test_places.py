"""Who is served: one client never takes the others' places, nor the probe's."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from gpucommons_node import AgentServer, PodTable, ProcessScan
from gpucommons_node.places import Places


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def places(now) -> Places[str]:
    return Places(places=4, share=2, seconds=2.0, clock=lambda: now[0])


def test_a_client_with_its_share_gives_up_its_oldest(places):
    assert [places.take(each, "greedy") for each in ("a", "b", "c", "d")] == [None, None, "a", "b"]
    assert places.take("e", "another") is None


def test_where_all_places_are_taken_who_has_most_makes_room(places):
    for connection, client in (("a", "one"), ("b", "two"), ("c", "two"), ("d", "three")):
        assert places.take(connection, client) is None
    assert places.take("e", "four") == "b"
    assert places.take("f", "five") == "a"  # all have one: the oldest


def test_a_place_is_held_for_a_time_however_it_is_used(places, now):
    places.take("a", "one")
    now[0] = 1.0
    places.take("b", "one")
    assert places.overdue() == []
    now[0] = 2.0
    assert places.overdue() == ["a"]
    assert places.take("c", "one") is None
    places.leave("b")
    now[0] = 9.0
    assert places.overdue() == ["c"]
    assert places.overdue() == []


@contextlib.contextmanager
def _serving() -> Iterator[AgentServer]:
    pods = PodTable()
    pods.replace([])
    server = AgentServer(("127.0.0.1", 0), pods, ProcessScan(dict))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def agent() -> Iterator[AgentServer]:
    with _serving() as server:
        yield server


def _begin(agent: AgentServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", agent.server_port))
    connection.sendall(b"GET /healthz HTTP/1.0\r\nX: ")
    return connection


@pytest.fixture
def patient_agent(patient) -> Iterator[AgentServer]:
    with _serving() as server:
        yield server


def test_a_client_that_only_drips_keeps_nobody_out(patient_agent):
    with contextlib.ExitStack() as stack:
        begun = [stack.enter_context(_begin(patient_agent)) for _ in range(64)]
        url = f"http://127.0.0.1:{patient_agent.server_port}/healthz"
        for _ in range(12):
            assert httpx.get(url, trust_env=False, timeout=60).status_code == 200
        assert not any(_is_open(each, 30) for each in begun[:60])


def test_a_client_that_only_drips_ends_in_time(agent):
    with _begin(agent) as last:
        while _is_open(last, 0.2):
            with contextlib.suppress(OSError):  # closed in between
                last.sendall(b"x")  # before each time-out of a read


def _is_open(connection: socket.socket, patience: float) -> bool:
    connection.settimeout(patience)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False
