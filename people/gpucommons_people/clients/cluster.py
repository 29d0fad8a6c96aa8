"""Kubernetes objects: looked at, applied, deleted."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientError

from gpucommons_people.clients.api_answers import (
    ADVICE,
    ClusterError,
    holds,
    items_of,
    message_of,
    object_of,
)
from gpucommons_people.clients.kinds import KINDS, Kind, Manifest
from gpucommons_people.clients.kubeconfig import connect
from gpucommons_people.clients.patience import AT_ONCE, BUSY, Patience, pause_asked
from gpucommons_people.errors import UnreachableError

FIELD_MANAGER = "gpucommons"
_TIMEOUT_S = 30.0
_PAGE = 500
"""Objects per answer of a list; more come page by page."""
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"


class Cluster:
    """A connection to the API server; every method may raise UnreachableError and ClusterError."""

    def __init__(self, connection: Any, patience: Patience = AT_ONCE) -> None:  # noqa: ANN401 -- kubernetes_asyncio has no types
        self._client = connection
        self._patience = patience

    @classmethod
    @asynccontextmanager
    async def open(
        cls, kubeconfig: Path | None = None, patience: Patience = AT_ONCE
    ) -> AsyncIterator[Self]:
        """Connect, for as long as an ``async with`` lasts.

        kubeconfig: the file to use; None means the service account of the pod we run in, or
        else kubectl's usual file.
        """
        async with await connect(kubeconfig) as connection:
            yield cls(connection, patience)

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
                if error.status == HTTPStatus.GONE and "continue" in query:
                    del query["continue"]  # it took too long: from the start, for a whole list
                    found = []
                    continue
                raise
            found += items_of(page)
            if not (token := page["metadata"].get("continue")):
                return found
            query["continue"] = token

    async def create(self, manifest: Manifest) -> Manifest:
        """Make an object; ClusterError with status CONFLICT if there is another of that name."""
        kind, metadata = KINDS[manifest["kind"]], manifest["metadata"]
        query = {"fieldManager": FIELD_MANAGER}
        path = kind.path(metadata.get("namespace"))
        # A review has no name; nothing can be there before it.
        place = kind, metadata.get("name", ""), metadata.get("namespace")
        return await self._written(place, manifest, self._call("POST", path, query, manifest))

    async def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Make or change an object so that it holds what the manifest says (server-side apply).

        ClusterError with status CONFLICT if the manifest has a resourceVersion that is past.
        """
        kind, metadata = KINDS[manifest["kind"]], manifest["metadata"]
        query = {"fieldManager": FIELD_MANAGER, "force": "true"} | _dry(dry_run)
        place = kind, metadata["name"], metadata.get("namespace")
        path = kind.path(metadata.get("namespace"), metadata["name"])
        sent = self._call("PATCH", path, query, manifest, content_type=_APPLY)
        return await self._written(place, manifest, sent)

    async def _written(
        self, place: tuple[Kind, str, str | None], wanted: Manifest, sent: Awaitable[Manifest]
    ) -> Manifest:
        """Wait for an answer. A conflict is none if all is so: the first answer was lost then."""
        try:
            return await sent
        except ClusterError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            there = await self.get(*place)
            if there is None or not holds(there, wanted):
                raise
            return there

    async def merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Manifest
    ) -> Manifest:
        """Change some fields of an object; null removes one.

        ClusterError with status CONFLICT if the patch has a resourceVersion that is past.
        """
        path = kind.path(namespace, name)
        query = {"fieldManager": FIELD_MANAGER}
        sent = self._call("PATCH", path, query, patch, content_type=_MERGE)
        return await self._written((kind, name, namespace), patch, sent)

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

    async def version(self) -> Manifest:
        """Return what the API server says of its own version, such as ``gitVersion``."""
        return await self._call("GET", "/version")

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Manifest:
        """Ask, again where there is no answer: every call of ours may be given twice."""
        return await self._patience.ask(lambda: self._ask(method, path, query, body, content_type))

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: Manifest | None,
        content_type: str,
    ) -> Manifest:
        host = self._client.configuration.host
        try:
            answer = await self._client.call_api(
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
            content = (await answer.read()).decode(errors="replace")
        except (TimeoutError, ClientError, OSError) as error:
            why = str(error) or "no answer in time"
            what = f"The cluster at {host} cannot be reached: {why}"
            raise UnreachableError(what, ADVICE) from error
        if answer.status in BUSY:
            what = f"The cluster at {host} answers {answer.status}: {message_of(content)}"
            asked = pause_asked(answer.headers)
            raise UnreachableError(what, "Run the same command again later.", asked)
        return object_of(host, answer.status, answer.headers, content)


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}
