"""Requests to put a snapshot back: how far they are, and what came of them."""

from dataclasses import replace
from datetime import datetime
from logging import Logger

from gpucommons_contract import (
    Annotation,
    RestoreRequest,
    RestoreResult,
    RestoreState,
    written_moment,
)

from gpucommons_backup.controller.results.outcome import Failed, Outcome
from gpucommons_backup.controller.watching.claims import LONGEST_SENTENCE, Workspace
from gpucommons_backup.controller.watching.due import Cluster, Due, waits_for
from gpucommons_backup.controller.watching.pods import SnapshotPod
from gpucommons_backup.restoring import Restored


def resolved(due: Due, repository: str) -> Due:
    """Return the same with a request that names the repository."""
    request = due.workspace.restore
    assert request
    asked = replace(request, repository=repository).to_json()
    return replace(due, workspace=replace(due.workspace, asked=asked))


def to_cancel(cluster: Cluster) -> list[SnapshotPod]:
    """Return the pods that put back what is not wanted any more."""
    found = []
    for pod in cluster.pods:
        workspace = cluster.workspaces.get(pod.claim)
        request = workspace.restore if workspace else None
        is_at_work = pod.restores and not pod.over and pod.deleted_at is None
        if is_at_work and request and request.cancelled and not _removes(pod):
            found.append(pod)
    return found


def is_to_be_removed(pod: SnapshotPod, workspace: Workspace, came: Outcome) -> bool:
    """Whether a pod failed because its request was cancelled, so that another one follows it."""
    request = workspace.restore
    cancelled = request is not None and request.cancelled and not _removes(pod)
    return pod.restores and cancelled and isinstance(came, Failed)


def _removes(pod: SnapshotPod) -> bool:
    return pod.restore is not None and pod.restore.cancelled


def notes_on_progress(workspace: Workspace, cluster: Cluster, log: Logger) -> dict[str, str | None]:
    """Say how far a workspace's request is; empty if there is none, or if that is said already."""
    if not workspace.asked or workspace.deleting:
        return {}
    request = workspace.restore
    if request is None:
        log.error("%s: a request that cannot be read is taken away", "/".join(workspace.key))
        return {Annotation.RESTORE_REQUEST: None}
    pod = next((each for each in cluster.pods if each.claim == workspace.key), None)
    state, says = RestoreState.WAITING, ""
    if pod and not pod.restores:
        says = "The workspace's snapshots are being worked on. It begins after that."
    elif pod and pod.began:
        state = RestoreState.RUNNING
    elif pod:
        says = "Its pod is about to start."
    else:
        sessions = cluster.by_claim().get(workspace.key, [])
        says = waits_for(workspace, sessions) or "It begins as soon as a pod may run for it."
    text = RestoreResult(request.id, state, says).to_json()
    return {} if text == workspace.answered else {Annotation.RESTORE_RESULT: text}


def notes_on_restore(
    request: RestoreRequest | None, came: Outcome, workspace: Workspace, now: datetime
) -> dict[str, str | None]:
    """Say what came of a request, and take it away."""
    request = request or RestoreRequest("unknown")
    result = RestoreResult(request.id, RestoreState.FAILED, repository=request.repository)
    notes: dict[str, str | None] = {}
    if isinstance(came, Restored) and request.cancelled:
        result = replace(result, state=RestoreState.CANCELLED)
    elif isinstance(came, Restored):
        result = replace(
            result,
            state=RestoreState.DONE,
            snapshot=came.snapshot,
            moment=came.moment,
            folder=came.folder,
            files=came.files,
            size=came.size,
            left_out=came.left_out,
            not_compared=came.not_compared,
        )
        notes[Annotation.SNAPSHOT_TO_PUT_BACK] = None
        # What is new belongs in a snapshot.
        notes[Annotation.MOUNTED_AT] = written_moment(workspace.moment_of_use(now))
    elif isinstance(came, Failed):
        result = replace(result, says=came.reason[:LONGEST_SENTENCE])
    notes[Annotation.RESTORE_RESULT] = result.to_json()
    if workspace.restore is None or workspace.restore.id == request.id:
        notes[Annotation.RESTORE_REQUEST] = None
    return notes
