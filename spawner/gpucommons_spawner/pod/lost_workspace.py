"""A workspace that was deleted while snapshots of it are kept: nobody gets an empty one unasked.

The hub remembers which claim a person had. If that is gone, and the controller of the snapshots has
noted that some of it are kept, the claim that is made in its place says so, and a start is refused
until something was put back into it or an administrator has said that it may be empty. What is not
known refuses nothing: the snapshots stay, and can be put back later.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import ClientError
from gpucommons_contract import Annotation
from gpucommons_contract.words import phrase
from gpucommons_contract.workspaces.kept_workspaces import (
    KEPT_WORKSPACES,
    KEPT_WORKSPACES_NAMESPACE,
)
from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.kubernetes.pod_api import NotKnownError

_LOOK_SECONDS = 5.0
"""How long a start waits for each of two answers, without which it goes on."""


async def repository_of_lost(api: Any, namespace: str, name: str, uid: str) -> str:  # noqa: ANN401
    """Return the repository of a claim that is gone, if it has snapshots; else nothing.

    ``uid``: of the claim of that name that the person had. ``api``: the client's CoreV1Api. Raises
    NotKnownError.
    """
    claim = await _found(api.read_namespaced_persistent_volume_claim, name, namespace)
    if claim is not None:
        return ""
    kept = await _found(api.read_namespaced_config_map, KEPT_WORKSPACES, KEPT_WORKSPACES_NAMESPACE)
    return str((getattr(kept, "data", None) or {}).get(uid, ""))


async def is_erased(api: Any, repository: str) -> bool:  # noqa: ANN401
    """Whether the controller of the snapshots keeps none in a repository. Raises NotKnownError."""
    kept = await _found(api.read_namespaced_config_map, KEPT_WORKSPACES, KEPT_WORKSPACES_NAMESPACE)
    return kept is not None and repository not in (kept.data or {}).values()


async def _found(call: Any, name: str, namespace: str) -> Any:  # noqa: ANN401 -- the client's
    try:
        return await call(name, namespace, _request_timeout=_LOOK_SECONDS)
    except ApiException as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise NotKnownError(f"{error.status}: {error.reason}") from error
    except (ClientError, OSError, TimeoutError, TypeError, ValueError) as error:
        raise NotKnownError(f"{type(error).__name__}: {error}") from error


def demand_what_was_lost(notes: Mapping[str, str], person: str, team: str, place: str) -> None:
    """Refuse a workspace into which snapshots are to be put back first.

    ``notes``: the claim's annotations. ``place``: where it is, in words. Raises SpawnRefusedError.
    """
    repository = notes.get(str(Annotation.SNAPSHOT_TO_PUT_BACK))
    if not repository:
        return
    if notes.get(str(Annotation.RESTORE_REQUEST)):
        raise SpawnRefusedError(
            phrase(
                "Your files in %(place)s are being put back from a snapshot. Start the session "
                "again once that is done; an administrator sees how far it is.",
                place=place,
            ),
            kind="workspace",
            status=HTTPStatus.CONFLICT,
        )
    raise SpawnRefusedError(
        phrase(
            "Your home folder in %(place)s was deleted, and snapshots of it are kept. So no "
            "session is started with an empty one. Ask an administrator to put your files back "
            "(gpucommons backup restore), or to let you begin with an empty home folder "
            "(gpucommons workspace begin-empty).",
            place=place,
        ),
        kind="workspace",
        status=HTTPStatus.CONFLICT,
        log_message=(
            f"the workspace of {person} in team {team} was deleted, and {repository} has snapshots "
            f"of it. Put them back: gpucommons backup restore {person} --team {team} --reason "
            f"REASON; or let the person begin without: gpucommons workspace begin-empty {person} "
            f"--team {team} --reason REASON"
        ),
    )
