"""Which pods are to be started now, and which must get out of a session's way. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract.workspaces.checks import CheckKind

from gpucommons_backup.controller.watching.claims import Key, Workspace
from gpucommons_backup.controller.watching.pods import (
    COPY,
    RESTORE,
    TIDY,
    VERIFY,
    WITHOUT_VOLUME,
    Session,
    SnapshotPod,
)
from gpucommons_backup.taking import Occasion

WEEK = timedelta(days=7)
"""How long after the last time old snapshots are forgotten."""
_AFTER_UNTIDIED = timedelta(days=1)
LEAD = 1 / 30
"""Part of the age that a snapshot beside a session may have, by which the next one is begun earlier
so that it is there by then: two minutes of an hour."""
_SOON = timedelta(minutes=1)
_WAITING = 4
"""How many times as many pods as may run at once there are, with those that wait for a node."""
_ORDER = (*(RESTORE, Occasion.PERSON, Occasion.FINAL, Occasion.ENDED, Occasion.LIVE, VERIFY, TIDY),)


@dataclass(frozen=True, slots=True)
class Due:
    """A pod that is to be started for a workspace."""

    workspace: Workspace
    occasion: str
    """An `Occasion`, RESTORE, VERIFY, or TIDY."""
    since: datetime
    near: Session | None = None
    """The session beside which it must run, because its volume can be on one node alone."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is known of the cluster."""

    workspaces: dict[Key, Workspace]
    sessions: tuple[Session, ...] = ()
    pods: tuple[SnapshotPod, ...] = ()

    def replace(self, workspace: Workspace | None) -> None:
        """Take what is known of a workspace now."""
        if workspace and workspace.key in self.workspaces:
            self.workspaces[workspace.key] = workspace

    def by_claim(self) -> Mapping[Key, list[Session]]:
        """Return the sessions that have each claim, or are about to."""
        found: dict[Key, list[Session]] = defaultdict(list)
        for session in self.sessions:
            for claim in session.claims:
                found[claim].append(session)
        return found


def all_due(
    cluster: Cluster,
    now: datetime,
    live_minutes: int,
    *,
    tidies: bool,
    just_left: Container[Key] = (),
) -> list[Due]:
    """Return all that is due, the most urgent first; what already has a pod is not.

    ``just_left``: claims whose session has ended a moment ago. Another one may come at once, as
    when somebody takes another size, and would have to wait for the snapshot.
    """
    sessions = cluster.by_claim()
    taken = {pod.claim for pod in cluster.pods}
    longest = timedelta(minutes=live_minutes)
    found = [
        due
        for key, workspace in cluster.workspaces.items()
        if key not in taken and not workspace.deleting
        if key not in just_left or workspace.is_asked
        if (due := _of_workspace(workspace, sessions.get(key, []), now, longest, tidies=tidies))
    ]
    return sorted(found, key=_urgency)


def _urgency(due: Due) -> tuple[int, bool, datetime]:
    """Where one after another fails, it does not keep the others from being tried."""
    return _ORDER.index(due.occasion), due.workspace.failures > 0, due.since


def room(cluster: Cluster, now: datetime, at_once: int) -> int:
    """Return how many more pods may be started, beside those that copy.

    Those that wait for a node hold up others for a minute only, unless there are very many.
    """
    pods = [pod for pod in cluster.pods if _is_at_work(pod) and not pod.copies]
    busy = [pod for pod in pods if pod.began or now - pod.created <= _SOON]
    return max(0, min(at_once - len(busy), _WAITING * at_once - len(pods)))


def to_start(cluster: Cluster, due: list[Due], now: datetime, at_once: int) -> list[Due]:
    """Return what there is room for, of all that is due.

    Where several pods may run at once, those that verify leave a place: they take hours.
    """
    verifying = sum(_is_at_work(pod) and pod.occasion == VERIFY for pod in cluster.pods)
    most = max(0, max(1, at_once - 1) - verifying)
    held = {each.workspace.key for each in [e for e in due if e.occasion == VERIFY][most:]}
    return [each for each in due if each.workspace.key not in held][: room(cluster, now, at_once)]


def room_for_copies(cluster: Cluster, at_once: int) -> int:
    """Return how many more pods may be started that work on the second store."""
    return max(0, at_once - sum(_is_at_work(pod) and pod.copies for pod in cluster.pods))


def _is_at_work(pod: SnapshotPod) -> bool:
    return not pod.over and pod.deleted_at is None


def in_the_way(cluster: Cluster) -> list[SnapshotPod]:
    """Return the pods that must end at once: a session needs their volume elsewhere.

    Those of a workspace that is being deleted, which they would hold up, are among them, and of one
    that is gone: what they would still write into the stores is to be erased, perhaps. So are those
    for which somebody would wait too long.
    """
    sessions = cluster.by_claim()
    return [
        pod
        for pod in cluster.pods
        if _is_at_work(pod)
        and _must_end(pod, cluster.workspaces.get(pod.claim), sessions.get(pod.claim, ()))
    ]


