"""A hub that is shown an earlier pod of the same name, as by an old cache, means its own."""

import logging
from types import SimpleNamespace

import pytest
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod import START

from .answers import Answer, not_found, status

NAME, NAMESPACE = "jupyter-ada", "team-vision"


def _pod(start, **state):
    metadata = {"namespace": NAMESPACE, "name": NAME, "uid": f"uid-{start}", "resourceVersion": "1"}
    metadata["annotations"] = {START: start}
    running = {"phase": "Running", "containerStatuses": [{"name": "notebook", "state": {}}]}
    return {"kind": "Pod", "metadata": metadata, "status": running | state}


class _API:
    """An API server that has the pod of the second start."""

    def __init__(self):
        self.pod = _pod("second")

    async def read_namespaced_pod(self, *_place, **_more):
        return Answer(200, self.pod) if self.pod else not_found(NAME)

    async def delete_namespaced_pod(self, *_place, body, **_more):
        wanted = body.get("preconditions", {}).get("uid")
        if self.pod is None:
            return not_found(NAME)
        if wanted not in (None, self.pod["metadata"]["uid"]):
            return status(409, "Conflict", name=NAME, kind="pods")
        self.pod = None
        return Answer(200, {"kind": "Status", "status": "Success"})


@pytest.fixture
def api():
    return _API()


@pytest.fixture
def watched(api):
    """What a spawner of the second start has of its pod, shown by the watch as its first one."""
    loaded = SimpleNamespace(done=lambda: True)
    reflector = SimpleNamespace(pods={}, first_load_future=loaded, update=lambda *_: None)

    async def watching():
        return reflector

    spawner = SimpleNamespace(
        api=api,
        namespace=NAMESPACE,
        pod_name=NAME,
        delete_stopped_pods=True,
        log=logging.getLogger("watched"),
        pod_reflector=reflector,
        is_pod_running=lambda pod: pod["status"]["phase"] == "Running",
        _log_name="ada",
        _last_start="second",
        _start_watching_pods=watching,
    )
    watched = WatchedPod(spawner)
    reflector.pods[watched.key] = _pod("first")
    return watched


async def _still_runs():
    return None


async def test_a_stop_ends_the_pod_of_this_start(watched, api):
    await watched.until_gone(1)
    assert api.pod is None


async def test_an_end_of_an_earlier_pod_is_not_the_end_of_this_one(watched):
    watched._spawner.pod_reflector.pods[watched.key] = _pod("first", phase="Failed")
    assert await watched.poll(_still_runs) is None


async def test_the_end_of_this_pod_is_seen_past_an_earlier_one(watched, api):
    api.pod = None
    assert await watched.poll(_still_runs) == 1
