"""Keeps up to date what the records say of claims, and what the hub knows of the records."""

import logging

from gpucommons_contract.workspaces.kept_workspaces import KEPT_WORKSPACES

from gpucommons_backup.controller.repositories import kept
from gpucommons_backup.controller.repositories.record import RecordsError
from gpucommons_backup.controller.repositories.records import Records
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.controller.watching.due import Cluster


class Sweeping:
    """Compares the records with the claims, whenever these change."""

    def __init__(self, api: API, log: logging.Logger) -> None:
        self._api, self._log = api, log
        self._done: object = None
        """What the claims said when that last succeeded."""
        self._trouble = ""

    async def sweep(
        self, cluster: Cluster, records: Records, namespace: str, *, copies: bool = False
    ) -> None:
        """Do it once, if anything has changed, or if it has not succeeded. Raises ClusterError.

        ``copies``: whether there is a second store.
        """
        claims = cluster.workspaces.values()
        owners = {each.uid: each.owner for each in claims}
        with_snapshot = {each.uid for each in claims if each.has_snapshot}
        copied = {each.uid for each in claims if each.copied}
        said = (owners, with_snapshot, copied, copies)
        if said == self._done:
            return
        trouble = ""
        try:
            swept = await records.sweep(owners, kept=with_snapshot, copied=copied, copies=copies)
        except RecordsError as error:  # whatever needs a record says so too, on its claim
            trouble = f"{error}"
        else:
            if swept is not None and not await kept.publish(self._api, namespace, swept):
                trouble = (
                    f"The ConfigMap {KEPT_WORKSPACES} is not there, so whoever starts a session "
                    "after their workspace was deleted gets an empty one. Apply cluster/backup."
                )
            self._done = said
        if trouble and trouble != self._trouble:
            self._log.error("%s", trouble)
        self._trouble = trouble