def _of_workspace(
    workspace: Workspace,
    sessions: list[Session],
    now: datetime,
    longest: timedelta,
    *,
    tidies: bool,
) -> Due | None:
    due = (
        _restore(workspace, sessions, now)
        or _wished(workspace, sessions, now)
        or _last(workspace, sessions, now)
    )
    if due is None and not workspace.pauses(now):
        if sessions:
            due = _live(workspace, sessions, now, longest)
        elif workspace.may_have_changed and workspace.mounted_at:
            due = Due(workspace, Occasion.ENDED, workspace.mounted_at)
    if due is None and workspace.check and workspace.check.kind == CheckKind.VERIFY:
        due = Due(workspace, VERIFY, now)
    return due or (_tidy(workspace, now) if tidies else None)


def waits_for(workspace: Workspace, sessions: Iterable[Session]) -> str:
    """Say why nothing can be put back, or taken on request, now; empty if it can."""
    if workspace.for_one_pod and any(sessions):
        return (
            "A session has the workspace, whose volume one pod alone can have. It begins once that "
            "session has ended."
        )
    if workspace.on_one_node and not all(each.node for each in sessions):
        return (
            "A session with this workspace is about to start, and the volume can be on one node at "
            "a time. It begins beside the session."
        )
    return ""


def _restore(workspace: Workspace, sessions: list[Session], now: datetime) -> Due | None:
    if workspace.restore is None or waits_for(workspace, sessions):
        return None
    near = sessions[0] if sessions and workspace.on_one_node else None
    return Due(workspace, RESTORE, now, near)


def _wished(workspace: Workspace, sessions: list[Session], now: datetime) -> Due | None:
    if not workspace.is_wished or waits_for(workspace, sessions):
        return None
    near = sessions[0] if sessions and workspace.on_one_node else None
    return Due(workspace, Occasion.PERSON, now, near)


def _last(workspace: Workspace, sessions: list[Session], now: datetime) -> Due | None:
    is_asked = workspace.check is not None and workspace.check.kind == CheckKind.FINAL
    return Due(workspace, Occasion.FINAL, now) if is_asked and not sessions else None


def _live(
    workspace: Workspace, sessions: list[Session], now: datetime, longest: timedelta
) -> Due | None:
    if workspace.for_one_pod or not any(each.runs for each in sessions):
        return None
    near = None
    if workspace.on_one_node:
        if not all(each.node for each in sessions):
            return None
        near = next(each for each in sessions if each.runs)
    began = min(each.created for each in sessions if each.runs)
    since = max(began, workspace.last_good or began)
    is_due = now - since >= longest * (1 - LEAD)
    return Due(workspace, Occasion.LIVE, since, near) if is_due else None


def _tidy(workspace: Workspace, now: datetime) -> Due | None:
    """Once a week, each workspace on a day and hour of its own, if there is something new."""
    if workspace.last_good is None:
        return None
    if workspace.tidied and workspace.last_good <= workspace.tidied:
        return None
    failed_at = workspace.tidy_failed_at
    if failed_at and failed_at <= now < failed_at + _AFTER_UNTIDIED:
        return None
    before = workspace.tidied or workspace.created + spread(workspace.uid)
    return Due(workspace, TIDY, before) if now - before >= WEEK else None


def spread(uid: str) -> timedelta:
    """Return a part of a week, for each claim another: so they do not all come together."""
    number = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:4])
    return WEEK * (number / 2**32)


def _must_end(pod: SnapshotPod, workspace: Workspace | None, sessions: Iterable[Session]) -> bool:
    if is_left_over(pod, workspace) or (workspace and workspace.deleting):
        return True
    if workspace is None:
        return False
    if pod.occasion in WITHOUT_VOLUME:
        return _holds_up(pod, workspace, sessions)
    if workspace.for_one_pod:
        return any(sessions)
    return workspace.on_one_node and _is_elsewhere(pod, sessions)


def _holds_up(pod: SnapshotPod, workspace: Workspace, sessions: Iterable[Session]) -> bool:
    """Whether somebody waits for what comes before such a pod, which may take hours.

    It begins anew after that. The first copy is long: of many wishes it would never get done.
    """
    if waits_for(workspace, sessions):
        return False
    if workspace.restore:
        return True
    again = pod.occasion == VERIFY or (pod.occasion == COPY and workspace.copied is not None)
    return workspace.is_wished and again


def is_left_over(pod: SnapshotPod, workspace: Workspace | None) -> bool:
    """Whether a pod's workspace is gone. ``workspace``: what has the name of its claim now."""
    return workspace is None or pod.created < workspace.created


def _is_elsewhere(pod: SnapshotPod, sessions: Iterable[Session]) -> bool:
    """Whether a session is, or may come to be, on another node than a pod."""
    if pod.restores:  # it goes on where the session comes to its node
        return any(pod.node and each.node and each.node != pod.node for each in sessions)
    if not pod.node and pod.occasion in (Occasion.LIVE, Occasion.PERSON):
        return not all(each.node for each in sessions)  # it will be where they are
    return any(not each.node or each.node != pod.node for each in sessions)
