"""Writes onto claims what came of pods that are over, and takes the pods away."""

import logging
from datetime import datetime

from gpucommons_contract import Annotation
from gpucommons_upkeep.clock import Clock
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.controller.metrics import Metrics
from gpucommons_backup.controller.repositories.record import RecordsError
from gpucommons_backup.controller.repositories.records import Records
from gpucommons_backup.controller.results import checks, copies, restores, snapshots
from gpucommons_backup.controller.results.outcome import (
    VANISHED,
    Failed,
    Good,
    Outcome,
    Tidied,
    outcome_of,
    trouble_at_start,
)
from gpucommons_backup.controller.results.wishes import notes_on_wish
from gpucommons_backup.controller.settings import LiveSettings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.cluster import API, Attempts
from gpucommons_backup.controller.watching.known import Objects, component
from gpucommons_backup.controller.watching.noting import Noting
from gpucommons_backup.controller.watching.pods import (
    SNAPSHOT,
    VERIFY,
    WITHOUT_VOLUME,
    SnapshotPod,
    is_late,
    is_stuck,
    snapshot_pod_of,
)
from gpucommons_backup.taking import Occasion

GRACE_SECONDS = 5
"""For which a pod that is told to end may still clear up."""


class Settling:
    """Remembers of which pods the outcome is on the claim."""

    def __init__(
        self,
        api: API,
        settings: LiveSettings,
        pods: Objects,
        noting: Noting,
        log: logging.Logger,
        *,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._api, self._settings, self._pods, self._noting = api, settings, pods, noting
        self._metrics, self._log, self._clock = metrics, log, clock
        self._settled: set[str] = set()
        """Uids of pods of which the outcome is on the claim, or that were ended on purpose."""

    async def end(self, pod: SnapshotPod) -> None:
        """End a pod on purpose: nothing is written of what comes of it. Raises ClusterError."""
        self._settled.add(pod.uid)
        await self._api.delete_pod(pod.claim[0], pod.name, pod.uid, GRACE_SECONDS)

    async def settle(self, now: datetime, attempts: Attempts) -> None:
        """Write what came of pods, and take them away."""
        gone = [each for each in self._pods.take_gone() if component(each) == SNAPSHOT]
        left = [each for each in gone if not await attempts.make(self._settle_gone(each, now))]
        self._pods.give_back(left)
        for manifest in self._pods.all():
            if component(manifest) == SNAPSHOT:
                await attempts.make(self._settle_one(manifest, now))

    async def _settle_gone(self, manifest: Manifest, now: datetime) -> None:
        pod = snapshot_pod_of(manifest)
        if pod.uid not in self._settled:
            came = _outcome(manifest, pod)
            if came or not (pod.restores or pod.check):  # begun anew: the request is still there
                await self._record(pod, came or Failed(VANISHED), now)
        if pod.claim not in {each.claim for each in self._noting.cluster.pods}:
            await self._api.delete_secret(pod.claim[0], pod.name)
        self._settled.discard(pod.uid)

    async def _settle_one(self, manifest: Manifest, now: datetime) -> None:
        pod = snapshot_pod_of(manifest)
        came = _outcome(manifest, pod)
        if pod.deleted_at and isinstance(came, Failed):
            came = None  # it was told to end; once it is gone, it shows whether by us
        if came is None and is_stuck(pod, now):
            came = Failed(
                f"The node {pod.node} does not answer since a snapshot ran there. There is no "
                "other one until the node is back, or is deleted."
            )
        elif came is None and is_late(pod, now):
            came = Failed(
                f"The snapshot's pod did not begin within 15 minutes: {trouble_at_start(manifest)}"
            )
        if came is None:
            return
        if pod.uid not in self._settled:
            await self._record(pod, came, now)
            self._settled.add(pod.uid)
        if not is_stuck(pod, now):
            await self._remove(pod, 0 if pod.over else GRACE_SECONDS)

    async def _record(self, pod: SnapshotPod, came: Outcome, now: datetime) -> None:
        cluster = self._noting.cluster
        workspace = cluster.workspaces.get(pod.claim)
        if workspace is None:
            return
        what = "/".join(pod.claim)
        if restores.is_to_be_removed(pod, workspace, came):
            return
        if pod.restores:
            await self._record_restore(pod, came, workspace, now)
            return
        if pod.copies:
            await self._record_copy(pod, came, workspace, now)
            return
        if pod.check:
            await self._record_check(pod, came, workspace, now)
            return
        if isinstance(came, Good):
            which = came.snapshot[:8] or "not needed"
            self._log.info("%s: snapshot %s, of %d files", what, which, came.files)
            beside = (Occasion.LIVE, Occasion.PERSON)
            is_used = pod.occasion in beside or pod.claim in cluster.by_claim()
            notes = snapshots.notes_on_good(came, workspace, pod.created, now, is_used=is_used)
            kind = "incomplete" if came.unread else "good"
        elif isinstance(came, Tidied):
            self._log.info("%s: old snapshots are forgotten", what)
            notes, kind = snapshots.notes_on_tidied(now), "tidied"
        elif isinstance(came, Failed) and pod.tidies:
            self._log.warning("%s: not tidied: %s", what, came.reason)
            notes, kind = snapshots.notes_on_untidied(came.reason, now), "untidied"
        elif isinstance(came, Failed):
            self._log.warning("%s: no snapshot: %s", what, came.reason)
            reason = await self._healed(workspace, came) or came.reason
            was_wished, kind = pod.occasion == Occasion.PERSON, "failed"
            notes = snapshots.notes_on_failure(workspace, reason, now, was_wished=was_wished)
        else:
            raise AssertionError(f"{came} is of another pod")
        await self._noting.annotate(workspace, notes | notes_on_wish(workspace, pod.wish, came))
        self._metrics.ended.labels(kind).inc()

    async def _healed(self, workspace: Workspace, failed: Failed) -> str:
        """Do something about a failure where that is safe, and say what; empty if it is not."""
        if not failed.half_made or workspace.has_snapshot:
            return ""
        try:
            await Records(self._api, self._settings.current, self._clock).leave(workspace)
        except RecordsError as error:
            self._log.error("%s: %s", "/".join(workspace.key), error)
            return ""
        return f"{failed.reason} Nothing was kept in it: the next try makes another one."

    async def _record_restore(
        self, pod: SnapshotPod, came: Outcome, workspace: Workspace, now: datetime
    ) -> None:
        notes = restores.notes_on_restore(pod.restore, came, workspace, now)
        self._log.info("%s: put back: %s", "/".join(pod.claim), notes[Annotation.RESTORE_RESULT])
        await self._noting.annotate(workspace, notes)
        kind = "unrestored" if isinstance(came, Failed) else "restored"
        self._metrics.ended.labels(kind).inc()

    async def _record_copy(
        self, pod: SnapshotPod, came: Outcome, workspace: Workspace, now: datetime
    ) -> None:
        kind = "uncopied" if isinstance(came, Failed) else "copied"
        self._log.info("%s: %s: %s", "/".join(pod.claim), pod.occasion, kind)
        notes = copies.notes_on_copy(came, pod.occasion, pod.created, now)
        await self._noting.annotate(workspace, notes)
        self._metrics.ended.labels(kind).inc()

    async def _record_check(
        self, pod: SnapshotPod, came: Outcome, workspace: Workspace, now: datetime
    ) -> None:
        is_used = pod.claim in self._noting.cluster.by_claim()
        notes = checks.notes_on_last(pod, came, workspace, now, is_used=is_used)
        if notes.get(Annotation.SNAPSHOT_FINAL) and self._settings.current.copies:
            notes |= copies.WANTED  # in one step: whoever waits for the one sees the other
        notes |= checks.notes_on_check(pod.check, came, workspace, now)
        what, said = "/".join(pod.claim), notes[Annotation.SNAPSHOT_CHECK_RESULT]
        self._log.info("%s: verified: %s", what, said)
        await self._noting.annotate(workspace, notes)
        bad = "damaged" if isinstance(came, Failed) and came.damaged else "unverified"
        self._metrics.ended.labels(bad if isinstance(came, Failed) else "verified").inc()

    async def _remove(self, pod: SnapshotPod, grace: int) -> None:
        namespace = pod.claim[0]
        await self._api.delete_secret(namespace, pod.name)
        await self._api.delete_pod(namespace, pod.name, pod.uid, grace)


def _outcome(manifest: Manifest, pod: SnapshotPod) -> Outcome | None:
    verifies = pod.occasion == VERIFY
    tidies = not verifies and pod.occasion in WITHOUT_VOLUME  # of these nothing more is to be known
    return outcome_of(
        manifest, tidies=tidies, restores=pod.restores, verifies=verifies, copies=pod.copies
    )
