"""The calls of the API server that the controller makes."""

import json
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Self

import aiohttp
from gpucommons_upkeep.watch import Manifest
from kubernetes_asyncio import client, config

from gpucommons_backup.controller.watching.claims import Key, Notes
from gpucommons_backup.errors import BackupError

_MERGE = "application/merge-patch+json"
_ANSWER_SECONDS = 30.0
_IN_A_POD = "KUBERNETES_SERVICE_HOST"


class ClusterError(BackupError):
    """The API server did not do what it was asked. ``status`` is 0 where it did not answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_final(self) -> bool:
        """Whether the same request would be turned down again."""
        return self.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)


class Attempts:
    """Does one thing after another: the others do not wait for one that the cluster refuses."""

    def __init__(self) -> None:
        self._errors: list[ClusterError] = []

    async def make(self, work: Awaitable[None]) -> bool:
        """Do it, and return whether the cluster took it."""
        try:
            await work
        except ClusterError as error:
            self._errors.append(error)
            return False
        return True

    def end(self) -> None:
        """Raise the first ClusterError, if there was one."""
        if self._errors:
            raise self._errors[0]


class API:
    """One connection. Each method may raise ClusterError."""

    def __init__(self, connection: client.ApiClient) -> None:
        self.core = client.CoreV1Api(connection)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Connect as the pod's service account, or as the variable KUBECONFIG says.

        Raises ClusterError where neither is there; an API server may be away as yet.
        """
        settings = client.Configuration()
        try:
            if os.environ.get(_IN_A_POD):
                config.load_incluster_config(client_configuration=settings)
            else:
                await config.load_kube_config(
                    config_file=os.environ.get("KUBECONFIG"),
                    client_configuration=settings,
                    persist_config=False,
                )
        except (config.ConfigException, OSError, TypeError, ValueError) as error:
            raise ClusterError(f"Kubernetes cannot be reached as configured: {error}") from error
        async with client.ApiClient(settings) as connection:
            yield cls(connection)

    async def annotate(self, claim: Key, notes: Notes) -> Manifest | None:
        """Put notes on a claim and return it; None if it is gone."""
        namespace, name = claim
        body = {"metadata": {"annotations": dict(notes)}}
        call = self.core.patch_namespaced_persistent_volume_claim
        return await _found(_asked(call, name, namespace, body, _content_type=_MERGE))

    async def create_pod(self, pod: Manifest) -> Manifest | None:
        """Make a pod and return it; None if there is one of that name."""
        call = self.core.create_namespaced_pod
        return await _made(_asked(call, pod["metadata"]["namespace"], pod))

    async def delete_pod(self, namespace: str, name: str, uid: str, grace: int) -> None:
        """Have that pod and no other of its name deleted, within so many seconds."""
        body = {"gracePeriodSeconds": grace, "preconditions": {"uid": uid}}
        call = _asked(self.core.delete_namespaced_pod, name, namespace, body=body)
        try:
            await _found(call)
        except ClusterError as error:
            if error.status != HTTPStatus.CONFLICT:  # another one has its name
                raise

    async def put_secret(self, secret: Manifest) -> None:
        """Make a Secret, in place of one of that name."""
        namespace, name = secret["metadata"]["namespace"], secret["metadata"]["name"]
        if await self.create_secret(secret) is None:
            await self.delete_secret(namespace, name)
            await _asked(self.core.create_namespaced_secret, namespace, secret)

    async def create_secret(self, secret: Manifest) -> Manifest | None:
        """Make a Secret and return it; None if there is one of that name."""
        call = self.core.create_namespaced_secret
        return await _made(_asked(call, secret["metadata"]["namespace"], secret))

    async def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret if it is there."""
        await _found(_asked(self.core.delete_namespaced_secret, name, namespace))

    async def read_secret(self, namespace: str, name: str) -> Manifest | None:
        """Return a Secret; None if there is none."""
        return await _found(_asked(self.core.read_namespaced_secret, name, namespace))

    async def read_config_map(self, namespace: str, name: str) -> Manifest | None:
        """Return a ConfigMap; None if there is none."""
        return await _found(_asked(self.core.read_namespaced_config_map, name, namespace))

    async def patch_config_map(self, namespace: str, name: str, body: Manifest) -> None:
        """Change a ConfigMap."""
        call = self.core.patch_namespaced_config_map
        await _asked(call, name, namespace, body, _content_type=_MERGE)

    async def patch_secret(self, namespace: str, name: str, body: Manifest) -> Manifest:
        """Change a Secret. A ``resourceVersion`` that is past is refused with CONFLICT."""
        call = self.core.patch_namespaced_secret
        return await _asked(call, name, namespace, body, _content_type=_MERGE)


async def _asked(call: Any, *given: Any, **more: Any) -> Manifest:  # noqa: ANN401 -- an untyped client's
    what = call.__name__.replace("_namespaced", "").replace("_", " ")
    try:
        response = await call(
            *given, **more, _preload_content=False, _request_timeout=_ANSWER_SECONDS
        )
        try:
            text = await response.read()
        finally:
            response.close()
    except (client.ApiException, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ClusterError(f"{what}: {type(error).__name__}: {error}") from error
    try:
        body = json.loads(text)
    except ValueError:
        body = {}
    if not response.ok:
        message = body.get("message") if isinstance(body, dict) else None
        raise ClusterError(f"{what}: {message or response.reason}", response.status)
    if not isinstance(body, dict):
        raise ClusterError(f"{what}: the answer is not an object of Kubernetes")
    return body


async def _found(asked: Any) -> Manifest | None:  # noqa: ANN401 -- a coroutine of _asked
    try:
        found: Manifest = await asked
    except ClusterError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    return found


async def _made(asked: Any) -> Manifest | None:  # noqa: ANN401 -- a coroutine of _asked
    try:
        made: Manifest = await asked
    except ClusterError as error:
        if error.status == HTTPStatus.CONFLICT:
            return None
        raise
    return made
