"""What came of a pod that took a snapshot: its report, or a sentence that says what to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.checking import Checked
from gpucommons_backup.errors import DAMAGED, HALF_MADE
from gpucommons_backup.restoring import Restored

_LARGE = (
    "The snapshot needed more memory than its pod may have: the workspace has too many files. "
    "Put an empty file .nobackup into folders that can be made again, and they are left out."
)
_BY_REASON = {
    "DeadlineExceeded": (
        "The snapshot took longer than longest_minutes allows. If the store is not slow, raise it "
        "in the settings; what was uploaded is kept, and the next try goes on from there."
    ),
    "Evicted": (
        "The node of the snapshot ran short of something and ended it. It is tried again; if that "
        "happens often, lower at_once in the settings. The node says: %s"
    ),
    "Preempting": "Something of a higher priority needed the snapshot's place. It is tried again.",
    "Terminated": "The node of the snapshot was shut down. It is tried again.",
    "NodeShutdown": "The node of the snapshot was shut down. It is tried again.",
    "NodeLost": "The node of the snapshot does not answer any more. It is tried again elsewhere.",
}
VANISHED = (
    "The pod that took the snapshot was deleted before it was done: by hand, with its node, or to "
    "empty the node. It is tried again."
)
_NOT_VERIFIED = {
    "OOMKilled": (
        "Verifying needed more memory than the pod may have: the workspace has too many files. Use "
        "restic by hand: restic check --read-data."
    ),
    "DeadlineExceeded": (
        "Verifying took longer than longest_minutes allows. Raise it in the settings of the "
        "snapshots, or verify a part at a time (--part 1/20), and give the command again."
    ),
}
_NOT_RESTORED = {
    "OOMKilled": (
        "Putting the files back needed more memory than the pod may have: the workspace has too "
        "many files. Put back what is needed with restic by hand."
    ),
    "DeadlineExceeded": (
        "Putting the files back took longer than longest_minutes allows. Raise it in the settings "
        "of the snapshots, and give the command again."
    ),
}
_UNREADABLE = (
    "The snapshot's program ended well but left no report that can be read. Check that the image "
    "in the settings is of the same version as the controller."
)
_NOT_COPIED = {
    "OOMKilled": (
        "Copying into the second store needed more memory than its pod may have: the workspace has "
        "too many files. Copy its repository by hand: restic copy."
    ),
    "DeadlineExceeded": (
        "Copying took longer than copy.longest_minutes allows. Raise it in the settings; snapshots "
        "that were copied stay, and the next try goes on from there."
    ),
}


@dataclass(frozen=True, slots=True)
class Good:
    """All that is to be kept is in a snapshot."""

    snapshot: str
    """Its id; empty where there is nothing to be kept."""
    files: int
    size: int  # bytes
    unread: int = 0
    """Entries that are not in it, because they could not be read."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """Old snapshots are forgotten."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not come about. reason is a full sentence."""

    reason: str
    half_made: bool = False
    """Whether that was because the repository had not been made to its end."""
    damaged: bool = False
    """Whether what the store has is not what was kept."""


Outcome = Good | Tidied | Restored | Checked | Failed


def outcome_of(
    pod: Manifest,
    *,
    tidies: bool = False,
    restores: bool = False,
    verifies: bool = False,
    copies: bool = False,
) -> Outcome | None:
    """Judge a pod; None while it is not over."""
    status = pod.get("status") or {}
    ended = _terminated(status)
    if status.get("phase") not in ("Succeeded", "Failed"):
        return None
    if ended is None or ended.get("exitCode") != 0:
        asked = _NOT_RESTORED if restores else _NOT_VERIFIED
        is_asked = restores or verifies
        why = _why_asked(status, ended or {}, asked) if is_asked else _why(status, ended or {})
        if copies:
            why = _why_not_copied(status, ended or {})
        code = (ended or {}).get("exitCode")
        return Failed(why, half_made=code == HALF_MADE, damaged=code == DAMAGED)
    if tidies:
        return Tidied()
    try:
        said = json.loads(ended.get("message") or "")
        if restores or verifies:
            return _of_kind(Restored if restores else Checked, said)
        return Good(said["snapshot"], int(said["files"]), int(said["size"]), _unread(said))
    except (ValueError, KeyError, TypeError):
        return Failed(_UNREADABLE)


def _of_kind(kind: type[Restored] | type[Checked], said: Mapping[str, Any]) -> Restored | Checked:
    return kind(**{each.name: said[each.name] for each in fields(kind)})


def trouble_at_start(pod: Manifest) -> str:
    """Say why a pod has not begun, as scheduler and kubelet say it."""
    status = pod.get("status") or {}
    for container in status.get("containerStatuses") or ():
        if waiting := (container.get("state") or {}).get("waiting"):
            return _joined(waiting)
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return _joined(condition)
    return "nothing is said of it"


def _joined(said: Mapping[str, Any]) -> str:
    return ": ".join(str(said[key]) for key in ("reason", "message") if said.get(key))


def _terminated(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    containers = status.get("containerStatuses") or ()
    ended = ((each.get("state") or {}).get("terminated") for each in containers)
    return next(filter(None, ended), None)


def _why(status: Mapping[str, Any], ended: Mapping[str, Any]) -> str:
    if ended.get("reason") == "OOMKilled":
        return _LARGE
    if sentence := _BY_REASON.get(status.get("reason", "")):
        return sentence.replace("%s", status.get("message") or "nothing.")
    if message := (ended.get("message") or "").strip():
        return str(message)
    code = ended.get("exitCode")
    how = "was ended" if code is None else f"ended with exit code {code}"
    said = f": {status['message']}" if status.get("message") else ""
    return f"The snapshot's program {how} and said nothing{said}. It is tried again."


def _why_not_copied(status: Mapping[str, Any], ended: Mapping[str, Any]) -> str:
    for reason in (ended.get("reason"), status.get("reason")):
        if sentence := _NOT_COPIED.get(reason or ""):
            return sentence
    return _why(status, ended)


def _why_asked(
    status: Mapping[str, Any], ended: Mapping[str, Any], sentences: Mapping[str, str]
) -> str:
    """Say why what somebody asked for did not come about: it is not tried again by itself."""
    for reason in (ended.get("reason"), status.get("reason")):
        if sentence := sentences.get(reason or ""):
            return sentence
    if not status.get("reason") and (message := (ended.get("message") or "").strip()):
        return str(message)
    why = status.get("message") or status.get("reason") or f"exit code {ended.get('exitCode')}"
    what = "put the files back" if sentences is _NOT_RESTORED else "verified the snapshots"
    return f"The pod that {what} was ended: {why}. Give the command again."


def _unread(said: Mapping[str, Any]) -> int:
    return int(said.get("unread_count", len(said.get("unread") or ())))
