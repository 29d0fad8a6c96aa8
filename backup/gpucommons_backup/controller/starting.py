"""Starts the pods of what is due, or says on the claim why one cannot be started."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from gpucommons_contract import Annotation
from gpucommons_upkeep.clock import Clock

from gpucommons_backup.controller.pod import pod_manifest, pod_name, secret_manifest
from gpucommons_backup.controller.repositories.record import RecordsError
from gpucommons_backup.controller.repositories.records import Records
from gpucommons_backup.controller.results import checks, copies, restores, snapshots
from gpucommons_backup.controller.results.outcome import Failed
from gpucommons_backup.controller.results.wishes import notes_on_wish
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.cluster import API, ClusterError
from gpucommons_backup.controller.watching.due import Due
from gpucommons_backup.controller.watching.known import Objects
from gpucommons_backup.controller.watching.noting import Noting
from gpucommons_backup.controller.watching.pods import COPIES, RESTORE, TIDY, VERIFY
from gpucommons_backup.settings_file import SettingsError
from gpucommons_backup.taking import Occasion


class Starting:
    """Makes a pod and its Secret."""

    def __init__(
        self, api: API, pods: Objects, noting: Noting, log: logging.Logger, clock: Clock
    ) -> None:
        self._api, self._pods, self._noting = api, pods, noting
        self._log, self._clock = log, clock

    async def start(self, due: Due, settings: Settings) -> None:
        """Do it. Raises ClusterError where the cluster may take it the next time."""
        try:
            await self._start_pod(due, settings)
        except (RecordsError, SettingsError) as error:
            await self._refused(due, f"{error}")
        except ClusterError as error:
            if not error.is_final:
                raise
            await self._refused(due, f"The cluster does not take the snapshot's pod: {error}")

    async def _start_pod(self, due: Due, settings: Settings) -> None:
        workspace, tidies = due.workspace, due.occasion == TIDY
        if due.occasion == RESTORE and workspace.restore and workspace.restore.cancelled:
            await self._create_pod(due, {}, settings)  # which needs nothing of the store
            return
        login = settings.login(tidies=tidies)
        are_known = any(each.repository for each in self._noting.cluster.workspaces.values())
        records = Records(self._api, settings, self._clock)
        living = {each.uid for each in self._noting.cluster.workspaces.values()}
        if due.occasion == RESTORE:
            asked = workspace.restore.repository if workspace.restore else ""
            record = await records.to_restore(workspace, asked, living)
            due = restores.resolved(due, record.name)
        elif due.occasion == VERIFY:
            record = await records.to_restore(workspace, "", living)
        else:
            record = await records.of(workspace, are_known=are_known)
            if workspace.repository != record.name:
                earlier = [each.name for each in await records.earlier(workspace, living)]
                notes: dict[str, str | None] = {
                    Annotation.BACKUP_REPOSITORY: record.name,
                    Annotation.SNAPSHOT_EARLIER: " ".join(earlier) or None,
                    Annotation.SNAPSHOT_ID: None,  # which is not known to be in that one
                    Annotation.SNAPSHOT_COPIED: None,
                }
                await self._noting.annotate(workspace, notes)
                due = replace(due, workspace=replace(workspace, has_snapshot=False))
        values = {
            "RESTIC_REPOSITORY": settings.address(record.name, tidies=tidies),
            "RESTIC_PASSWORD": record.password,
            **login,
        }
        if due.occasion in COPIES:
            values = copies.variables(record, settings, due.occasion)
        await self._create_pod(due, values, settings)

    async def _create_pod(self, due: Due, values: Mapping[str, str], settings: Settings) -> None:
        workspace = due.workspace
        await self._api.put_secret(secret_manifest(workspace, values))
        pod = await self._api.create_pod(pod_manifest(due, settings))
        if pod:  # otherwise it is there already, and the watch will say so
            self._pods.put(pod)
            self._log.info("%s: %s begins", "/".join(workspace.key), due.occasion)

    async def _refused(self, due: Due, sentence: str) -> None:
        workspace, now = due.workspace, self._clock()
        self._log.error("%s: %s", "/".join(workspace.key), sentence)
        await self._api.delete_secret(workspace.key[0], pod_name(workspace.key[1]))
        if due.occasion == RESTORE:
            notes = restores.notes_on_restore(workspace.restore, Failed(sentence), workspace, now)
            await self._noting.annotate(workspace, notes)
        elif due.occasion in (VERIFY, Occasion.FINAL):
            notes = checks.notes_on_check(workspace.check, Failed(sentence), workspace, now)
            await self._noting.annotate(workspace, notes)
        elif due.occasion == TIDY:
            await self._noting.annotate(workspace, snapshots.notes_on_untidied(sentence, now))
        elif due.occasion in COPIES:
            notes = copies.notes_on_copy(Failed(sentence), due.occasion, now, now)
            await self._noting.annotate(workspace, notes)
        else:
            was_wished = due.occasion == Occasion.PERSON
            notes = snapshots.notes_on_failure(workspace, sentence, now, was_wished=was_wished)
            if was_wished and workspace.wish:
                notes |= notes_on_wish(workspace, workspace.wish.id, Failed(sentence))
            await self._noting.annotate(workspace, notes)
