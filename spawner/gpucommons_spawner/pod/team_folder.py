"""The claim that a team's sessions have in common: whether it can be mounted, and its mount."""

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import ClientError
from gpucommons_contract import TEAM_FOLDER_CLAIM, SessionVariable
from kubernetes_asyncio.client import (
    ApiException,
    V1EnvVar,
    V1PersistentVolumeClaimVolumeSource,
    V1Pod,
    V1Volume,
    V1VolumeMount,
)

from gpucommons_spawner.kubernetes.pod_api import NotKnownError
from gpucommons_spawner.pod.workspace import claims_only, note_start

_VOLUME = "team-folder"
_BY_MANY = "ReadWriteMany"
_DRIVER_ASKED = "volume.kubernetes.io/storage-provisioner"
"""Annotation of a claim whose volume Kubernetes has asked a storage driver for.
Source: https://kubernetes.io/docs/reference/labels-annotations-taints/"""
_LOOK_SECONDS = 5.0


class _Spawner(Protocol):
    api: Any
    namespace: str
    team_folder_path: str
    log: logging.Logger


async def have_team_folder(spawner: _Spawner, pod: V1Pod) -> bool:
    """Let a pod that is to be made have the folder; False where it could not start with it."""
    where = f"{TEAM_FOLDER_CLAIM} in {spawner.namespace}"
    try:
        trouble = await trouble_with_team_folder(spawner.api, spawner.namespace)
    except NotKnownError as error:
        trouble = f"it could not be looked at: {error}"
    if trouble:
        spawner.log.warning("a session starts without the team folder %s: %s", where, trouble)
        return False
    mount_team_folder(pod, spawner.team_folder_path)
    try:
        await note_start(spawner.api, TEAM_FOLDER_CLAIM, spawner.namespace, datetime.now(UTC))
    except NotKnownError as error:
        spawner.log.warning("no start was noted on %s; backups see its pod alone: %s", where, error)
    return True


async def trouble_with_team_folder(api: Any, namespace: str) -> str:  # noqa: ANN401 -- a client
    """Look at a team's claim: why a session could not start with it, for the log; empty if it can.

    A claim without a volume is taken as long as no driver was asked for one: it waits for its
    first session. Raises NotKnownError.
    """
    try:
        with claims_only():
            claim = await api.read_namespaced_persistent_volume_claim(
                TEAM_FOLDER_CLAIM, namespace, _request_timeout=_LOOK_SECONDS
            )
            return _trouble(claim)
    except ApiException as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return "there is no such claim"
        raise NotKnownError(f"{error.status}: {error.reason}") from error
    except (ClientError, OSError, TimeoutError) as error:
        raise NotKnownError(f"{type(error).__name__}: {error}") from error


def _trouble(claim: Any) -> str:  # noqa: ANN401 -- of the client
    if claim.metadata.deletion_timestamp:
        return "it is being deleted"
    if _BY_MANY not in (claim.spec.access_modes or ()):
        return f"it is not {_BY_MANY}"
    phase = claim.status.phase
    if phase == "Bound":
        return ""
    if phase != "Pending":
        return f"its volume is {phase}"
    if _DRIVER_ASKED in (claim.metadata.annotations or {}):
        return "the storage driver was asked for its volume, and has not made it"
    return "" if claim.spec.storage_class_name else "it has no storage class and no volume"


def mount_team_folder(pod: V1Pod, path: str) -> None:
    """Let a session have the claim at a path, and know of it."""
    source = V1PersistentVolumeClaimVolumeSource(claim_name=TEAM_FOLDER_CLAIM)
    volume = V1Volume(name=_VOLUME, persistent_volume_claim=source)
    pod.spec.volumes = [*(pod.spec.volumes or ()), volume]
    session = pod.spec.containers[0]
    mount = V1VolumeMount(name=_VOLUME, mount_path=path)
    session.volume_mounts = [*(session.volume_mounts or ()), mount]
    session.env = [*(session.env or ()), V1EnvVar(SessionVariable.TEAM_FOLDER.value, path)]
