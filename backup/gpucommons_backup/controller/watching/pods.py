"""Pods that matter to snapshots: sessions, which have workspaces, and those that take snapshots."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract import (
    Annotation,
    RestoreRequest,
    read_moment,
    read_note,
    read_restore_request,
)
from gpucommons_contract.workspaces.checks import CheckRequest, read_check_request
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.controller.watching.claims import Key

COMPONENT = "component"
SESSION = "singleuser-server"
SNAPSHOT = "snapshot"
POD_SELECTOR = f"{COMPONENT} in ({SESSION}, {SNAPSHOT})"
TIDY = "tidy"
"""In place of an occasion: the pod takes no snapshot, it forgets old ones."""
RESTORE = "restore"
"""In place of an occasion: the pod puts a snapshot back into a new folder of the workspace."""
COPY = "copy"
"""In place of an occasion: the pod copies the repository into the second store."""
COPY_TIDY = "copy-tidy"
"""In place of an occasion: the pod forgets old snapshots in the second store."""
VERIFY = "verify"
"""In place of an occasion: the pod verifies what the store has of the workspace."""
COPIES = frozenset({COPY, COPY_TIDY})
WITHOUT_VOLUME = COPIES | {TIDY, VERIFY}
"""Of these the pods have no workspace: they are in nobody's way."""
_OVER = ("Succeeded", "Failed")
_FOR_NODES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
"""Taints that Kubernetes lets every pod tolerate for five minutes."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session's pod that has claims, or is about to."""

    claims: frozenset[Key]
    created: datetime
    node: str = ""
    """Empty as long as it has none."""
    runs: bool = False
    tolerations: tuple[Manifest, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotPod:
    """A pod that takes a snapshot of a claim, puts one back, or works on its repository."""

    claim: Key
    name: str
    uid: str
    occasion: str
    created: datetime
    node: str = ""
    began: bool = False
    """Whether its program runs, or did."""
    over: bool = False
    deleted_at: datetime | None = None
    """When it must be gone, if somebody has deleted it."""
    restore: RestoreRequest | None = None
    """What it puts back, if it does."""

    check: CheckRequest | None = None
    """What it verifies, or takes a last snapshot for."""
    wish: str = ""
    """Id of the wish because of which it takes a snapshot."""

    @property
    def tidies(self) -> bool:
        """Whether it only tidies."""
        return self.occasion == TIDY

    @property
    def copies(self) -> bool:
        """Whether it works on the second store."""
        return self.occasion in COPIES

    @property
    def restores(self) -> bool:
        """Whether it puts a snapshot back."""
        return self.occasion == RESTORE


def session_of(pod: Manifest) -> Session | None:
    """Read a session's pod; None for one that has no volume: it is over, or waits in a queue."""
    spec, status = pod["spec"], pod.get("status") or {}
    if status.get("phase") in _OVER or spec.get("schedulingGates"):
        return None
    metadata = pod["metadata"]
    volumes = (each.get("persistentVolumeClaim") for each in spec.get("volumes") or ())
    return Session(
        claims=frozenset((metadata["namespace"], each["claimName"]) for each in volumes if each),
        created=read_moment(metadata["creationTimestamp"]),
        node=spec.get("nodeName") or "",
        runs=status.get("phase") == "Running",
        tolerations=tuple(
            each for each in spec.get("tolerations") or () if each.get("key") not in _FOR_NODES
        ),
    )


def snapshot_pod_of(pod: Manifest) -> SnapshotPod:
    """Read a pod of ours. One without our annotations is of a claim that does not exist."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    notes = metadata.get("annotations") or {}
    deleted = metadata.get("deletionTimestamp")
    return SnapshotPod(
        claim=(metadata["namespace"], notes.get(Annotation.SNAPSHOT_OF, "")),
        name=metadata["name"],
        uid=metadata["uid"],
        occasion=notes.get(Annotation.SNAPSHOT_OCCASION, ""),
        created=read_moment(metadata["creationTimestamp"]),
        node=pod["spec"].get("nodeName") or "",
        began=status.get("phase") not in (None, "Pending"),
        over=status.get("phase") in _OVER,
        deleted_at=read_moment(deleted) if deleted else None,
        restore=read_note(read_restore_request, notes.get(Annotation.RESTORE_REQUEST)),
        check=read_note(read_check_request, notes.get(Annotation.SNAPSHOT_CHECK_REQUEST)),
        wish=notes.get(Annotation.SNAPSHOT_WISH, ""),
    )


def is_stuck(pod: SnapshotPod, now: datetime) -> bool:
    """Whether a deleted pod should long be gone: its node does not answer."""
    return pod.deleted_at is not None and now > pod.deleted_at + timedelta(minutes=2)


def is_late(pod: SnapshotPod, now: datetime) -> bool:
    """Whether a pod should long have begun."""
    waited = now - pod.created
    return not pod.began and pod.deleted_at is None and waited > timedelta(minutes=15)
