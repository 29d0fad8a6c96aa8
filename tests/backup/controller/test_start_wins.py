"""What a snapshot gives way to, on a real API server."""

from datetime import timedelta

import pytest

from .played_cluster import ADA, AN_HOUR_AGO, POD, REPORT, TEAM


@pytest.mark.usefixtures("used")
async def test_a_start_ends_the_snapshot_at_once_and_it_is_taken_later(cluster, backup):
    await backup.step()
    cluster.place(POD, "one")
    cluster.say(POD, {"phase": "Running"})
    cluster.start_session(ADA, node=None)
    await backup.step()
    metadata = cluster.snapshot_pods()[POD]["metadata"]
    assert metadata["deletionGracePeriodSeconds"] == 5
    cluster.end_pod(POD, {"exitCode": 143})
    cluster.delete(f"/api/v1/namespaces/{TEAM}/pods/{POD}")
    await backup.step()
    assert (cluster.snapshot_pods(), cluster.secrets()) == ({}, {})
    assert "snapshot-failures" not in cluster.notes(ADA)
    assert backup.metric("pods_total", outcome="yielded") == 1
    cluster.end_session(ADA)
    await backup.step()
    assert POD in cluster.snapshot_pods()


@pytest.mark.usefixtures("used")
async def test_a_start_on_the_same_node_leaves_the_snapshot_alone(cluster, backup):
    await backup.step()
    cluster.place(POD, "one")
    cluster.start_session(ADA, node="one")
    await backup.step()
    assert "deletionTimestamp" not in cluster.snapshot_pods()[POD]["metadata"]


async def test_a_volume_for_many_nodes_is_read_beside_a_start(cluster, backup):
    cluster.add_claim(ADA, "ReadWriteMany", mounted_at=AN_HOUR_AGO)
    await backup.step()
    cluster.place(POD, "one")
    cluster.start_session(ADA, node=None)
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    cluster.end_session(ADA)
    await backup.step()
    assert POD in cluster.snapshot_pods()  # the session may have changed something meanwhile


@pytest.mark.usefixtures("used")
async def test_deleting_a_workspace_is_not_held_up_by_its_snapshot(cluster, backup):
    await backup.step()
    path = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"
    cluster.patch(path, {"metadata": {"finalizers": ["example.org/held"]}})
    cluster.delete(path)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    await backup.step()
    assert cluster.secrets() == {}


async def test_a_workspace_that_is_deleted_under_its_session_is_left_to_it(cluster, backup):
    """Kubernetes keeps it until the session has ended; a snapshot would keep it for longer."""
    cluster.add_claim(ADA)
    cluster.start_session(ADA)
    backup.ahead = timedelta(minutes=61)
    await backup.step()
    assert POD in cluster.snapshot_pods()
    backup.ahead = timedelta()
    path = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"
    cluster.patch(path, {"metadata": {"finalizers": ["kubernetes.io/pvc-protection"]}})
    cluster.delete(path)
    for ahead in (timedelta(), timedelta(hours=3)):
        backup.ahead = ahead
        await backup.step()
        assert cluster.snapshot_pods() == {}
    (name,) = cluster.records()
    cluster.end_session(ADA)
    cluster.patch(path, {"metadata": {"finalizers": None}})
    await backup.step()
    assert (cluster.snapshot_pods(), cluster.secrets()) == ({}, {})
    assert set(cluster.records()) == {name}
