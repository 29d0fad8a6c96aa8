"""The watch of pods says nothing, or nothing any more: a start is given up in its own time."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .spawn_hub import SpawnHub

LIMIT_S = 5
GPU = {"environment": "scipy", "size": "gpu"}
_SETTINGS = f"""
from gpucommons_spawner.lifecycle import start
from gpucommons_spawner.pod_state.session_pods import SessionPods
c.GPUSpawner.start_timeout = {LIMIT_S}
c.GPUSpawner.start_slots = 1
start._GONE_SECONDS = {LIMIT_S}
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 60}}
"""
_SAYS_NOTHING = """
listed = SessionPods.replace
SessionPods.replace = lambda pods, objects: listed(pods, [])  # lists confirm a watch in seconds
SessionPods.update = lambda pods, kind, changed: None
"""
_TELLS_OF_NEW_PODS_ONLY = """
told = SessionPods.update
SessionPods.update = lambda pods, kind, changed: kind == "ADDED" and told(pods, kind, changed)
"""
_TELLS_OF_NO_END = """
c.GPUSpawner.start_timeout = 60  # this start is to come about
told = SessionPods.update
SessionPods.update = lambda pods, kind, changed: kind != "DELETED" and told(pods, kind, changed)
"""


@pytest.fixture
def hub(request, tmp_path, api, node, mounted_catalogue) -> Iterator[SpawnHub]:
    """A hub whose watch of pods tells what the test says."""
    hub = SpawnHub(
        tmp_path,
        mounted_catalogue.path,
        api.kubeconfig,
        node.session_port,
        more=_SETTINGS + request.param,
    )
    node.runs_pods = False
    hub.start()
    yield hub
    hub.stop()
    node.runs_pods = True


def _nothing_is_left(hub, api) -> bool:
    holds = hub.availability("rosa", "other")
    return not hub.servers("rosa") and holds["gpus"] == "0" and not api.pods()


@pytest.mark.parametrize("hub", [_SAYS_NOTHING], indirect=True, ids=["says nothing"])
def test_a_pod_that_is_never_seen_is_given_up_after_the_limit_of_a_start(hub, api):
    answer = hub.start_server("rosa", GPU)
    assert answer.status_code == 503
    assert answer.json()["message"] == (
        f"The session did not start within {LIMIT_S} seconds. Kubernetes has reported "
        "nothing about it. Start it again; if that does not help, tell an administrator."
    )
    hub.until(lambda: _nothing_is_left(hub, api))


@pytest.mark.parametrize("hub", [_SAYS_NOTHING], indirect=True, ids=["says nothing"])
def test_the_wait_for_a_turn_does_not_count(hub, api):
    """With one slot, each start has it until it is given up."""
    for name in ("rosa", "ruth"):
        hub.api("POST", f"users/{name}")
    with ThreadPoolExecutor(2) as threads:
        begun = time.monotonic()
        answers = [threads.submit(hub.start_server, name, GPU) for name in ("rosa", "ruth")]
        assert {each.result().status_code for each in answers} == {503}
    assert 2 * LIMIT_S <= time.monotonic() - begun < 60
    hub.until(lambda: not api.pods())


@pytest.mark.parametrize("hub", [_TELLS_OF_NEW_PODS_ONLY], indirect=True, ids=["new pods only"])
def test_a_pod_whose_end_is_never_told_keeps_nothing(hub, api):
    answer = hub.start_server("rosa", GPU)
    assert answer.status_code == 503
    assert f"did not start within {LIMIT_S} seconds. Start it again" in answer.json()["message"]
    hub.until(lambda: _nothing_is_left(hub, api))


@pytest.mark.parametrize("hub", [_TELLS_OF_NO_END], indirect=True, ids=["no end"])
def test_a_session_whose_end_is_never_told_does_not_stop_for_ever(hub, api, node):
    node.runs_pods = True
    assert hub.start_server("rosa", GPU).status_code == 201
    hub.stop_server("rosa")
    hub.until(lambda: _nothing_is_left(hub, api))
