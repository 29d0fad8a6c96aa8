"""What the API server says of one pod, and what is only said to be its answer.

Between the hub and the API server there may be a proxy that says 404 of its own, a server that
is overloaded, or one that does not know the hub. None of these is a pod that is gone. Gone is
one of which the API server says so in a Status object that names it, read without a resource
version: then the answer is not from a cache.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import aiohttp
from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.kubernetes.manifest import Manifest

_ANSWER_SECONDS = 10
"""How long one answer may take. Who asks here asks again."""


class NotKnownError(Exception):
    """Nobody can say now how it is with a pod. The text says why."""


async def read_pod(api: Any, namespace: str, name: str) -> Manifest | None:  # noqa: ANN401
    """Read a pod as it is now; None if it is gone. ``api`` is the client's CoreV1Api.

    Raises NotKnownError.
    """
    status, body = await _ask(api.read_namespaced_pod, name, namespace)
    if _says_gone(status, body, name):
        return None
    metadata = body.get("metadata") if body.get("kind") == "Pod" else None
    named = isinstance(metadata, dict) and (metadata.get("namespace"), metadata.get("name"))
    if status == HTTPStatus.OK and named == (namespace, name):
        return body
    raise NotKnownError(_in_short(status, body))


async def delete_pod(
    api: Any,  # noqa: ANN401
    namespace: str,
    name: str,
    *,
    uid: str = "",
    grace: int | None = None,
) -> bool:
    """Have a pod deleted; True if it is gone already, or another one has its name.

    uid: of the one that is meant; empty takes whichever has the name. grace: seconds that it
    has to end; None leaves that to the pod. Raises NotKnownError if it may not have been done.
    """
    options: Manifest = {"preconditions": {"uid": uid}} if uid else {}
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    status, body = await _ask(api.delete_namespaced_pod, name, namespace, body=options)
    another = uid and status == HTTPStatus.CONFLICT and body.get("kind") == "Status"
    if another or _says_gone(status, body, name):
        return True
    if status in (HTTPStatus.OK, HTTPStatus.ACCEPTED) and body.get("kind") in ("Pod", "Status"):
        return False
    raise NotKnownError(_in_short(status, body))


async def _ask(
    call: Callable[..., Awaitable[Any]], *place: str, **more: object
) -> tuple[int, Manifest]:
    """Return status and body; an empty one if it is not a JSON object. Raises NotKnownError."""
    try:
        answer = await call(
            *place, **more, _preload_content=False, _request_timeout=_ANSWER_SECONDS
        )
        try:
            return answer.status, _object(await answer.read())
        finally:
            answer.close()
    except ApiException as error:
        return error.status or 0, _object(error.body)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotKnownError(f"{type(error).__name__} {error}".rstrip()) from error


def _object(text: str | bytes | None) -> Manifest:
    try:
        body = json.loads(text or "")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _says_gone(status: int, body: Manifest, name: str) -> bool:
    details = body.get("details")
    return (
        status == HTTPStatus.NOT_FOUND
        and body.get("kind") == "Status"
        and body.get("reason") == "NotFound"
        and isinstance(details, dict)
        and (details.get("kind"), details.get("name")) == ("pods", name)
    )


def _in_short(status: int, body: Manifest) -> str:
    told = body.get("message") or ("" if body else "not an answer of an API server")
    return f"{status} {told}".rstrip()
