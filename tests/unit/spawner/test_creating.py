"""A create request that is slow, refused, or meets a pod of the same name."""

import asyncio
from types import SimpleNamespace

import pytest
from kubernetes_asyncio.client import ApiException


class _SlowAPI:
    """An API server that makes the pod, and answers the first time too late."""

    def __init__(self):
        self.pods = {}
        self.deleted = []

    async def create_namespaced_pod(self, _namespace, pod, **_more):
        name = pod.metadata.name
        if name in self.pods:
            raise ApiException(status=409)
        self.pods[name] = pod
        await asyncio.sleep(1)
        return SimpleNamespace(ok=True, close=lambda: None)

    async def read_namespaced_pod(self, name, _namespace):
        return self.pods[name]


@pytest.fixture
async def spawner(make_spawner):
    spawner = make_spawner({"size": "cpu"})
    spawner.api = _SlowAPI()
    spawner._start_id = "now"

    async def stop(now=False):
        spawner.api.deleted.append(spawner.pod_name)
        spawner.api.pods.clear()

    spawner.stop = stop
    return spawner


async def test_a_slow_create_does_not_delete_the_pod_that_it_made(spawner):
    pod = await spawner.get_pod_manifest()
    assert await spawner._make_create_pod_request(pod, 0.01) is False
    assert await spawner._make_create_pod_request(pod, 0.01) is True
    assert spawner.api.deleted == []


async def test_a_pod_of_an_earlier_session_is_deleted_and_creation_tried_again(spawner):
    earlier = SimpleNamespace(metadata=SimpleNamespace(annotations={}))
    spawner.api.pods[spawner.pod_name] = earlier
    pod = await spawner.get_pod_manifest()
    assert await spawner._make_create_pod_request(pod, 2) is False
    assert spawner.api.deleted == [spawner.pod_name]
    assert await spawner._make_create_pod_request(pod, 2) is True
