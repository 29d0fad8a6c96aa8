"""What counts as the API server's word that a pod is gone, and what does not."""

from types import SimpleNamespace

import aiohttp
import pytest
from gpucommons_spawner.kubernetes.pod_api import NotKnownError, delete_pod, read_pod
from kubernetes_asyncio.client import ApiException

from .answers import Answer, not_found, status

NAME = "jupyter-ada"
POD = {"kind": "Pod", "metadata": {"namespace": "team-vision", "name": NAME, "uid": "1"}}
ALSO_A_POD = {"kind": "Pod", "metadata": {"namespace": "team-vision", "name": "jupyter-bob"}}


def _api(answer, asked=None):
    async def call(*place, **more):
        if asked is not None:
            asked.append((place, more))
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(read_namespaced_pod=call, delete_namespaced_pod=call)


def _read(answer, asked=None):
    return read_pod(_api(answer, asked), "team-vision", NAME)


async def test_a_pod_is_gone_when_the_api_server_says_so_of_it_and_not_from_a_cache():
    asked = []
    assert await _read(not_found(NAME), asked) is None
    ((place, more),) = asked
    assert place == (NAME, "team-vision")
    assert "resource_version" not in more


async def test_a_pod_that_is_there_is_answered():
    assert await _read(Answer(200, POD)) == POD


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, b"<html>404 Not Found</html>"),
        Answer(404, b"404 page not found\n"),
        Answer(404, {"message": "no such route"}),
        Answer(404, b""),
        Answer(404, [1]),
        not_found("jupyter-bob"),
        status(404, "NotFound", kind="namespaces", name="team-vision"),
        status(404, "NotFound"),
        status(403, "Forbidden", kind="pods", name=NAME),
        status(401, "Unauthorized"),
        status(429, "TooManyRequests"),
        status(500, "InternalError"),
        status(410, "Expired"),
        Answer(200, b""),
        Answer(200, b"{"),
        Answer(200, {}),
        Answer(200, ALSO_A_POD),
        Answer(200, {"kind": "PodList", "metadata": {}, "items": []}),
        Answer(200, {"kind": "Pod", "metadata": None}),
        Answer(200, b"\xff\xfe"),
        ApiException(status=503),
        aiohttp.ClientConnectionError("refused"),
        aiohttp.ClientPayloadError("cut"),
        TimeoutError(),
        OSError(113, "No route to host"),
    ],
    ids=lambda each: str(getattr(each, "status", None) or type(each).__name__),
)
async def test_anything_else_is_no_knowledge(answer):
    with pytest.raises(NotKnownError):
        await _read(answer)


async def test_a_refusal_that_the_client_raises_is_read_like_one_that_it_hands_on():
    gone = ApiException(status=404)
    gone.body = (await not_found(NAME).read()).decode()
    assert await _read(gone) is None


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        (Answer(200, POD), False),
        (Answer(202, {"kind": "Status"}), False),
        (not_found(NAME), True),
        (status(409, "Conflict"), True),
    ],
    ids=["now", "accepted", "gone", "another by now"],
)
async def test_a_deletion_means_one_pod_and_says_whether_it_was_gone(answer, gone):
    asked = []
    api = _api(answer, asked)
    assert await delete_pod(api, "team-vision", NAME, uid="1", grace=15) is gone
    body = asked[0][1]["body"]
    assert body == {"preconditions": {"uid": "1"}, "gracePeriodSeconds": 15}


@pytest.mark.parametrize("answer", [Answer(200, {}), Answer(404, b"no"), status(403, "Forbidden")])
async def test_a_deletion_that_may_not_have_been_done_is_no_success(answer):
    with pytest.raises(NotKnownError):
        await delete_pod(_api(answer), "team-vision", NAME)
