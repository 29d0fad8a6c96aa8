"""Requests to verify snapshots, or to take a last one: how far they are, and what came of them."""

from dataclasses import replace
from datetime import datetime
from logging import Logger

from gpucommons_contract import Annotation, written_moment
from gpucommons_contract.workspaces.checks import CheckKind, CheckRequest, CheckResult, CheckState

from gpucommons_backup.checking import Checked
from gpucommons_backup.controller.results.outcome import Failed, Good, Outcome
from gpucommons_backup.controller.results.snapshots import notes_on_good
from gpucommons_backup.controller.watching.claims import LONGEST_SENTENCE, Workspace
from gpucommons_backup.controller.watching.due import Cluster
from gpucommons_backup.controller.watching.pods import SnapshotPod


def notes_on_progress(workspace: Workspace, cluster: Cluster, log: Logger) -> dict[str, str | None]:
    """Say how far a workspace's request is; empty if there is none, or if that is said already."""
    if not workspace.check_asked or workspace.deleting:
        return {}
    request = workspace.check
    if request is None:
        log.error("%s: a request that cannot be read is taken away", "/".join(workspace.key))
        return {Annotation.SNAPSHOT_CHECK_REQUEST: None, Annotation.SNAPSHOT_CHECK_STATE: None}
    pod = next((each for each in cluster.pods if each.claim == workspace.key), None)
    state, says = CheckState.WAITING, "It begins as soon as a pod may run for it."
    if pod and pod.check and pod.began:
        state, says = CheckState.RUNNING, ""
    elif pod and pod.check:
        says = "Its pod is about to start."
    elif pod:
        says = "The workspace's snapshots are being worked on. It begins after that."
    elif request.kind == CheckKind.FINAL and cluster.by_claim().get(workspace.key):
        says = "A session has the workspace. The last snapshot is taken once that has ended."
    text = CheckResult(request.id, state, request.kind, says=says).to_json()
    return {} if text == workspace.check_state else {Annotation.SNAPSHOT_CHECK_STATE: text}


def notes_on_check(
    request: CheckRequest | None, came: Outcome, workspace: Workspace, now: datetime
) -> dict[str, str | None]:
    """Say what came of a request, and take it away."""
    request = request or CheckRequest("unknown")
    result = CheckResult(
        request.id, CheckState.GOOD, request.kind, written_moment(now), request.part
    )
    if isinstance(came, Failed):
        state = CheckState.DAMAGED if came.damaged else CheckState.FAILED
        result = replace(result, state=state, says=came.reason[:LONGEST_SENTENCE])
    elif isinstance(came, Checked):
        result = replace(result, snapshot=came.snapshot, not_compared=came.not_compared)
    elif isinstance(came, Good):
        result = replace(result, snapshot=came.snapshot)
        if came.unread:
            says = f"{came.unread} entries could not be read, and are in no snapshot."
            result = replace(result, state=CheckState.FAILED, says=says)
    notes: dict[str, str | None] = {Annotation.SNAPSHOT_CHECK_RESULT: result.to_json()}
    if workspace.check is None or workspace.check.id == request.id:
        notes[Annotation.SNAPSHOT_CHECK_REQUEST] = None
        notes[Annotation.SNAPSHOT_CHECK_STATE] = None
    return notes


def notes_on_last(
    pod: SnapshotPod, came: Outcome, workspace: Workspace, now: datetime, *, is_used: bool
) -> dict[str, str | None]:
    """Say that there is a last snapshot, which was verified; empty if there is none."""
    if not isinstance(came, Good):
        return {}
    notes = notes_on_good(came, workspace, pod.created, now, is_used=is_used)
    if not came.unread:
        notes[Annotation.SNAPSHOT_FINAL] = notes[Annotation.SNAPSHOT_LAST_GOOD]
    return notes
