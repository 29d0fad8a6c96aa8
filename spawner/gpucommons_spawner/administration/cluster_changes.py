"""What administrators change in the cluster through the hub: grants, standing notices, nodes.

The hub has the right to each only where it was granted; a refusal says which one lacks.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from gpucommons_contract import (
    GRANTS_NAMESPACE,
    NOTICES_NAMESPACE,
    Annotation,
    Grant,
    Label,
    StandingNotice,
)
from gpucommons_contract.drains import Drain
from gpucommons_contract.words import phrase
from kubernetes_asyncio.client import ApiException, AuthorizationV1Api

NODES_FOLDER = "cluster/drain"
"""What grants the hub to change nodes."""
_RIGHTS_FOLDER = "cluster/base"
_ANSWER_SECONDS = 10
_FAILED = (ApiException, aiohttp.ClientError, OSError, TimeoutError)


class ClusterChangeError(Exception):
    """Nothing was changed, or it is not known; the message says why, and what to do."""


def new_grant_name() -> str:
    """Name a grant."""
    return f"grant-{secrets.token_hex(4)}"


async def make_grant(api: Any, grant: Grant) -> None:  # noqa: ANN401 -- the client's CoreV1Api
    """Grant more than the quota. Raises ClusterChangeError."""
    manifest = _config_map(
        grant.name, GRANTS_NAMESPACE, {Label.QUOTA_GRANT: "user"}, grant.to_data()
    )
    call = api.create_namespaced_config_map(
        GRANTS_NAMESPACE, manifest, _request_timeout=_ANSWER_SECONDS
    )
    await _done(call, "create ConfigMaps", _RIGHTS_FOLDER)


async def put_notice(api: Any, standing: StandingNotice) -> None:  # noqa: ANN401
    """Put a notice in force, in place of one with the same id. Raises ClusterChangeError."""
    name = _notice_name(standing.notice.id)
    who = "some" if standing.users else "everybody"
    manifest = _config_map(
        name, NOTICES_NAMESPACE, {Label.STANDING_NOTICE: who}, standing.to_data()
    )
    await _done(
        _create_or_replace(api, name, manifest), "create, update ConfigMaps", _RIGHTS_FOLDER
    )


async def withdraw_notice(api: Any, notice_id: str) -> None:  # noqa: ANN401
    """Have sessions that start no longer show a notice. Raises ClusterChangeError."""
    call = _delete(api, _notice_name(notice_id), NOTICES_NAMESPACE)
    await _done(call, "delete ConfigMaps", _RIGHTS_FOLDER)


async def cordon(api: Any, node: str, drain: Drain, *, anew: bool) -> None:  # noqa: ANN401
    """Let nothing new come to a node, and note on it why; anew: forget what an earlier drain noted
    there of sessions. Raises ClusterChangeError.
    """
    notes: dict[str, str | None] = {Annotation.DRAIN: drain.to_text()}
    if anew:
        notes[Annotation.DRAIN_SESSIONS] = None
    await _patch(api, node, notes, unschedulable=True)


async def give_back(api: Any, node: str) -> None:  # noqa: ANN401
    """Let a node be used again. Raises ClusterChangeError."""
    notes: dict[str, str | None] = {Annotation.DRAIN: None, Annotation.DRAIN_SESSIONS: None}
    await _patch(api, node, notes, unschedulable=None)


async def _patch(
    api: Any,  # noqa: ANN401
    node: str,
    notes: Mapping[str, str | None],
    *,
    unschedulable: bool | None,
) -> None:
    body = {
        "metadata": {"annotations": {str(key): text for key, text in notes.items()}},
        "spec": {"unschedulable": unschedulable},
    }
    call = api.patch_node(node, body, _request_timeout=_ANSWER_SECONDS)
    await _done(call, "patch nodes", NODES_FOLDER)


async def _create_or_replace(api: Any, name: str, manifest: dict[str, object]) -> None:  # noqa: ANN401
    seconds = {"_request_timeout": _ANSWER_SECONDS}
    try:
        await api.create_namespaced_config_map(NOTICES_NAMESPACE, manifest, **seconds)
    except ApiException as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
        await api.replace_namespaced_config_map(name, NOTICES_NAMESPACE, manifest, **seconds)


async def _delete(api: Any, name: str, namespace: str) -> None:  # noqa: ANN401
    try:
        await api.delete_namespaced_config_map(name, namespace, _request_timeout=_ANSWER_SECONDS)
    except ApiException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


async def _done(call: Awaitable[object], right: str, folder: str) -> None:
    try:
        await call
    except ApiException as error:
        if error.status == HTTPStatus.FORBIDDEN:
            raise ClusterChangeError(
                phrase(
                    "The hub has no right to do that (%(right)s): apply %(folder)s of this "
                    "release to the cluster. Nothing was changed.",
                    right=right,
                    folder=folder,
                )
            ) from error
        raise ClusterChangeError(
            phrase("Kubernetes refused it: %(why)s", why=f"{error.status} {error.reason}")
        ) from error
    except _FAILED as error:
        why = str(error) or type(error).__name__
        raise ClusterChangeError(phrase("Kubernetes does not answer: %(why)s", why=why)) from error


def _config_map(
    name: str, namespace: str, labels: dict[Label, str], data: dict[str, str]
) -> dict[str, object]:
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": {str(key): value for key, value in labels.items()},
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _notice_name(notice_id: str) -> str:
    """Name the object as the account commands do, so that each can put its own in its place."""
    return f"notice-{hashlib.sha256(notice_id.encode(errors='surrogateescape')).hexdigest()[:20]}"


async def may_change_nodes(api: Any) -> bool:  # noqa: ANN401 -- the client's CoreV1Api
    """Return whether the hub may patch nodes; True where that cannot be found out now."""
    asked: Any = {"spec": {"resourceAttributes": {"verb": "patch", "resource": "nodes"}}}
    try:
        said = await AuthorizationV1Api(api.api_client).create_self_subject_access_review(
            asked, _request_timeout=_ANSWER_SECONDS
        )
    except _FAILED:
        return True
    return bool(said.status.allowed)
