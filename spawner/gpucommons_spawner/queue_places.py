"""Asks Kueue about all who wait in a team's queue: one question for all of them."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.queue import Place, places
from gpucommons_spawner.queue_obstacle import obstacles
from gpucommons_spawner.watch import Manifest

_FRESH_SECONDS = 3.0
_PATIENCE_SECONDS = 10.0
_PENDING = "/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/{}/localqueues/{}/pendingworkloads"
_WORKLOADS = "/apis/kueue.x-k8s.io/v1beta2/namespaces/{}/workloads"


class QueuePlaces:
    """Places by pod, one answer for a queue kept for a moment. Nobody looks: nothing is asked."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], tuple[float, Mapping[str, Place]]] = {}
        self._asking: dict[tuple[str, str], asyncio.Lock] = {}

    async def of(
        self,
        api: Any,  # noqa: ANN401 -- the client is untyped
        namespace: str,
        queue: str,
        log: logging.Logger,
    ) -> Mapping[str, Place]:
        """Give the places in one LocalQueue, as far as Kueue and the API server answer."""
        key = (namespace, queue)
        async with self._asking.setdefault(key, asyncio.Lock()):
            now = asyncio.get_running_loop().time()
            asked, answer = self._answers.get(key, (-_FRESH_SECONDS, {}))
            if now - asked >= _FRESH_SECONDS:
                answer = await _places(api, namespace, queue, log)
                self._answers[key] = (now, answer)
            return answer


async def _places(
    api: Any,  # noqa: ANN401 -- the client is untyped
    namespace: str,
    queue: str,
    log: logging.Logger,
) -> Mapping[str, Place]:
    """Ask who is where, and whom waiting does not help: two questions at once.

    Kueue itself answers the first; the second the API server does, from memory.
    """
    pending, workloads = await asyncio.gather(
        _ask(api, _PENDING.format(namespace, queue), log),
        _ask(api, _WORKLOADS.format(namespace), log, resourceVersion="0"),
    )
    ahead, obstacle = places(pending), obstacles(workloads)
    return {pod: Place(ahead.get(pod), obstacle.get(pod, "")) for pod in {*ahead, *obstacle}}


async def _ask(
    api: Any,  # noqa: ANN401 -- the client is untyped
    path: str,
    log: logging.Logger,
    **query: str,
) -> Manifest:
    """Read from the API server; empty while it does not answer."""
    try:
        answer: Manifest = await api.api_client.call_api(
            path,
            "GET",
            query_params=list(query.items()),
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
            response_types_map={200: "object"},
            _return_http_data_only=True,
            _request_timeout=_PATIENCE_SECONDS,
        )
    except (ApiException, aiohttp.ClientError, TimeoutError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return {}
    return answer
