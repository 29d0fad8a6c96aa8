"""Snapshots beside a session, and clocks that differ, on a real API server."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from .played_cluster import ADA, AN_HOUR_AGO, POD, REPORT, TEAM, moment


async def test_while_a_session_runs_a_snapshot_runs_beside_it_every_hour(cluster, backup):
    cluster.add_claim(ADA)
    cluster.start_session(ADA, node="seven")
    await backup.step()
    assert cluster.snapshot_pods() == {}
    backup.ahead = timedelta(minutes=61)
    await backup.step()
    pod = cluster.snapshot_pods()[POD]
    assert pod["spec"]["containers"][0]["command"][-1] == "live"
    assert "seven" in json.dumps(pod["spec"]["affinity"])
    cluster.finish(POD, REPORT)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    cluster.end_session(ADA)
    await backup.step()
    (pod,) = cluster.snapshot_pods().values()
    assert pod["spec"]["containers"][0]["command"][-1] == "ended"


async def test_what_changes_after_a_live_snapshot_is_not_forgotten_by_a_restart(cluster, backup):
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    cluster.start_session(ADA)
    backup.ahead = timedelta(minutes=61)
    await backup.step()
    cluster.finish(POD, REPORT)
    cluster.end_session(ADA)
    backup.restart()
    await backup.step()
    assert cluster.notes(ADA)["snapshot-id"] == "ab" * 32
    backup.restart()
    await backup.step()
    assert POD in cluster.snapshot_pods()


@pytest.mark.parametrize("behind", [timedelta(seconds=30), timedelta(hours=3)])
async def test_what_changes_after_a_live_snapshot_is_seen_by_a_clock_that_is_behind(
    cluster, backup, behind
):
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    cluster.start_session(ADA)
    backup.ahead = timedelta(minutes=61)
    await backup.step()
    backup.ahead = -behind
    cluster.finish(POD, REPORT)
    await backup.step()
    cluster.end_session(ADA)
    await backup.step()
    assert cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"][-1] == "ended"


@pytest.mark.usefixtures("used")
async def test_a_clock_that_is_hours_behind_makes_no_snapshot_after_another(cluster, backup):
    backup.ahead = -timedelta(hours=3)
    await backup.step()
    cluster.finish(POD, REPORT)
    for _ in range(2):
        await backup.step()
    assert cluster.snapshot_pods() == {}


async def test_a_session_is_noted_once_by_a_clock_that_is_behind(cluster, backup):
    last_good = moment(datetime.now(UTC))
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO, snapshot_last_good=last_good)
    cluster.start_session(ADA)
    backup.ahead = -timedelta(seconds=30)
    await backup.step()
    assert cluster.notes(ADA)["mounted-at"] == last_good
    claim = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"
    before = cluster.get(claim)["metadata"]["resourceVersion"]
    await backup.step()
    assert cluster.get(claim)["metadata"]["resourceVersion"] == before


@pytest.mark.parametrize("note", ["snapshot_last_good", "snapshot_failed_at"])
async def test_what_a_wrong_clock_wrote_of_the_future_hides_no_change(cluster, backup, note):
    future = moment(datetime.now(UTC) + timedelta(days=400))
    notes = {"mounted_at": AN_HOUR_AGO, "snapshot_failures": "3", note: future}
    cluster.add_claim(ADA, **notes)
    await backup.step()
    cluster.finish(POD, REPORT)
    for _ in range(2):
        await backup.step()
    assert cluster.notes(ADA)["snapshot-last-good"] < future
    assert cluster.snapshot_pods() == {}
