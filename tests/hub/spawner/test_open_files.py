"""Somebody whose files are open on a full node, while another node has GPUs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .visitor import Visitor

GPU = "nvidia.com/gpu"
BOTH = {"team": "vision", "environment": "scipy", "size": "gpus"}
ONE = {"team": "vision", "environment": "scipy", "size": "gpu"}
FULL = (
    "Your files are in use on one node by your session “first”, and no GPU of this size is free "
    "there. Stop that session, or choose a smaller size."
)


@pytest.fixture(autouse=True)
def _another_node(api) -> Iterator[None]:
    """A node with GPUs that are free. Nothing is placed there."""
    path = "/api/v1/nodes/node-2"
    amounts = {"cpu": "64", "memory": "256Gi", "pods": "110", GPU: "2"}
    status = {
        "capacity": amounts,
        "allocatable": amounts,
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    api.post("/api/v1/nodes", {"metadata": {"name": "node-2"}})
    api.patch(f"{path}/status", {"status": status})
    yield
    api.delete(path)


def _gpu(hub, name: str, server: str = "") -> dict:
    sizes = hub.availability(name, server)["sizes"]
    return next(size for size in sizes if size["name"] == "gpu")


@pytest.fixture
def busy(hub, node) -> None:
    """Rosa's session has all GPUs of its node, and her claim is ReadWriteOnce."""
    hub.until(lambda: _gpu(hub, "rosa")["total"] == 4)
    assert hub.start_server("rosa", BOTH, server="first").status_code == 201
    hub.until(lambda: not _gpu(hub, "rosa")["available"])


@pytest.mark.usefixtures("busy")
def test_a_size_is_full_for_whose_files_are_on_the_full_node_and_for_nobody_else(hub):
    rosa, ruth = _gpu(hub, "rosa"), _gpu(hub, "ruth")
    assert (rosa["free"], rosa["total"], rosa["reason"]) == (0, 2, FULL)
    assert (ruth["free"], ruth["total"], ruth["reason"]) == (2, 4, None)
    with Visitor(hub.url, "rosa") as visitor:
        visitor.sign_in()
        assert FULL in visitor.picker()


@pytest.mark.usefixtures("busy")
def test_a_start_that_could_only_wait_is_refused_before_a_pod_is_made(hub, api):
    answer = hub.start_server("rosa", ONE)
    assert (answer.status_code, answer.json()["message"]) == (409, FULL)
    assert [pod["metadata"]["name"] for pod in api.pods()] == ["jupyter-rosa--first"]
    assert hub.availability("rosa", "another")["gpus"] == "2"


@pytest.mark.usefixtures("busy")
def test_who_stops_that_session_can_start(hub):
    hub.stop_server("rosa", "first")
    hub.until(lambda: _gpu(hub, "rosa")["available"])
    assert hub.start_server("rosa", ONE).status_code == 201


@pytest.fixture
def patient(hub) -> Iterator[None]:
    """Rosa's starts are not given up while a test holds them up."""
    hub.join("rosa", "patient")
    yield
    hub.leave("rosa", "patient")


@pytest.mark.usefixtures("patient")
def test_of_two_starts_at_once_the_second_waits_for_the_node_of_the_first(hub, api, node):
    """Until the first one's pod is on a node, nothing says that files are open there."""
    hub.until(lambda: _gpu(hub, "rosa")["total"] == 4)
    node.runs_pods = False
    try:
        first = hub.start_server("rosa", BOTH, server="first", answer_after=0.1)
        hub.until(lambda: hub.availability("rosa", "another")["gpus"] == "2")
        with ThreadPoolExecutor() as threads:
            second = threads.submit(hub.start_server, "rosa", ONE)
            hub.until(lambda: hub.availability("rosa", "another")["gpus"] == "3")
            node.runs_pods = True
            answer = second.result()
    finally:
        node.runs_pods = True
    assert first.status_code == 202
    assert (answer.status_code, answer.json()["message"]) == (409, FULL)
    hub.until(lambda: hub.servers("rosa")["first"]["ready"])
    assert [pod["metadata"]["name"] for pod in api.pods()] == ["jupyter-rosa--first"]


@pytest.mark.usefixtures("patient")
def test_of_two_starts_at_once_both_run_where_there_is_room_for_both(hub, api, node):
    hub.until(lambda: _gpu(hub, "rosa")["total"] == 4)
    node.runs_pods = False
    try:
        hub.start_server("rosa", ONE, server="first", answer_after=0.1)
        hub.until(lambda: hub.availability("rosa", "another")["gpus"] == "1")
        with ThreadPoolExecutor() as threads:
            second = threads.submit(hub.start_server, "rosa", ONE)
            hub.until(lambda: hub.availability("rosa", "another")["gpus"] == "2")
            node.runs_pods = True
            assert second.result().status_code == 201
    finally:
        node.runs_pods = True
    hub.until(lambda: hub.servers("rosa")["first"]["ready"])
    assert len(api.pods()) == 2
