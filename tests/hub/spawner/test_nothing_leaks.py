"""However a session ends, what it held is given back: a real hub and a real API server."""

from collections.abc import Iterator

import pytest

from .api_server import VISION

POD = f"/api/v1/namespaces/{VISION}/pods/jupyter-rosa"
START = "users/rosa/server"
GPU = {"size": "gpu"}


@pytest.fixture
def waiting_node(node) -> Iterator:
    """The node, which runs nothing until the test says so."""
    node.runs_pods = False
    yield node
    node.runs_pods = True


@pytest.fixture
def session(hub):
    """A session of Rosa's that holds a GPU."""
    assert hub.start_server("rosa", GPU).status_code == 201
    assert _held(hub) == "1"


def _held(hub) -> str:
    return hub.availability("rosa", "other")["gpus"]


def _is_free(hub, api) -> bool:
    return hub.servers("rosa") == {} and _held(hub) == "0" and api.pods() == []


def _begin(hub, api) -> None:
    """Ask for a session that does not come, without waiting for it."""
    assert hub.start_server("rosa", GPU, answer_after=1).status_code in (201, 202)
    hub.until(lambda: _held(hub) == "1" and api.pods())


def test_a_start_that_takes_too_long(hub, api, waiting_node):
    hub.join("rosa", "impatient")
    try:
        hub.api("POST", START, json=GPU)
        hub.until(lambda: _is_free(hub, api))
    finally:
        hub.leave("rosa", "impatient")
    assert "did not start within 3 seconds" in hub.text()


def test_a_pod_that_is_deleted_while_it_starts(hub, api, waiting_node):
    _begin(hub, api)
    api.delete(POD)
    hub.until(lambda: _is_free(hub, api))


def test_a_pod_that_fails_while_it_starts(hub, api, waiting_node):
    _begin(hub, api)
    api.patch(f"{POD}/status", {"status": {"phase": "Failed", "reason": "Evicted"}})
    hub.until(lambda: _is_free(hub, api))


def test_a_pod_that_is_deleted_behind_the_hubs_back(hub, api, session):
    api.delete(POD)
    hub.until(lambda: _is_free(hub, api))


def test_a_pod_that_is_deleted_while_the_hub_is_away(hub, api, session):
    hub.kill()
    api.delete(POD)
    hub.start()
    hub.until(lambda: _is_free(hub, api))


@pytest.mark.parametrize("phase", ["Failed", "Succeeded", "Unknown"])
def test_a_node_that_is_lost_with_its_containers_said_to_run(hub, api, node, session, phase):
    api.patch(f"{POD}/status", {"status": {"phase": phase, "reason": "NodeLost"}})
    hub.until(lambda: _is_free(hub, api))


def test_a_pod_that_is_to_go_and_whose_node_does_not_answer(hub, api, node, session):
    node.lost = True
    try:
        api.client.request("DELETE", POD, json={"gracePeriodSeconds": 1})
        hub.until(lambda: _held(hub) == "0" and hub.servers("rosa") == {}, seconds=180)
    finally:
        node.lost = False
    hub.until(lambda: api.pods() == [])


def test_a_hub_that_is_killed_during_a_start_whose_pod_is_gone_when_it_is_back(
    hub, api, waiting_node
):
    _begin(hub, api)
    hub.kill()
    api.delete(POD)
    hub.start()
    hub.until(lambda: _is_free(hub, api))


def test_a_hub_that_is_killed_during_a_start_that_never_comes(hub, api, waiting_node):
    _begin(hub, api)
    hub.kill()
    hub.start()
    hub.until(lambda: _is_free(hub, api), seconds=300)
