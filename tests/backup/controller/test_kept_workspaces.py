"""What the hub can read of workspaces that have a snapshot, on a real API server."""

import json

from gpucommons_contract import Annotation, RestoreRequest
from gpucommons_contract.workspaces.kept_workspaces import KEPT_WORKSPACES

from .played_cluster import ADA, AN_HOUR_AGO, HUB, POD, RECORDS, REPORT, TEAM
from .test_restores import RESTORED

MAP = f"/api/v1/namespaces/gpucommons/configmaps/{KEPT_WORKSPACES}"
CLAIM = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"


def _kept(cluster) -> dict[str, str]:
    kept: dict[str, str] = cluster.get(MAP).get("data") or {}
    return kept


async def _keep(cluster, backup) -> tuple[str, str]:
    """Have a workspace with a snapshot; its uid, and the name of its repository."""
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    uid = cluster.get(CLAIM)["metadata"]["uid"]
    await backup.step()
    assert uid not in _kept(cluster)  # nothing is in its repository yet
    cluster.finish(POD, REPORT)
    await backup.step()
    await backup.step()
    return uid, cluster.notes(ADA)["backup-repository"]


def _delete(cluster) -> None:
    cluster.patch(CLAIM, {"metadata": {"finalizers": None}})
    cluster.delete(CLAIM)


async def test_a_workspace_with_a_snapshot_is_in_it_also_once_it_was_deleted(cluster, backup):
    uid, name = await _keep(cluster, backup)
    assert _kept(cluster)[uid] == name
    _delete(cluster)
    backup.restart()
    await backup.step()
    assert _kept(cluster)[uid] == name
    read = ("get", "configmap", KEPT_WORKSPACES, "-n", "gpucommons", "-o", "json")
    assert uid in json.loads(cluster.kubectl(*read, user=HUB))["data"]
    assert "cannot patch" in cluster.patch_as(HUB, MAP, {"data": {uid: None}})


async def test_what_was_erased_is_out_of_it(cluster, backup):
    uid, name = await _keep(cluster, backup)
    _delete(cluster)
    cluster.patch(RECORDS, {"data": {name.replace("/", "."): None}})
    backup.restart()
    await backup.step()
    assert uid not in _kept(cluster)


async def test_without_it_snapshots_are_taken_all_the_same(cluster, backup, caplog):
    before = cluster.get(MAP)
    cluster.delete(MAP)
    try:
        await _keep_without_map(cluster, backup)
    finally:
        metadata = {"name": KEPT_WORKSPACES, "labels": before["metadata"]["labels"]}
        cluster.post(MAP.rpartition("/")[0], {"metadata": metadata})
    assert f"The ConfigMap {KEPT_WORKSPACES} is not there" in caplog.text


async def _keep_without_map(cluster, backup) -> None:
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    assert cluster.notes(ADA)["snapshot-id"] == "ab" * 32


async def test_what_is_put_back_from_a_deleted_workspace_lets_sessions_have_the_new_one(
    cluster, backup
):
    _uid, name = await _keep(cluster, backup)
    _delete(cluster)
    cluster.add_claim(ADA, snapshot_to_put_back=name)
    await backup.step()
    assert cluster.snapshot_pods() == {}  # of an empty one nobody needs a snapshot
    asked = RestoreRequest("1", repository=name).to_json()
    cluster.annotate(ADA, Annotation.RESTORE_REQUEST, asked)
    await backup.step()
    cluster.finish(POD, "The workspace has no room for it.", code=1)
    await backup.step()
    assert cluster.notes(ADA)["snapshot-to-put-back"] == name
    cluster.annotate(ADA, Annotation.RESTORE_REQUEST, asked)
    await backup.step()
    cluster.finish(POD, RESTORED.to_json())
    await backup.step()
    assert "snapshot-to-put-back" not in cluster.notes(ADA)
