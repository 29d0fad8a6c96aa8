"""Names of the labels and annotations that sessions, workspaces and teams carry.

The spawner and the account commands write them; culler, accounting, dashboards,
network and admission policies read them and so need neither.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

PREFIX = "gpucommons.io/"
_T = TypeVar("_T")


class Label(StrEnum):
    """Labels: short, selectable, at most 63 characters of ``[A-Za-z0-9_.-]``."""

    TEAM = PREFIX + "team"
    """On a session its team; on a namespace, that it is this team's own."""
    ENVIRONMENT = PREFIX + "environment"
    VERSION = PREFIX + "version"
    SIZE = PREFIX + "size"
    GPU_MODE = PREFIX + "gpu-mode"
    GPU_UNITS = PREFIX + "gpu-units"
    """GPUs charged to the session, a decimal such as ``0.25``; ``0`` without a GPU."""
    TEAM_ADDITION = PREFIX + "team-addition"
    """On an object in a team's namespace: the installation's file of additions made it."""
    QUOTA_GRANT = PREFIX + "quota-grant"
    """On a ConfigMap: it is a quota grant, for a ``user`` or for a ``team``."""
    STANDING_NOTICE = PREFIX + "standing-notice"
    """On a ConfigMap: it is a notice to sessions that start, of ``everybody`` or of ``some``."""
    PEER = PREFIX + "peer"
    """On a ConfigMap: it is a peer of WireGuard that is ``let-in``, or was one (``ended``)."""


