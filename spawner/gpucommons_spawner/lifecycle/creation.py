"""The request that makes a session's pod, and what stands in its way.

A create request that was slow to answer does not delete the pod that it made, and a pod that has
the name already is looked at before it is deleted: it may be a session of this person that the
hub has lost, and that goes on then.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp
from kubernetes_asyncio.client import ApiException, V1Pod
from kubernetes_asyncio.client.rest import RESTResponse

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.pod_api import delete_pod, read_pod
from gpucommons_spawner.kubernetes.refusal import is_webhook_away
from gpucommons_spawner.pod_state.pod import start_of

_BUSY = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
"""Answers of an API server, or of what stands before it, that has no time now."""


class _Spawner(Protocol):
    api: Any
    namespace: str
    pod_name: str
    delete_grace_period: int
    log: logging.Logger

    def is_forgotten(self, pod: Manifest) -> bool: ...


class FoundError(Exception):
    """A session of this server runs already; ``pod`` is its pod."""

    def __init__(self, pod: Manifest) -> None:
        super().__init__("a session of this server runs already")
        self.pod = pod


class PodCreation:
    """Makes the pod of one start."""

    def __init__(self, spawner: _Spawner, start_id: str) -> None:
        self._spawner, self._start_id = spawner, start_id
        self.asked_for = False
        """Whether the start has asked for a pod that was not refused: there may be one."""
        self.in_the_way = False
        """Whether the pod of an earlier session was still there at the last attempt."""

    async def request(self, pod: V1Pod, timeout: float) -> bool:  # noqa: ASYNC109 -- KubeSpawner's
        """Create the pod; False asks the caller to try again.

        A pod of this start that is there already was made by an attempt whose answer came too
        late: that is a success. Raises FoundError for a session that must go on.
        """
        before, self.asked_for = self.asked_for, True
        log = self._spawner.log
        try:
            async with asyncio.timeout(timeout):
                await self._create(pod)
        except (TimeoutError, aiohttp.ClientError) as error:
            log.warning("no answer to the request for a pod; trying again: %r", error)
            return False
        except ApiException as error:
            if is_webhook_away(error) or error.status in _BUSY:
                log.warning("a pod cannot be made now; trying again: %s", error.status)
                return False
            if error.status != HTTPStatus.CONFLICT:
                self.asked_for = before or (error.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
                raise
            return await self._meet()
        return True

    async def _create(self, pod: V1Pod) -> None:
        """Create the pod. The answer is not read: the watch shows the pod anyway."""
        spawner = self._spawner
        answer = await spawner.api.create_namespaced_pod(
            spawner.namespace, pod, _preload_content=False
        )
        try:
            if not answer.ok:
                read: Any = RESTResponse(answer, await answer.read())
                raise ApiException(http_resp=read)
        finally:
            answer.close()

    async def _meet(self) -> bool:
        """Look at the pod that has the name; whether it is the one of this start.

        Raises FoundError for a session that must go on, and NotKnownError.
        """
        spawner = self._spawner
        found = await read_pod(spawner.api, spawner.namespace, spawner.pod_name)
        self.in_the_way = found is not None and start_of(found) != self._start_id
        if found is None or not self.in_the_way:
            return found is not None
        if spawner.is_forgotten(found):
            raise FoundError(found)
        if "deletionTimestamp" not in found["metadata"]:
            name = spawner.pod_name
            spawner.log.info("pod %s of an earlier session is in the way; ending it", name)
            uid, grace = found["metadata"].get("uid", ""), spawner.delete_grace_period
            await delete_pod(spawner.api, spawner.namespace, name, uid=uid, grace=grace)
        return False
