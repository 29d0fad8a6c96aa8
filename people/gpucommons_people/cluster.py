"""Kubernetes objects: looked at, applied, deleted; and its errors as sentences.

Objects are plain dicts, as in YAML, so that kinds of Dex and Kueue need no classes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from aiohttp import ClientError
from kubernetes_asyncio import client, config
from yaml import YAMLError

from gpucommons_people.errors import (
    InputError,
    MissingRightError,
    PeopleError,
    UnreachableError,
)

Manifest = dict[str, Any]

FIELD_MANAGER = "gpucommons"
_TIMEOUT_S = 30.0
_BUSY_TRIES = 5
"""How often a call is repeated that the API server is too busy for."""
_PAGE = 500
"""Objects per answer of a list; more come page by page."""
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the API server keeps the objects of a kind."""

    api: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the URL path of one object, or of all in a namespace or in the cluster."""
        root = f"/api/{self.api}" if "/" not in self.api else f"/apis/{self.api}"
        inside = f"/namespaces/{quote(namespace)}" if namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{quote(name)}" if name else "")


NAMESPACES = Kind("v1", "namespaces", namespaced=False)
PODS = Kind("v1", "pods")
CLAIMS = Kind("v1", "persistentvolumeclaims")
CONFIG_MAPS = Kind("v1", "configmaps")
QUOTAS = Kind("v1", "resourcequotas")
POLICIES = Kind("networking.k8s.io/v1", "networkpolicies")
PASSWORDS = Kind("dex.coreos.com/v1", "passwords")
REFRESH_TOKENS = Kind("dex.coreos.com/v1", "refreshtokens")
OFFLINE_SESSIONS = Kind("dex.coreos.com/v1", "offlinesessionses")

KINDS: Mapping[str, Kind] = {
    "Namespace": NAMESPACES,
    "ConfigMap": CONFIG_MAPS,
    "ResourceQuota": QUOTAS,
    "LimitRange": Kind("v1", "limitranges"),
    "NetworkPolicy": POLICIES,
    "RoleBinding": Kind("rbac.authorization.k8s.io/v1", "rolebindings"),
    "LocalQueue": Kind("kueue.x-k8s.io/v1beta2", "localqueues"),
    "Password": PASSWORDS,
}
"""The kinds that are applied, by the name in their manifests."""


class ClusterError(PeopleError):
    """The API server refused; status is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ForbiddenError(ClusterError, MissingRightError):
    """The API server says that we may not; the text names the right that is missing."""


class Cluster:
    """A connection to the API server; every method may raise UnreachableError and ClusterError."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 -- kubernetes_asyncio has no types
        self._client = connection

    @classmethod
    @asynccontextmanager
    async def open(cls, kubeconfig: Path | None = None) -> AsyncIterator[Self]:
        """Connect, for as long as an ``async with`` lasts.

        kubeconfig: the file to use; None means the service account of the pod we run in, or
        else kubectl's usual file.
        """
        async with await _connect(kubeconfig) as connection:
            yield cls(connection)

    async def get(self, kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        """Return one object; None if there is none."""
        try:
            return await self._call("GET", kind.path(namespace, name))
        except ClusterError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def list(
        self, kind: Kind, namespace: str | None = None, label: str | None = None
    ) -> list[Manifest]:
        """Return all objects of a kind, in one namespace or all, with a label if one is given.

        A kind that the cluster does not know has no objects.
        """
        query: dict[str, str | int] = {"limit": _PAGE}
        if label:
            query["labelSelector"] = label
        found: list[Manifest] = []
        while True:
            try:
                page = await self._call("GET", kind.path(namespace), query)
            except ClusterError as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return found
                raise
            found += page["items"]
            if not (token := page["metadata"].get("continue")):
                return found
            query["continue"] = token

    async def create(self, manifest: Manifest) -> Manifest:
        """Make an object; ClusterError with status CONFLICT if there is one of that name."""
        kind, metadata = KINDS[manifest["kind"]], manifest["metadata"]
        query = {"fieldManager": FIELD_MANAGER}
        return await self._call("POST", kind.path(metadata.get("namespace")), query, manifest)

    async def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Make or change an object so that it holds what the manifest says (server-side apply)."""
        kind, metadata = KINDS[manifest["kind"]], manifest["metadata"]
        query = {"fieldManager": FIELD_MANAGER, "force": "true"} | _dry(dry_run)
        path = kind.path(metadata.get("namespace"), metadata["name"])
        return await self._call("PATCH", path, query, manifest, content_type=_APPLY)

    async def merge(self, kind: Kind, name: str, namespace: str, patch: Manifest) -> Manifest:
        """Change some fields of an object; null removes one."""
        path = kind.path(namespace, name)
        query = {"fieldManager": FIELD_MANAGER}
        return await self._call("PATCH", path, query, patch, content_type=_MERGE)

    async def delete(self, kind: Kind, name: str, namespace: str | None = None) -> bool:
        """Delete an object; False if there was none."""
        try:
            await self._call("DELETE", kind.path(namespace, name))
        except ClusterError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    async def serves(self, kind: Kind) -> bool:
        """Say whether the cluster knows a kind of an optional part, such as Kueue's."""
        try:
            found = await self._call("GET", f"/apis/{kind.api}")
        except ClusterError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return any(each["name"] == kind.plural for each in found["resources"])

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Manifest:
        try:
            answer = await self._send(method, path, query, body, content_type)
            for _ in range(_BUSY_TRIES):
                if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                    break
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
                answer = await self._send(method, path, query, body, content_type)
            content = await answer.read()
        except (TimeoutError, ClientError, OSError) as error:
            host = self._client.configuration.host
            raise UnreachableError(
                f"The cluster at {host} cannot be reached: {str(error) or 'no answer in time'}. "
                "Look at the address in the kubeconfig and at your access to that network."
            ) from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise _refusal(answer.status, content.decode(errors="replace"))
        parsed: Manifest = json.loads(content)
        return parsed

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: Manifest | None,
        content_type: str,
    ) -> Any:  # noqa: ANN401 -- aiohttp's answer, through kubernetes_asyncio without types
        return await self._client.call_api(
            path,
            method,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
            _request_timeout=_TIMEOUT_S,
            response_types_map={},
            _preload_content=False,
        )


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _refusal(status: int, body: str) -> ClusterError:
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.strip()[:300]
    if status == HTTPStatus.FORBIDDEN:
        return ForbiddenError(
            f"The cluster does not allow this: {message}. Use a kubeconfig of an account with "
            "that right; the service account people in namespace gpucommons has all it takes.",
            status,
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return ForbiddenError(
            "The cluster does not accept the credentials in the kubeconfig. Renew them.", status
        )
    return ClusterError(f"The cluster refused ({status}): {message}", status)


async def _connect(kubeconfig: Path | None) -> Any:  # noqa: ANN401 -- kubernetes_asyncio publishes no types
    settings = client.Configuration()
    try:
        if kubeconfig is None and _in_cluster():
            config.load_incluster_config(client_configuration=settings)
        else:
            file = str(kubeconfig) if kubeconfig else None
            await config.load_kube_config(
                config_file=file, client_configuration=settings, persist_config=False
            )
    except (config.ConfigException, YAMLError, OSError, TypeError) as error:  # TypeError: empty
        raise InputError(
            f"There is no usable kubeconfig{f' at {kubeconfig}' if kubeconfig else ''}: {error}. "
            "Set kubeconfig in the configuration, or the variable KUBECONFIG."
        ) from error
    return client.ApiClient(settings)


def _in_cluster() -> bool:
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()
