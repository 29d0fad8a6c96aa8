"""The pod that takes a snapshot or puts one back, and the Secret with its repository's keys."""

import hashlib
from collections.abc import Mapping
from typing import Any

from gpucommons_contract import Annotation
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.controller.settings import ExcludeSettings, Settings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import Due
from gpucommons_backup.controller.watching.pods import (
    COMPONENT,
    COPIES,
    COPY,
    COPY_TIDY,
    RESTORE,
    SNAPSHOT,
    TIDY,
    VERIFY,
    WITHOUT_VOLUME,
    Session,
)
from gpucommons_backup.taking import Occasion

WORKSPACE = "/workspace"
_PROGRAM = ["python3", "-m", "gpucommons_backup"]
_PREFIX = "snapshot-"
_LONGEST_NAME = 63
_USER, _GROUP = 1000, 100
"""Those of sessions."""
_SCRATCH = "1Gi"
_RESTIC_S_MEMORY = "400MiB"
"""Near which it collects garbage more often. Of half a million files it needs about as much, and
our own program little beside it."""


def pod_name(claim: str) -> str:
    """Name the pod of a claim. Of two pods with one name, Kubernetes makes one.

    So no two programs ever use a repository at a time, and one that begins may remove all locks.
    """
    name = f"{_PREFIX}{claim}"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(claim.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9].rstrip('-.')}-{digest}"


def secret_manifest(workspace: Workspace, values: Mapping[str, str]) -> Manifest:
    """Return the Secret of a pod: restic's variables. It goes with the claim, if not before."""
    namespace, claim = workspace.key
    owner = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": claim,
        "uid": workspace.uid,
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": pod_name(claim),
            "namespace": namespace,
            "labels": _labels(),
            "ownerReferences": [owner],
        },
        "type": "Opaque",
        "stringData": dict(values),
    }


def pod_manifest(due: Due, settings: Settings) -> Manifest:
    """Return the pod that does what is due."""
    namespace, claim = due.workspace.key
    name = pod_name(claim)
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": _longest_minutes(due, settings) * 60,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _GROUP,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(name, due, settings)],
        "volumes": _volumes(claim, due.occasion),
        "tolerations": _tolerations(settings, due.near),
    }
    if settings.priority_class:
        spec["priorityClassName"] = settings.priority_class
    if due.near:
        spec["affinity"] = _beside(due.near.node)
    notes = {
        str(Annotation.SNAPSHOT_OF): claim,
        str(Annotation.SNAPSHOT_OCCASION): str(due.occasion),
    }
    if due.occasion == RESTORE:
        notes[str(Annotation.RESTORE_REQUEST)] = due.workspace.asked
    if due.occasion == Occasion.PERSON and due.workspace.wish:
        notes[str(Annotation.SNAPSHOT_WISH)] = due.workspace.wish.id
    if due.occasion in (VERIFY, Occasion.FINAL):
        notes[str(Annotation.SNAPSHOT_CHECK_REQUEST)] = due.workspace.check_asked
    metadata = {"name": name, "namespace": namespace, "labels": _labels(), "annotations": notes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(name: str, due: Due, settings: Settings) -> Manifest:
    mounts: list[Manifest] = [{"name": "scratch", "mountPath": "/tmp"}]  # noqa: S108 -- in the pod
    mount: Manifest = {"name": "workspace", "mountPath": WORKSPACE}
    if due.occasion == COPY:
        expected = ["--expected"] if due.workspace.copied else []
        command = [*_PROGRAM, "copy", *expected]
    elif due.occasion in (TIDY, COPY_TIDY):
        command = [*_PROGRAM, "tidy", *_kept(settings)]
    elif due.occasion == RESTORE:
        command = [*_PROGRAM, "restore", WORKSPACE, *_which(due.workspace)]
        mounts.insert(0, mount)
    elif due.occasion == VERIFY:
        command = [*_PROGRAM, "verify", *_checked(due.workspace)]
    else:
        expected = ["--expected"] if due.workspace.has_snapshot else []
        command = [*_PROGRAM, "snapshot", WORKSPACE, *expected, "--occasion", due.occasion]
        command += _left_out(settings)
        command += ["--verified"] if due.occasion == Occasion.FINAL else []
        mounts.insert(0, mount | {"readOnly": True})
    variables = {
        "GOMEMLIMIT": _RESTIC_S_MEMORY,
        "HOME": "/tmp",  # noqa: S108
        "RESTIC_CACHE_DIR": "/tmp/cache",  # noqa: S108
    }
    return {
        "name": "snapshot",
        "image": settings.image,
        "command": command,
        "env": [{"name": key, "value": value} for key, value in variables.items()],
        "envFrom": [{"secretRef": {"name": name}}],
        "volumeMounts": mounts,
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"memory": "512Mi"},
        },
        # A program that falls over leaves no report; the end of its output says why.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _longest_minutes(due: Due, settings: Settings) -> int:
    if due.occasion in COPIES and settings.copies:
        return settings.copies.longest_minutes
    return settings.longest_minutes


def _which(workspace: Workspace) -> list[str]:
    request = workspace.restore
    if request and request.cancelled:
        return ["--remove"]
    if request and request.snapshot:
        return [f"--snapshot={request.snapshot}"]
    if request and request.moment:
        return ["--at", request.moment.isoformat()]
    return []


def _checked(workspace: Workspace) -> list[str]:
    part = [f"--part={workspace.check.part}"] if workspace.check else []
    return [*part, *([f"--expected={workspace.snapshot}"] if workspace.snapshot else [])]


def _kept(settings: Settings) -> list[str]:
    retention = settings.retention
    numbers = retention.model_dump(exclude={"tags"})
    arguments = [
        part for name, value in numbers.items() for part in (f"--{name.replace('_', '-')}", value)
    ]
    tags = [part for tag in retention.tags for part in ("--keep-tag", tag)]
    return [*map(str, arguments), *tags]


def _left_out(settings: Settings) -> list[str]:
    excludes, usual = settings.excludes, ExcludeSettings()
    largest = [f"--largest={excludes.largest}"] if excludes.largest != usual.largest else []
    return [*(f"--leave-out={each}" for each in excludes.names), *largest]


def _volumes(claim: str, occasion: str) -> list[Manifest]:
    scratch: Manifest = {"name": "scratch", "emptyDir": {"sizeLimit": _SCRATCH}}
    if occasion in WITHOUT_VOLUME:
        return [scratch]
    source: Manifest = {"claimName": claim}
    if occasion != RESTORE:
        source["readOnly"] = True
    return [{"name": "workspace", "persistentVolumeClaim": source}, scratch]


def _tolerations(settings: Settings, near: Session | None) -> list[Manifest]:
    found: list[Manifest] = []
    for each in (*settings.tolerations, *(near.tolerations if near else ())):
        if each not in found:
            found.append(each)
    return found


def _beside(node: str) -> Manifest:
    """Have the scheduler put it on that node. A pod that names it itself would pass it over."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _labels() -> dict[str, str]:
    return {COMPONENT: SNAPSHOT, "app.kubernetes.io/part-of": "gpu-commons"}
