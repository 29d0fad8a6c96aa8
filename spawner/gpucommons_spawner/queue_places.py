"""Asks Kueue for the places of all who wait in a team's queue: one question for all of them."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.queue import Place, places

_FRESH_SECONDS = 3.0
_PATIENCE_SECONDS = 10.0
_PATH = "/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/{}/localqueues/{}/pendingworkloads"


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
        """Give the places in one LocalQueue; empty while Kueue does not answer."""
        key = (namespace, queue)
        async with self._asking.setdefault(key, asyncio.Lock()):
            now = asyncio.get_running_loop().time()
            asked, answer = self._answers.get(key, (-_FRESH_SECONDS, {}))
            if now - asked >= _FRESH_SECONDS:
                answer = await _ask(api, namespace, queue, log)
                self._answers[key] = (now, answer)
            return answer


async def _ask(
    api: Any,  # noqa: ANN401 -- the client is untyped
    namespace: str,
    queue: str,
    log: logging.Logger,
) -> Mapping[str, Place]:
    try:
        answer = await api.api_client.call_api(
            _PATH.format(namespace, queue),
            "GET",
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
            response_types_map={200: "object"},
            _return_http_data_only=True,
            _request_timeout=_PATIENCE_SECONDS,
        )
    except (ApiException, aiohttp.ClientError, TimeoutError) as error:
        log.warning("the places in queue %s of %s cannot be had: %s", queue, namespace, error)
        return {}
    return places(answer)
