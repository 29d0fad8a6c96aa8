"""A hub that is shown an earlier pod of the same name, as by an old cache, means its own."""

import asyncio
import logging
from datetime import datetime
from types import SimpleNamespace

import pytest
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod import START

from .answers import Answer, not_found, status

NAME, NAMESPACE = "jupyter-ada", "team-vision"


_CREATED = {"first": "09:15:20", "second": "09:19:49"}
_STARTED = datetime(2026, 11, 29, 9, 19, 48)  # in UTC, as JupyterHub keeps it


def _pod(start, **state):
    metadata = {"namespace": NAMESPACE, "name": NAME, "uid": f"uid-{start}", "resourceVersion": "1"}
    metadata["annotations"] = {START: start}
    metadata["creationTimestamp"] = f"2026-11-29T{_CREATED[start]}Z"
    running = {"phase": "Running", "containerStatuses": [{"name": "notebook", "state": {}}]}
    return {"kind": "Pod", "metadata": metadata, "status": running | state}


class _API:
    """An API server that has the pod of the second start."""

    def __init__(self):
        self.pod = _pod("second")
        self.kept = None
        """What something before it answers instead of it."""
        self.deletes = 0

    async def read_namespaced_pod(self, *_place, **_more):
        if self.kept:
            return Answer(200, self.kept)
        return Answer(200, self.pod) if self.pod else not_found(NAME)

    async def delete_namespaced_pod(self, *_place, body, **_more):
        self.deletes += 1
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
        orm_spawner=SimpleNamespace(started=_STARTED),
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


async def test_an_answer_from_before_this_start_says_nothing_of_it(watched, api):
    """A proxy keeps what the API server said of an earlier pod, which was being deleted."""
    api.kept = _pod("first")
    api.kept["metadata"]["deletionTimestamp"] = "2026-11-29T09:17:39Z"
    assert await watched.poll(_still_runs) is None
    api.kept = None
    assert await watched.poll(_still_runs) is None


async def test_a_stop_is_not_over_because_of_an_answer_from_before_the_start(watched, api):
    watched._spawner.pod_reflector.pods[watched.key] = api.pod
    api.kept = _pod("first")
    stopping = asyncio.create_task(watched.until_gone(1))
    await asyncio.sleep(0.5)
    assert not stopping.done()
    api.kept = None
    await stopping


async def test_a_stop_asks_less_and_less_often_while_an_old_answer_says_that_the_pod_runs(
    watched, api
):
    watched._spawner.pod_reflector.pods.clear()
    api.kept = _pod("second")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await watched.until_gone(1)
    assert 1 < api.deletes < 8  # every 0.2 seconds it would be 15
