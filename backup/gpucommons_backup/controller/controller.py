"""Looks at all workspaces, again and again, and does what is due."""

import asyncio
import logging
from collections.abc import Container
from datetime import datetime

from gpucommons_contract import Annotation, written_moment
from gpucommons_upkeep.clock import Clock, utc_now

from gpucommons_backup.controller.metrics import Metrics
from gpucommons_backup.controller.repositories.records import Records
from gpucommons_backup.controller.repositories.sweeping import Sweeping
from gpucommons_backup.controller.results import checks, copies, restores
from gpucommons_backup.controller.results.wishes import Wishes
from gpucommons_backup.controller.settings import LiveSettings, Settings
from gpucommons_backup.controller.settling import GRACE_SECONDS, Settling
from gpucommons_backup.controller.starting import Starting
from gpucommons_backup.controller.watching.cluster import API, Attempts, ClusterError
from gpucommons_backup.controller.watching.due import (
    Cluster,
    all_due,
    in_the_way,
    is_left_over,
    room_for_copies,
    to_start,
)
from gpucommons_backup.controller.watching.known import Objects, cluster_of
from gpucommons_backup.controller.watching.noting import Noting
from gpucommons_backup.controller.watching.pods import SnapshotPod
from gpucommons_backup.controller.watching.seen import Seen


class Controller:
    """Holds nothing that must outlive it: what is known is on claims and pods."""

    def __init__(
        self, api: API, settings: LiveSettings, log: logging.Logger, clock: Clock = utc_now
    ) -> None:
        self.changed = asyncio.Event()
        self.claims = Objects(self.changed, keeps_gone=False)
        self.pods = Objects(self.changed)
        self.metrics = Metrics()
        self.sealed: Container[str] = ()
        """Names of repositories whose passwords are sealed in each store."""
        self.wishes = Wishes()
        self._api, self._settings, self._log, self._clock = api, settings, log, clock
        self._seen, self._sweeping = Seen(log), Sweeping(api, log)
        self._noting = Noting(api, self.claims, clock)
        self._settling = Settling(
            api, settings, self.pods, self._noting, log, metrics=self.metrics, clock=clock
        )
        self._starting = Starting(api, self.pods, self._noting, log, clock)

    @property
    def loaded(self) -> bool:
        """Whether everything was listed once."""
        return self.claims.loaded and self.pods.loaded

    def living(self) -> set[str]:
        """Return the uids of all claims. Raises ClusterError while they are not known."""
        if not self.claims.loaded:
            raise ClusterError("which claims there are is not known yet")
        return {each["metadata"]["uid"] for each in self.claims.all()}

    def left_over(self) -> set[str]:
        """Return the namespaces in which pods of workspaces that are gone are at work.

        Raises ClusterError while that is not known.
        """
        if not self.loaded:
            raise ClusterError("which pods there are is not known yet")
        cluster = cluster_of(self.claims, self.pods, self._clock())
        return {
            pod.claim[0]
            for pod in cluster.pods
            if not pod.over and is_left_over(pod, cluster.workspaces.get(pod.claim))
        }

    async def step(self) -> None:
        """Do once what is to be done now. Raises ClusterError, after all that could be done."""
        self._settings.look()
        settings, now = self._settings.current, self._clock()
        attempts = Attempts()
        cluster = self._noting.cluster = cluster_of(self.claims, self.pods, now)
        for pod in in_the_way(cluster):
            await attempts.make(self._make_way(pod))
        for pod in restores.to_cancel(cluster):
            await attempts.make(self._cancel(pod))
        await self._settling.settle(now, attempts)
        self._seen.tell_unreadable(cluster)
        await self._note_sessions(cluster, now, attempts)
        records, has_copies = Records(self._api, settings, self._clock), bool(settings.copies)
        sweep = self._sweeping.sweep(cluster, records, settings.namespace, copies=has_copies)
        await attempts.make(sweep)
        await self._note_stores(cluster, settings, attempts)
        await self._answer(cluster, attempts)
        for workspace, notes in self.wishes.take_up(cluster):
            await attempts.make(self._noting.annotate(workspace, notes))
        self.wishes.find_answers(cluster)
        tidies = settings.tidy_credentials is not None
        due = all_due(
            *(cluster, now, settings.schedule.live_minutes),
            tidies=tidies,
            just_left=self._seen.just_left(cluster, now, settings.schedule.quiet_seconds),
        )
        is_broken = bool(self._settings.problem)
        self.metrics.show(cluster, due, now, is_broken=is_broken)
        self.metrics.show_copies(cluster, now, is_on=bool(settings.copies))
        others = {each.workspace.key for each in due}
        again = copies.due_copies(cluster, settings.copies, now, others)
        most = room_for_copies(cluster, settings.copies.at_once) if settings.copies else 0
        chosen = to_start(cluster, due, now, settings.schedule.at_once) + again[:most]
        for each in chosen:
            await attempts.make(self._starting.start(each, settings))
        attempts.end()

    async def _make_way(self, pod: SnapshotPod) -> None:
        self._log.info("%s: the snapshot gives way", "/".join(pod.claim))
        await self._settling.end(pod)
        self.metrics.ended.labels("yielded").inc()

    async def _cancel(self, pod: SnapshotPod) -> None:
        self._log.info("%s: putting back is cancelled", "/".join(pod.claim))
        await self._api.delete_pod(pod.claim[0], pod.name, pod.uid, GRACE_SECONDS)
        self.metrics.ended.labels("cancelled").inc()

    async def _note_sessions(self, cluster: Cluster, now: datetime, attempts: Attempts) -> None:
        """Note on workspaces that sessions have them, where neither the hub nor we have."""
        for key in cluster.by_claim():
            workspace = cluster.workspaces.get(key)
            if workspace and not workspace.may_have_changed:
                moment = written_moment(workspace.moment_of_use(now))
                notes: dict[str, str | None] = {Annotation.MOUNTED_AT: moment}
                await attempts.make(self._noting.annotate(workspace, notes))

    async def _note_stores(self, cluster: Cluster, settings: Settings, attempts: Attempts) -> None:
        """Note on workspaces where their passwords are, and whether there is a second store."""
        said = copies.notes_on_store if settings.copies else copies.notes_on_no_store
        for workspace in cluster.workspaces.values():
            if second := said(workspace):
                await attempts.make(self._noting.annotate(workspace, second))
            if workspace.repository in self.sealed and workspace.sealed != workspace.repository:
                notes: dict[str, str | None] = {Annotation.SNAPSHOT_SEALED: workspace.repository}
                await attempts.make(self._noting.annotate(workspace, notes))

    async def _answer(self, cluster: Cluster, attempts: Attempts) -> None:
        """Write onto workspaces how far the requests are to put something back."""
        for workspace in cluster.workspaces.values():
            notes = restores.notes_on_progress(workspace, cluster, self._log)
            notes |= checks.notes_on_progress(workspace, cluster, self._log)
            if notes:
                await attempts.make(self._noting.annotate(workspace, notes))
