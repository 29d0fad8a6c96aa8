"""From a request on a claim to the answer there, on a real API server."""

import json

import pytest
from gpucommons_backup.restoring import Restored
from gpucommons_contract import Annotation, RestoreRequest, RestoreState, read_restore_result

from .played_cluster import ADA, AN_HOUR_AGO, POD, RECORDS, REPORT

RESTORED = Restored(
    "ab" * 32, "2026-11-30T03:00:00Z", "restored 2026-11-30 03.00", 12, 3400, 1, True
)


@pytest.fixture
async def kept(cluster, backup):
    """A workspace with a snapshot, which nobody had since."""
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()


def _ask(cluster, identifier="1", **which) -> None:
    cluster.annotate(ADA, Annotation.RESTORE_REQUEST, RestoreRequest(identifier, **which).to_json())


def _answer(cluster):
    return read_restore_result(cluster.notes(ADA)["restore-result"])


def _command(cluster) -> list[str]:
    return cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"][3:]


@pytest.mark.usefixtures("kept")
async def test_a_request_is_carried_out_by_one_pod_that_may_write_and_is_answered(cluster, backup):
    _ask(cluster, reason="lost", by="root")
    await backup.step()
    pod = cluster.snapshot_pods()[POD]
    assert _command(cluster) == ["restore", "/workspace"]
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"] == {"claimName": ADA}
    name = cluster.notes(ADA)["backup-repository"]
    assert cluster.secrets()[POD]["RESTIC_REPOSITORY"].endswith(f"/{name}/")
    assert _answer(cluster).state is RestoreState.WAITING
    cluster.place(POD, "one")
    cluster.say(POD, {"phase": "Running"})
    await backup.step()
    assert _answer(cluster).state is RestoreState.RUNNING
    cluster.finish(POD, RESTORED.to_json())
    await backup.step()
    answer = _answer(cluster)
    assert (answer.id, answer.state, answer.repository) == ("1", RestoreState.DONE, name)
    assert (answer.folder, answer.moment) == (RESTORED.folder, RESTORED.moment)
    assert (answer.files, answer.size, answer.left_out) == (12, 3400, 1)
    assert answer.not_compared is True
    assert "restore-request" not in cluster.notes(ADA)
    assert backup.metric("pods_total", outcome="restored") == 1.0
    await backup.step()
    assert _command(cluster)[-1] == "ended"  # what was put back belongs in a snapshot


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("which", "arguments"),
    [
        ({"snapshot": "ab12cd34"}, ["--snapshot=ab12cd34"]),
        ({"at": "2026-11-30T04:00:00+01:00"}, ["--at", "2026-11-30T03:00:00+00:00"]),
    ],
)
async def test_the_pod_is_told_which_snapshot(cluster, backup, which, arguments):
    _ask(cluster, **which)
    await backup.step()
    assert _command(cluster)[2:] == arguments


@pytest.mark.usefixtures("kept")
async def test_what_the_program_says_of_a_failure_is_the_answer_and_there_is_no_other_try(
    cluster, backup
):
    _ask(cluster)
    await backup.step()
    cluster.finish(POD, "The workspace has no room for it.", code=1)
    await backup.step()
    assert _answer(cluster).state is RestoreState.FAILED
    assert _answer(cluster).says == "The workspace has no room for it."
    await backup.step()
    assert (cluster.snapshot_pods(), "snapshot-error" in cluster.notes(ADA)) == ({}, False)


@pytest.mark.usefixtures("kept")
async def test_it_begins_anew_where_its_pod_was_deleted_before_the_end(cluster, backup):
    _ask(cluster)
    await backup.step()
    cluster.delete(f"/api/v1/namespaces/team-vision/pods/{POD}")
    backup.restart()
    await backup.step()
    assert _command(cluster)[0] == "restore"
    assert _answer(cluster).state is RestoreState.WAITING


@pytest.mark.usefixtures("kept")
async def test_it_goes_on_beside_a_session_on_its_node_and_gives_way_to_one_elsewhere(
    cluster, backup
):
    _ask(cluster)
    await backup.step()
    first = cluster.snapshot_pods()[POD]["metadata"]["uid"]
    cluster.place(POD, "one")
    cluster.start_session(ADA, node=None)
    await backup.step()
    assert "deletionTimestamp" not in cluster.snapshot_pods()[POD]["metadata"]
    cluster.place(f"jupyter-{ADA}", "two")
    await backup.step()
    assert "deletionTimestamp" in cluster.snapshot_pods()[POD]["metadata"]
    cluster.delete(f"/api/v1/namespaces/team-vision/pods/{POD}?gracePeriodSeconds=0")
    await backup.step()
    pod = cluster.snapshot_pods()[POD]
    assert (pod["metadata"]["uid"] != first, _command(cluster)[0]) == (True, "restore")
    assert "two" in json.dumps(pod["spec"]["affinity"])


@pytest.mark.usefixtures("kept")
async def test_it_waits_for_a_session_that_starts_and_says_so(cluster, backup):
    cluster.start_session(ADA, node=None)
    _ask(cluster)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    assert "about to start" in _answer(cluster).says
    cluster.place(f"jupyter-{ADA}", "two")
    await backup.step()
    assert _command(cluster)[0] == "restore"


