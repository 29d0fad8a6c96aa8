"""A create request that is slow, refused, or meets a pod of the same name."""

import asyncio

import aiohttp
import pytest
from gpucommons_contract import Annotation
from gpucommons_spawner.lifecycle.creation import FoundError
from gpucommons_spawner.lifecycle.start import Start
from gpucommons_spawner.pod_state.pod import START
from kubernetes_asyncio.client import ApiException

from .answers import Answer, not_found, status

_PATIENCE_S = 60
"""For requests that are to be answered."""


class _SlowAPI:
    """An API server that makes the pod, and answers the first time too late."""

    def __init__(self):
        self.pods = {}
        self.deleted = []

    async def create_namespaced_pod(self, namespace, pod, **_more):
        name = pod.metadata.name
        if name in self.pods:
            raise ApiException(status=409)
        metadata = {"name": name, "namespace": namespace, "uid": "made"}
        self.pods[name] = {
            "kind": "Pod",
            "metadata": metadata | {"annotations": dict(pod.metadata.annotations)},
        }
        await asyncio.sleep(1)
        return Answer(201, self.pods[name])

    async def read_namespaced_pod(self, name, _namespace, **_more):
        return Answer(200, self.pods[name]) if name in self.pods else not_found(name)

    async def delete_namespaced_pod(self, name, _namespace, body, **_more):
        self.deleted.append((name, body))
        return Answer(200, self.pods.pop(name))


@pytest.fixture
async def spawner(make_spawner):
    spawner = make_spawner({"size": "cpu"})
    spawner.api = _SlowAPI()
    spawner.this_start = Start(spawner, "now")
    return spawner


def _earlier(spawner, **annotations):
    """A pod that has the name of the spawner's, and runs."""
    variables = {"JUPYTERHUB_API_URL": spawner.hub_api_url, "JUPYTERHUB_API_TOKEN": "its own"}
    env = [{"name": name, "value": value} for name, value in variables.items()]
    whose = {Annotation.USER: "ada", Annotation.SERVER: ""}
    return {
        "kind": "Pod",
        "metadata": {
            "name": spawner.pod_name,
            "namespace": spawner.namespace,
            "uid": "earlier",
            "annotations": {str(key): value for key, value in (whose | annotations).items()},
        },
        "spec": {"containers": [{"name": "notebook", "env": env}]},
        "status": {"phase": "Running", "podIP": "10.0.0.1"},
    }


async def test_a_slow_create_does_not_delete_the_pod_that_it_made(spawner):
    pod = await spawner.get_pod_manifest()
    assert await spawner._make_create_pod_request(pod, 0.01) is False
    assert await spawner._make_create_pod_request(pod, 0.01) is True
    assert spawner.api.deleted == []


async def test_a_pod_of_an_earlier_session_is_ended_with_grace_and_creation_tried_again(spawner):
    spawner.api.pods[spawner.pod_name] = _earlier(spawner)
    pod = await spawner.get_pod_manifest()
    assert await spawner._make_create_pod_request(pod, _PATIENCE_S) is False
    told = {"preconditions": {"uid": "earlier"}, "gracePeriodSeconds": spawner.delete_grace_period}
    assert spawner.delete_grace_period > 0
    assert spawner.api.deleted == [(spawner.pod_name, told)]
    assert await spawner._make_create_pod_request(pod, _PATIENCE_S) is True


async def test_a_session_that_runs_and_that_the_hub_has_lost_is_gone_on_with(spawner):
    spawner.api.pods[spawner.pod_name] = _earlier(spawner, **{START: "lost"})
    pod = await spawner.get_pod_manifest()
    with pytest.raises(FoundError) as found:
        await spawner._make_create_pod_request(pod, _PATIENCE_S)
    assert found.value.pod["metadata"]["uid"] == "earlier"
    assert spawner.api.deleted == []


@pytest.mark.parametrize(
    "change",
    [
        lambda spawner, _pod: setattr(spawner, "over", "lost"),
        lambda _spawner, pod: pod["metadata"]["annotations"].update({str(Annotation.USER): "bob"}),
        lambda _spawner, pod: pod["spec"]["containers"][0]["env"][0].update(value="http://other"),
        lambda _spawner, pod: pod["spec"]["containers"][0].update(env=[]),
        lambda _spawner, pod: pod["status"].update(phase="Failed"),
        lambda _spawner, pod: pod["metadata"].update(deletionTimestamp="2026-11-24T00:00:00Z"),
    ],
    ids=["stopped", "of another", "another hub's", "without a token", "over", "leaving"],
)
async def test_no_other_pod_is_taken_for_a_session_that_was_lost(spawner, change):
    pod = _earlier(spawner, **{START: "lost"})
    change(spawner, pod)
    assert not spawner.is_forgotten(pod)


@pytest.mark.parametrize("answer", [429, 502, 503, 504])
async def test_an_api_server_that_has_no_time_is_asked_again(spawner, answer):
    async def busy(*_args, **_more):
        raise ApiException(status=answer)

    spawner.api.create_namespaced_pod = busy
    assert (
        await spawner._make_create_pod_request(await spawner.get_pod_manifest(), _PATIENCE_S)
        is False
    )


async def test_an_api_server_that_is_away_for_a_moment_is_asked_again(spawner):
    async def away(*_args, **_more):
        raise aiohttp.ClientConnectionError

    spawner.api.create_namespaced_pod = away
    assert (
        await spawner._make_create_pod_request(await spawner.get_pod_manifest(), _PATIENCE_S)
        is False
    )


async def test_a_refusal_leaves_no_pod_to_look_for(spawner):
    async def refused(*_args, **_more):
        return status(403, "Forbidden")

    spawner.api.create_namespaced_pod = refused
    with pytest.raises(ApiException):
        await spawner._make_create_pod_request(await spawner.get_pod_manifest(), _PATIENCE_S)
    assert not spawner.this_start.creation.asked_for
