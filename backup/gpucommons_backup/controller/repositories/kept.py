"""Lets the hub know which workspaces have a snapshot: the ConfigMap ``kept-workspaces``."""

from collections.abc import Iterable
from http import HTTPStatus

from gpucommons_contract.workspaces.kept_workspaces import KEPT_WORKSPACES

from gpucommons_backup.controller.repositories.record import Record
from gpucommons_backup.controller.watching.cluster import API, ClusterError


async def publish(api: API, namespace: str, records: Iterable[Record]) -> bool:
    """Make it what the records say; False where the ConfigMap is not there. Raises ClusterError.

    It has no password, and no repository in which nothing is.
    """
    found = await api.read_config_map(namespace, KEPT_WORKSPACES)
    if found is None:
        return False
    kept: dict[str, str] = {}
    for each in sorted(records, key=lambda each: each.made):
        if each.kept and each.uid:
            kept[each.uid] = each.name
    said = found.get("data") or {}
    gone: dict[str, str | None] = {uid: None for uid in said if uid not in kept}
    changed = gone | {uid: name for uid, name in kept.items() if said.get(uid) != name}
    if changed:
        try:
            await api.patch_config_map(namespace, KEPT_WORKSPACES, {"data": changed})
        except ClusterError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
    return True