async def test_it_waits_for_a_snapshot_that_is_being_taken(cluster, backup):
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    await backup.step()
    _ask(cluster)
    await backup.step()
    assert "It begins after that" in _answer(cluster).says
    cluster.finish(POD, REPORT)
    await backup.step()
    await backup.step()
    assert _command(cluster)[0] == "restore"


async def test_a_workspace_made_anew_names_the_repository_of_the_one_before(cluster, backup, kept):
    old = cluster.notes(ADA)["backup-repository"]
    path = f"/api/v1/namespaces/team-vision/persistentvolumeclaims/{ADA}"
    cluster.patch(path, {"metadata": {"finalizers": None}})
    cluster.delete(path)
    cluster.add_claim(ADA)
    _ask(cluster)
    await backup.step()
    says = _answer(cluster).says
    assert says.startswith("There is no snapshot of this workspace yet.")
    assert f"had: {old} (since 20" in says
    _ask(cluster, "2", repository="vision/workspace-bob-1")
    await backup.step()
    says = _answer(cluster).says
    assert says.startswith(
        "vision/workspace-bob-1 is no repository of workspace-ada in team vision"
    )
    assert old in says
    _ask(cluster, "3", repository=old)
    await backup.step()
    assert cluster.secrets()[POD]["RESTIC_REPOSITORY"].endswith(f"/{old}/")
    cluster.finish(POD, RESTORED.to_json())
    await backup.step()
    assert (_answer(cluster).id, _answer(cluster).repository) == ("3", old)
    await backup.step()
    notes = cluster.notes(ADA)
    assert notes["backup-repository"] != old
    assert notes["snapshot-earlier-repositories"] == old


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("owner", ["workspace-bob", ADA])
async def test_a_repository_of_somebody_else_or_of_a_claim_that_is_there_is_refused(
    cluster, backup, owner
):
    other = "workspace-bob"
    cluster.add_claim(other, mounted_at=AN_HOUR_AGO)
    path = f"/api/v1/namespaces/team-vision/persistentvolumeclaims/{other}"
    cluster.patch(path, {"metadata": {"annotations": {"hub.jupyter.org/username": owner}}})
    await backup.step()
    its = cluster.notes(other)["backup-repository"]
    assert cluster.records()[its]["owner"] == owner
    _ask(cluster, repository=its)
    await backup.step()
    assert _answer(cluster).says.startswith(f"{its} is no repository of workspace-ada")
    assert POD not in cluster.snapshot_pods()


@pytest.mark.usefixtures("kept")
async def test_another_repository_of_the_same_workspace_can_be_named(cluster, backup):
    (record,) = cluster.records().values()
    other = record | {"name": "vision/other", "made": AN_HOUR_AGO}
    cluster.patch(RECORDS, {"stringData": {"vision.other": json.dumps(other)}})
    _ask(cluster, repository="vision/other")
    await backup.step()
    assert cluster.secrets()[POD]["RESTIC_REPOSITORY"].endswith("/vision/other/")


@pytest.mark.usefixtures("kept")
async def test_where_the_record_is_lost_that_is_the_answer(cluster, backup):
    cluster.patch(RECORDS, {"data": None})
    _ask(cluster)
    await backup.step()
    assert "has no record of vision/workspace-ada-" in _answer(cluster).says


@pytest.mark.usefixtures("kept")
async def test_a_request_that_cannot_be_read_is_taken_away(cluster, backup):
    cluster.annotate(ADA, Annotation.RESTORE_REQUEST, "please")
    await backup.step()
    assert "restore-request" not in cluster.notes(ADA)
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("kept")
async def test_what_is_cancelled_ends_and_what_it_had_put_back_is_removed_by_another_pod(
    cluster, backup
):
    _ask(cluster)
    await backup.step()
    cluster.place(POD, "one")
    cluster.say(POD, {"phase": "Running"})
    _ask(cluster, cancelled=True)
    await backup.step()
    assert "deletionTimestamp" in cluster.snapshot_pods()[POD]["metadata"]
    cluster.end_pod(POD, {"exitCode": 137})
    cluster.delete(f"/api/v1/namespaces/team-vision/pods/{POD}?gracePeriodSeconds=0")
    backup.restart()
    await backup.step()
    assert _command(cluster) == ["restore", "/workspace", "--remove"]
    assert cluster.secrets()[POD] == {}  # it has no business in the store
    assert "restore-request" in cluster.notes(ADA)
    cluster.finish(POD, Restored("", "", "", 0, 0).to_json())
    await backup.step()
    assert _answer(cluster).state is RestoreState.CANCELLED
    assert "restore-request" not in cluster.notes(ADA)
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("kept")
async def test_what_was_put_back_before_it_was_cancelled_stays_and_is_said(cluster, backup):
    _ask(cluster)
    await backup.step()
    cluster.finish(POD, RESTORED.to_json())
    _ask(cluster, cancelled=True)
    await backup.step()
    assert (_answer(cluster).state, _answer(cluster).folder) == (RestoreState.DONE, RESTORED.folder)
    assert "restore-request" not in cluster.notes(ADA)