class Annotation(StrEnum):
    """Annotations: free text, not selectable."""

    USER = PREFIX + "user"
    """The JupyterHub user name, unescaped."""
    USER_SINCE = PREFIX + "user-since"
    """On a session: when the hub's account was made, as its API writes it. Somebody who gets the
    name of an account that was removed has another moment."""
    SERVER = PREFIX + "server"
    """The name of the named server; empty for the default one."""
    TEAM_UID = PREFIX + "team-uid"
    """On a session: the uid of its team's namespace. A team that is made again has another one."""
    ASKED = PREFIX + "asked"
    """On a session: when somebody pressed *Start*, as of `written_moment`."""
    DISPLAY_NAME = PREFIX + "display-name"
    """On a team's namespace: the team's name for people to read."""
    STORAGE_CLASS = PREFIX + "storage-class"
    """On a team's namespace: the storage class of its workspaces; without it the cluster's."""
    WORKSPACE_SIZE = PREFIX + "workspace-size"
    """On a team's namespace: the size of new workspaces; without it the installation's."""
    WORKSPACE_SIZES = PREFIX + "workspace-sizes"
    """On a team's namespace: some people's own sizes, as JSON by user name."""
    LEADS = PREFIX + "leads"
    """On a team's namespace: who may see what all of it used, as JSON by user name."""
    TEAM_FOLDER = PREFIX + "team-folder"
    """On a team's namespace: sessions there have the team folder, of this size."""
    TEAM_FOLDER_CLASS = PREFIX + "team-folder-class"
    """On a team's namespace: the storage class that was asked for the team folder."""
    DRAIN = PREFIX + "drain"
    """On a node that an administrator takes out of service: by whom, until when its sessions go on,
    and why, as `gpucommons_contract.drains.Drain` has it. Absent otherwise."""
    DRAIN_SESSIONS = PREFIX + "drain-sessions"
    """On such a node: what became of its sessions, as `gpucommons_contract.drains` has it."""
    RETAIN_UNTIL = PREFIX + "retain-until"
    """On a workspace whose owner left: the day, such as ``2027-01-31``, until which it is kept."""
    MOUNTED_AT = PREFIX + "mounted-at"
    """On a workspace: when a session last had it, as of `written_moment`. Where that is not before
    the last good snapshot, it may have changed since."""
    SNAPSHOT_LAST_GOOD = PREFIX + "snapshot-last-good"
    """When its last good snapshot was begun, like all moments here as of `written_moment`."""
    SNAPSHOT_OF = PREFIX + "snapshot-of"
    """On a pod that takes a snapshot: the name of the workspace's claim."""
    SNAPSHOT_OCCASION = PREFIX + "snapshot-occasion"
    """On such a pod: why it does."""
    SNAPSHOT_ID = PREFIX + "snapshot-id"
    SNAPSHOT_FILES = PREFIX + "snapshot-files"
    SNAPSHOT_BYTES = PREFIX + "snapshot-bytes"
    """All its files together, not what they take in the store."""
    SNAPSHOT_INCOMPLETE = PREFIX + "snapshot-incomplete"
    """How many entries could not be read, and are not in the last good snapshot. Absent if none."""
    SNAPSHOT_ERROR = PREFIX + "snapshot-error"
    """Why there is no newer snapshot: a sentence. Absent if the last try succeeded."""
    SNAPSHOT_FAILURES = PREFIX + "snapshot-failures"
    """How many tries in a row have failed."""
    SNAPSHOT_FAILED_AT = PREFIX + "snapshot-failed-at"
    SNAPSHOT_TIDIED = PREFIX + "snapshot-tidied"
    """When old snapshots were last forgotten and their room was given back."""
    SNAPSHOT_TIDY_ERROR = PREFIX + "snapshot-tidy-error"
    SNAPSHOT_TIDY_FAILED_AT = PREFIX + "snapshot-tidy-failed-at"
    SNAPSHOT_WISH = PREFIX + "snapshot-wish"
    """On a workspace: how far somebody's wish for a snapshot now is, or what came of it. On the pod
    that takes one: the wish's id."""
    PASSWORDS_COPIED_AT = PREFIX + "passwords-copied-at"
    """On the Deployment of the controller of the snapshots: when somebody last copied the passwords
    of all repositories to a place outside the cluster."""
    SNAPSHOT_SEALED = PREFIX + "snapshot-sealed"
    """The name of the repository whose password is in each store, sealed for the recovery key."""
    SNAPSHOT_COPIED = PREFIX + "snapshot-copied"
    """All snapshots that were begun before are in the second store, too."""
    SNAPSHOT_COPY_ERROR = PREFIX + "snapshot-copy-error"
    """Why newer ones are not there: a sentence. Absent if the last try succeeded."""
    SNAPSHOT_COPY_FAILED_AT = PREFIX + "snapshot-copy-failed-at"
    SNAPSHOT_COPY_WANTED = PREFIX + "snapshot-copy-wanted"
    """On a workspace with a last snapshot: that is to be in the second store, too."""
    SNAPSHOT_COPY_TIDIED = PREFIX + "snapshot-copy-tidied"
    """When old snapshots were last forgotten in the second store."""
    SNAPSHOT_CHECK_REQUEST = PREFIX + "snapshot-check-request"
    """On a workspace, and on the pod that does it: its snapshots are to be verified, or a last one
    is to be taken. See `gpucommons_contract.workspaces.checks.CheckRequest`."""
    SNAPSHOT_CHECK_STATE = PREFIX + "snapshot-check-state"
    """On a workspace: how far that is. Absent where nothing is asked for."""
    SNAPSHOT_CHECK_RESULT = PREFIX + "snapshot-check-result"
    """On a workspace: what came of the last such request, see `CheckResult`."""
    SNAPSHOT_FINAL = PREFIX + "snapshot-final"
    """On a workspace: when a last snapshot of all that it has was begun, which was verified."""
    BACKUP_REPOSITORY = PREFIX + "backup-repository"
    """The name of the repository with its snapshots, in the store."""
    SNAPSHOT_EARLIER = PREFIX + "snapshot-earlier-repositories"
    """Those of earlier workspaces of the same owner in the same team, the newest first, with blanks
    between. Absent if none."""
    SNAPSHOT_TO_PUT_BACK = PREFIX + "snapshot-to-put-back"
    """On a workspace that was made in place of one that was deleted: the name of that one's
    repository. No session gets the workspace before something was put back, or somebody has said
    that it may be empty."""
    RESTORE_REQUEST = PREFIX + "restore-request"
    """On a workspace: a snapshot is to be put back into a new folder, see `RestoreRequest`. On the
    pod that does it: the same, with the name of the repository."""
    RESTORE_RESULT = PREFIX + "restore-result"
    """On a workspace: what came, or comes, of the last such request. See `RestoreResult`."""


def read_note(read: Callable[[str], _T], text: str | None) -> _T | None:
    """Read what an annotation says; None without one, and where somebody made it unreadable.

    read: raises ValueError for that.
    """
    try:
        return read(text) if text else None
    except ValueError:
        return None
