"""The claim with a person's files in a team: whose it is, and on how many nodes it can be used.

Kubernetes attaches a volume that is ReadWriteOnce to one node. A second session elsewhere would
hold a GPU and wait for ever.
Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import ClientError
from gpucommons_contract import Annotation, written_moment
from kubernetes_asyncio.client import ApiException, V1Affinity, V1Pod, V1PodAffinity
from kubespawner.utils import get_k8s_model

from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.kubernetes.pod_api import NotKnownError
from gpucommons_spawner.pod_state.near_files import near_files

_MANY_NODES = {"ReadWriteMany", "ReadOnlyMany"}
_NOTE_SECONDS = 5.0
"""How long a start waits for a note on its workspace, without which it goes on."""


@contextmanager
def claims_only() -> Iterator[None]:
    """Turn what the client raises on an answer that is not a claim into NotKnownError."""
    try:
        yield
    except (TypeError, ValueError, AttributeError) as error:
        raise NotKnownError(f"the answer of the API server is not a claim: {error}") from error


@dataclass(frozen=True, slots=True)
class UsableClaim:
    """A person's claim that a session may have."""

    uid: str
    on_one_node: bool
    """Whether it can be used on one node at a time."""
    notes: Mapping[str, str]
    """Its annotations."""


async def usable_claim(
    api: Any,  # noqa: ANN401 -- the client's CoreV1Api
    name: str,
    namespace: str,
    person: str,
    place: str,
) -> UsableClaim:
    """Look at a person's claim.

    place: where it is, in words.

    Somebody new may have got an old name, and two names may lead to one workspace: an
    administrator must say whose files they are. Raises SpawnRefusedError if its owner has left
    or is somebody else, and NotKnownError.
    """
    with claims_only():
        found = await api.read_namespaced_persistent_volume_claim(name, namespace)
        notes = dict(found.metadata.annotations or {})
        claim = UsableClaim(found.metadata.uid, is_on_one_node(found.spec.access_modes), notes)
    where = f"the workspace {name} in {namespace}"
    if until := notes.get(str(Annotation.RETAIN_UNTIL)):
        raise _kept_for_another(person, place, where, until)
    owner = notes.get(str(Annotation.USER), person)
    if owner != person:
        raise _of_another(person, place, where, owner)
    return claim


async def note_start(api: Any, name: str, namespace: str, now: datetime) -> None:  # noqa: ANN401
    """Put on a claim that a session has it from now on, by which backups know what may change.

    Raises NotKnownError where that is not possible.
    """
    body = {"metadata": {"annotations": {str(Annotation.MOUNTED_AT): written_moment(now)}}}
    try:
        with claims_only():
            await api.patch_namespaced_persistent_volume_claim(
                name,
                namespace,
                body,
                _content_type="application/merge-patch+json",
                _request_timeout=_NOTE_SECONDS,
            )
    except (ApiException, ClientError, OSError, TimeoutError) as error:
        raise NotKnownError(f"{type(error).__name__}: {error}") from error


def is_on_one_node(access_modes: Iterable[str] | None) -> bool:
    """Whether a claim with these modes can be used on one node at a time."""
    return _MANY_NODES.isdisjoint(access_modes or ())


def keep_together(pod: V1Pod) -> None:
    """Have the scheduler put a session where the others of this person in this team run.

    The first one may be anywhere: a pod that itself is what its rule asks for is let in where
    there is no other. Source: Kubernetes, pkg/scheduler/framework/plugins/interpodaffinity.
    """
    affinity = get_k8s_model(V1Affinity, pod.spec.affinity or {})
    near = get_k8s_model(V1PodAffinity, affinity.pod_affinity or {})
    required = near.required_during_scheduling_ignored_during_execution or []
    near.required_during_scheduling_ignored_during_execution = [
        *required,
        near_files(pod.metadata.labels),
    ]
    affinity.pod_affinity = near
    pod.spec.affinity = affinity


def _kept_for_another(person: str, place: str, where: str, until: str) -> SpawnRefusedError:
    return SpawnRefusedError(
        f"The files of {person} in {place} are those of somebody who left; "
        f"they are kept until {until}. If they are yours, ask an administrator to give "
        "them back to you.",
        kind="workspace",
        status=HTTPStatus.CONFLICT,
        log_message=(
            f"{where} is archived; give it back with: gpucommons workspace restore {person}"
        ),
    )


def _of_another(person: str, place: str, where: str, owner: str) -> SpawnRefusedError:
    """Turn down a workspace by whose name alone it would be this person's."""
    return SpawnRefusedError(
        f"The workspace in {place} that has your name belongs to somebody else, so it "
        "is not given to you. Ask an administrator whose files they are.",
        kind="workspace",
        status=HTTPStatus.CONFLICT,
        log_message=(
            f"{where} is noted as {owner}'s, and {person} asks for it; if it is theirs, set its "
            f"annotation {Annotation.USER} to {person}"
        ),
    )
