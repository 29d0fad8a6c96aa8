"""Restarts of the controller, and pods that fail, vanish or do not begin."""

from datetime import timedelta

import pytest

from .played_cluster import ADA, POD, REPORT, TEAM

# Restarts


@pytest.mark.usefixtures("used")
async def test_a_restarted_controller_takes_up_what_the_last_one_began(cluster, backup):
    await backup.step()
    uid = cluster.snapshot_pods()[POD]["metadata"]["uid"]
    backup.restart()
    await backup.step()
    assert cluster.snapshot_pods()[POD]["metadata"]["uid"] == uid
    cluster.finish(POD, REPORT)
    backup.restart()
    await backup.step()
    assert cluster.notes(ADA)["snapshot-id"] == "ab" * 32
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("used")
async def test_two_that_begin_the_same_snapshot_make_one_pod(cluster, backup):
    await backup.look()
    await backup.controller.step()
    uid = cluster.snapshot_pods()[POD]["metadata"]["uid"]
    backup.restart()
    await backup.look()
    backup.controller.pods._found.clear()  # as if the other's watch had not said so yet
    await backup.controller.step()
    assert cluster.snapshot_pods()[POD]["metadata"]["uid"] == uid
    assert len(cluster.records()) == 1


# Failures


@pytest.mark.usefixtures("used")
async def test_a_failure_is_said_on_the_claim_and_tried_again_after_a_pause(cluster, backup):
    for failures, pause in ((1, 5), (2, 10)):
        await backup.step()
        cluster.finish(POD, "The store does not answer.", code=1)
        await backup.step()
        notes = cluster.notes(ADA)
        assert notes["snapshot-error"] == "The store does not answer."
        assert notes["snapshot-failures"] == f"{failures}"
        backup.ahead += timedelta(minutes=pause - 1)
        await backup.step()
        assert cluster.snapshot_pods() == {}
        backup.ahead += timedelta(minutes=1)
    assert backup.metric("workspaces", state="failed") == 1
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    assert not {"snapshot-error", "snapshot-failures", "snapshot-failed-at"} & set(
        cluster.notes(ADA)
    )


@pytest.mark.usefixtures("used")
async def test_a_failure_is_counted_once_however_long_its_pod_is_there(cluster, backup):
    await backup.step()
    cluster.place(POD, "one")
    cluster.patch(
        f"/api/v1/namespaces/{TEAM}/pods/{POD}",
        {"metadata": {"finalizers": ["example.org/held"]}},
    )
    cluster.finish(POD, "No.", code=1)
    for _ in range(3):
        await backup.step()
    cluster.patch(f"/api/v1/namespaces/{TEAM}/pods/{POD}", {"metadata": {"finalizers": None}})
    await backup.step()
    assert cluster.notes(ADA)["snapshot-failures"] == "1"


@pytest.mark.usefixtures("used")
async def test_a_pod_that_vanishes_counts_as_failed_and_leaves_no_secret(cluster, backup):
    await backup.step()
    await backup.look()
    cluster.delete(f"/api/v1/namespaces/{TEAM}/pods/{POD}")
    await backup.step()
    assert "was deleted" in cluster.notes(ADA)["snapshot-error"]
    assert cluster.secrets() == {}


@pytest.mark.usefixtures("used")
async def test_a_node_that_is_lost_is_named_and_its_pod_keeps_the_repository(cluster, backup):
    await backup.step()
    cluster.place(POD, "seven")
    cluster.say(POD, {"phase": "Running"})
    pod = f"/api/v1/namespaces/{TEAM}/pods/{POD}"
    cluster.client.request("DELETE", pod, json={"gracePeriodSeconds": 1}).raise_for_status()
    backup.ahead = timedelta(minutes=5)
    for _ in range(2):
        await backup.step()
    assert "node seven does not answer" in cluster.notes(ADA)["snapshot-error"]
    assert cluster.notes(ADA)["snapshot-failures"] == "1"
    assert POD in cluster.snapshot_pods()


@pytest.mark.usefixtures("used")
async def test_a_pod_that_does_not_begin_is_given_up_with_the_reason(cluster, backup):
    await backup.step()
    waiting = {"reason": "ErrImagePull", "message": "not found"}
    container = {"name": "snapshot", "image": "x", "imageID": "", "ready": False, "restartCount": 0}
    cluster.say(
        POD,
        {"phase": "Pending", "containerStatuses": [container | {"state": {"waiting": waiting}}]},
    )
    backup.ahead = timedelta(minutes=16)
    await backup.step()
    assert "ErrImagePull: not found" in cluster.notes(ADA)["snapshot-error"]
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("used")
async def test_a_quota_of_the_team_that_leaves_no_room_is_the_reason(cluster, backup):
    quotas = f"/api/v1/namespaces/{TEAM}/resourcequotas"
    cluster.post(quotas, {"metadata": {"name": "team"}, "spec": {"hard": {"pods": "0"}}})
    cluster.patch(
        f"{quotas}/team/status", {"status": {"hard": {"pods": "0"}, "used": {"pods": "0"}}}
    )
    try:
        await backup.step()
    finally:
        cluster.delete(f"{quotas}/team")
    assert "exceeded quota" in cluster.notes(ADA)["snapshot-error"]
    assert cluster.secrets() == {}
