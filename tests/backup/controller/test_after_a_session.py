"""From the end of a session to the report on its claim, on a real API server."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_backup.taking import Report
from gpucommons_contract import Annotation, RestoreRequest

from .played_cluster import ADA, AN_HOUR_AGO, POD, REPORT, TEAM, moment


async def test_after_a_session_there_is_a_snapshot_whose_report_is_on_the_claim(cluster, backup):
    cluster.add_claim(ADA)
    cluster.start_session(ADA)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    cluster.end_session(ADA)
    await backup.step()
    pod = cluster.snapshot_pods()[POD]
    assert pod["spec"]["containers"][0]["command"][-2:] == ["--occasion", "ended"]
    cluster.finish(POD, REPORT)
    await backup.step()
    notes = cluster.notes(ADA)
    assert notes["snapshot-id"] == "ab" * 32
    assert (notes["snapshot-files"], notes["snapshot-bytes"]) == ("12", "3400")
    assert notes["snapshot-last-good"] == pod["metadata"]["creationTimestamp"]
    assert not {"snapshot-error", "snapshot-incomplete", "snapshot-failures"} & set(notes)
    assert (cluster.snapshot_pods(), cluster.secrets()) == ({}, {})


@pytest.mark.usefixtures("used")
async def test_nothing_more_is_taken_until_somebody_has_it_again(cluster, backup):
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    backup.ahead = timedelta(days=30)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    backup.ahead = timedelta()
    cluster.start_session(ADA)
    await backup.step()
    cluster.end_session(ADA)
    await backup.step()
    command = cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"]
    assert "--expected" in command  # a store without it is one whose disk is not mounted


@pytest.mark.usefixtures("used")
async def test_its_pod_gets_the_keys_to_one_repository_that_are_kept_first(cluster, backup):
    await backup.step()
    ((name, record),) = cluster.records().items()
    assert record["owner"] == ADA
    assert name.startswith("vision/workspace-ada-")
    assert cluster.notes(ADA)["backup-repository"] == name
    assert cluster.secrets() == {
        POD: {
            "RESTIC_REPOSITORY": f"rest:http://store.example.org:8000/{name}/",
            "RESTIC_PASSWORD": record["password"],
            "RESTIC_REST_USERNAME": "snapshots",
            "RESTIC_REST_PASSWORD": "of the store",
        }
    }
    assert len(record["password"]) >= 43


@pytest.mark.usefixtures("used")
async def test_what_could_not_be_read_is_counted_on_the_claim_until_it_can_be(cluster, backup):
    await backup.step()
    report = Report("cd" * 32, is_new=True, files=1, size=1, unread=("a: denied", "b: denied"))
    cluster.finish(POD, report)
    await backup.step()
    assert cluster.notes(ADA)["snapshot-incomplete"] == "2"
    cluster.annotate(ADA, Annotation.SNAPSHOT_LAST_GOOD, AN_HOUR_AGO)  # as if somebody had it since
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    assert "snapshot-incomplete" not in cluster.notes(ADA)


@pytest.mark.usefixtures("used")
async def test_a_hub_s_namespace_or_a_claim_of_something_else_is_left_alone(cluster, backup):
    other = {
        "metadata": {"name": "of-a-database", "annotations": {Annotation.MOUNTED_AT: AN_HOUR_AGO}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    cluster.post(f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims", other)
    await backup.step()
    assert set(cluster.snapshot_pods()) == {POD}


async def test_it_begins_only_once_no_session_came_for_a_while(cluster, backup, settings):
    settings.write_text(settings.read_text().replace("quiet_seconds: 0", "quiet_seconds: 60"))
    cluster.add_claim(ADA)
    cluster.start_session(ADA)
    await backup.step()
    cluster.end_session(ADA)
    await backup.step()
    cluster.start_session(ADA)  # as after a change of the size
    backup.ahead = timedelta(seconds=50)
    await backup.step()
    cluster.end_session(ADA)
    await backup.step()
    backup.ahead = timedelta(seconds=105)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    backup.ahead = timedelta(seconds=115)
    await backup.step()
    assert POD in cluster.snapshot_pods()


async def test_at_most_so_many_run_at_a_time(cluster, backup, settings):
    settings.write_text(
        settings.read_text().replace("quiet_seconds: 0", "quiet_seconds: 0, at_once: 2")
    )
    for name in ("workspace-a", "workspace-b", "workspace-c"):
        cluster.add_claim(name, mounted_at=AN_HOUR_AGO)
    await backup.step()
    running = sorted(cluster.snapshot_pods())
    assert len(running) == 2
    assert backup.metric("workspaces", state="due") == 3
    cluster.finish(running[0], REPORT)
    await backup.step()
    assert len(cluster.snapshot_pods()) == 2
    assert backup.metric("workspaces", state="running") == 1  # as it was before the next began


async def test_a_hub_whose_clock_is_ahead_gets_no_snapshot_after_another(cluster, backup):
    cluster.add_claim(ADA, mounted_at=moment(datetime.now(UTC) + timedelta(hours=1)))
    await backup.step()
    cluster.finish(POD, REPORT)
    for _ in range(2):
        await backup.step()
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("used")
async def test_an_empty_workspace_is_good_without_a_snapshot(cluster, backup):
    await backup.step()
    cluster.finish(POD, Report("", is_new=False, files=0, size=0))
    for _ in range(2):
        await backup.step()
    notes = cluster.notes(ADA)
    assert "snapshot-id" not in notes
    assert notes["snapshot-files"] == "0"
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("used")
async def test_an_emptied_workspace_keeps_the_snapshot_that_can_be_put_back(cluster, backup):
    for report in (REPORT, Report("", is_new=False, files=0, size=0)):
        await backup.step()
        cluster.finish(POD, report)
        await backup.step()
        cluster.annotate(ADA, Annotation.SNAPSHOT_LAST_GOOD, AN_HOUR_AGO)  # as if used since
    notes = cluster.notes(ADA)
    assert (notes["snapshot-id"], notes["snapshot-files"]) == ("ab" * 32, "0")
    cluster.annotate(ADA, Annotation.RESTORE_REQUEST, RestoreRequest("1").to_json())
    await backup.step()
    assert cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"][3] == "restore"


@pytest.mark.parametrize(
    ("note", "value"),
    [
        ("mounted_at", "0001-01-01T00:00+14:00"),
        ("snapshot_last_good", "soon"),
        ("snapshot_failures", "9" * 5000),
        ("snapshot_failures", "9" * 4300),
        ("snapshot_failed_at", "9999-12-31T23:59:59Z"),
        ("restore_request", "[" * 100_000),
        ("restore_request", '{"id": "1", "at": "0001-01-01T00:00+14:00"}'),
    ],
)
async def test_what_somebody_made_of_an_annotation_keeps_nobody_s_snapshot_from_being_taken(
    cluster, backup, caplog, note, value
):
    notes = {"mounted_at": AN_HOUR_AGO, "snapshot_failures": "1", note: value}
    cluster.add_claim("workspace-odd", **notes)
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    await backup.step()
    assert POD in cluster.snapshot_pods()
    cluster.finish(POD, REPORT)
    await backup.step()
    assert cluster.notes(ADA)["snapshot-id"] == "ab" * 32
    said = [each for each in caplog.messages if "workspace-odd" in each and "be read" in each]
    assert len(said) == (note != "snapshot_failed_at")
