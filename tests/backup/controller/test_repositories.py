"""Which repository a workspace has, who tidies it, and what becomes of its record."""

import json
from datetime import timedelta

import pytest
from gpucommons_backup.errors import HALF_MADE
from gpucommons_contract import Annotation

from .played_cluster import ADA, AN_HOUR_AGO, POD, RECORDS, REPORT, TEAM

# Tidying


@pytest.mark.usefixtures("used")
async def test_once_a_week_old_snapshots_are_forgotten_by_the_other_login(
    cluster, backup, settings
):
    settings.with_name("tidy.yaml").write_text("RESTIC_REST_USERNAME: tidy\n")
    more = "tidy_credentials: tidy.yaml\ntidy_store: rest:http://store.example.org:8001/\n"
    settings.write_text(settings.read_text() + more)
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    backup.ahead = timedelta(days=14)
    await backup.step()
    container = cluster.snapshot_pods()[POD]["spec"]["containers"][0]
    assert container["command"][3] == "tidy"
    secret = cluster.secrets()[POD]
    assert secret["RESTIC_REST_USERNAME"] == "tidy"
    assert secret["RESTIC_REPOSITORY"].startswith("rest:http://store.example.org:8001/vision/")
    cluster.finish(POD, "{}")
    await backup.step()
    assert "snapshot-tidied" in cluster.notes(ADA)
    assert cluster.snapshot_pods() == {}


@pytest.mark.usefixtures("used")
async def test_where_snapshots_succeed_and_tidying_fails_the_growing_age_tells(
    cluster, backup, settings
):
    settings.with_name("tidy.yaml").write_text("RESTIC_REST_USERNAME: tidy\n")
    settings.write_text(settings.read_text() + "tidy_credentials: tidy.yaml\n")
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    for days in (14, 15, 16):
        backup.ahead = timedelta(days=days)
        await backup.step()
        assert cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"][3] == "tidy"
        cluster.finish(POD, "The store refuses.", code=1)
        await backup.step()
        notes = cluster.notes(ADA)
        assert notes["snapshot-tidy-error"] == "The store refuses."
        assert not {"snapshot-error", "snapshot-failures"} & set(notes)
        assert backup.metric("last_tidy_age_seconds") >= days * 86_400
        assert backup.metric("workspaces", state="failed") == 0
    backup.ahead = timedelta(days=17)
    await backup.step()
    cluster.finish(POD, "{}")
    await backup.step()
    assert "snapshot-tidy-error" not in cluster.notes(ADA)
    await backup.step()
    assert backup.metric("last_tidy_age_seconds") == 0


# Repositories


@pytest.mark.usefixtures("used")
async def test_who_left_and_came_back_gets_another_repository(cluster, backup):
    await backup.step()
    (old,) = cluster.records()
    cluster.finish(POD, REPORT)
    await backup.step()
    path = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"
    cluster.patch(path, {"metadata": {"finalizers": None}})
    cluster.delete(path)
    copied = {"backup_repository": old, "snapshot_id": "ab" * 32}
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO, **copied)
    await backup.step()
    new = cluster.notes(ADA)["backup-repository"]
    assert set(cluster.records()) == {old, new}
    assert new != old
    command = cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"]
    assert "--expected" not in command
    assert "snapshot-id" not in cluster.notes(ADA)
    assert f"/{new}/" in cluster.secrets()[POD]["RESTIC_REPOSITORY"]
    # Whose claim is not there any more: nobody else is to find their files.
    assert cluster.records()[old]["gone"]
    assert not cluster.records()[new]["gone"]


@pytest.mark.usefixtures("used")
async def test_a_claim_that_was_only_not_seen_is_back_with_its_snapshots(cluster, backup):
    await backup.step()
    (name,) = cluster.records()
    await backup.look()
    seen = backup.controller.claims
    (claim,) = seen.all()
    seen.replace([])
    await backup.controller.step()
    assert cluster.records()[name]["gone"]
    seen.replace([claim])
    await backup.controller.step()
    assert cluster.records()[name]["gone"] == ""


@pytest.mark.usefixtures("used")
async def test_one_broken_record_keeps_nothing_from_being_noted_on_the_others(
    cluster, backup, caplog
):
    await backup.step()
    (name,) = cluster.records()
    cluster.patch(RECORDS, {"stringData": {"vision.broken": "?"}})
    claim = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"
    cluster.patch(claim, {"metadata": {"finalizers": None}})
    cluster.delete(claim)
    for _ in range(2):
        await backup.step()
    said = [each for each in caplog.messages if "vision.broken cannot be read" in each]
    assert len(said) == 1
    cluster.patch(RECORDS, {"data": {"vision.broken": None}})
    assert cluster.records()[name]["gone"]
    # What was broken is put back, of a claim that has gone meanwhile.
    again = {"name": "vision/again", "password": "p", "team": "vision", "owner": ADA}
    again |= {"uid": "gone", "made": AN_HOUR_AGO}
    cluster.patch(RECORDS, {"stringData": {"vision.again": json.dumps(again)}})
    await backup.step()
    assert cluster.records()["vision/again"]["gone"]


@pytest.mark.usefixtures("used")
async def test_a_record_follows_its_claim_to_another_owner(cluster, backup):
    await backup.step()
    (name,) = cluster.records()
    assert cluster.records()[name]["owner"] == ADA
    cluster.annotate(ADA, Annotation.USER, "bob")
    await backup.step()
    assert cluster.records()[name]["owner"] == "bob"


@pytest.mark.usefixtures("used")
async def test_a_folder_gets_what_a_pod_that_mounts_the_records_has(
    cluster, backup, settings, tmp_path
):
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "of-a-repository-that-is-not-known-any-more").touch()
    settings.write_text(f"{settings.read_text()}records_folder: {folder}\n")
    await backup.step()
    ((name, record),) = cluster.records().items()
    (file,) = folder.iterdir()
    assert file.name == name.replace("/", ".")
    assert json.loads(file.read_text()) == record
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("used")
async def test_a_claim_that_lost_its_note_keeps_its_repository(cluster, backup):
    await backup.step()
    name = cluster.notes(ADA)["backup-repository"]
    cluster.finish(POD, REPORT)
    await backup.step()
    cluster.annotate(ADA, Annotation.BACKUP_REPOSITORY, None)
    cluster.annotate(ADA, Annotation.SNAPSHOT_LAST_GOOD, AN_HOUR_AGO)  # as if somebody had it since
    await backup.step()
    assert cluster.notes(ADA)["backup-repository"] == name
    assert set(cluster.records()) == {name}


async def test_lost_records_are_not_replaced_by_new_ones(cluster, backup):
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO, backup_repository="vision/workspace-ada-1")
    await backup.step()
    assert "Put it back from your copy" in cluster.notes(ADA)["snapshot-error"]
    assert cluster.snapshot_pods() == {}
    with pytest.raises(LookupError):
        cluster.records()


async def test_a_workspace_whose_record_is_lost_gets_no_other_until_somebody_says_so(
    cluster, backup
):
    cluster.add_claim("workspace-bob", mounted_at=AN_HOUR_AGO)
    await backup.step()  # so that there are records
    before = cluster.records()
    lost = "vision/workspace-ada-1"
    kept = {"backup_repository": lost, "snapshot_id": "ab" * 32}
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO, **kept)
    await backup.step()
    error = cluster.notes(ADA)["snapshot-error"]
    assert error.startswith(f"The Secret workspace-repositories has no record of {lost}")
    assert "Put the Secret back from a newer copy." in error
    assert (cluster.records(), cluster.notes(ADA)["backup-repository"]) == (before, lost)
    assert POD not in cluster.snapshot_pods()
    cluster.annotate(ADA, Annotation.BACKUP_REPOSITORY, None)
    backup.ahead = timedelta(minutes=6)
    await backup.step()
    assert cluster.notes(ADA)["backup-repository"] in set(cluster.records()) - set(before)
    command = cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"]
    assert "--expected" not in command


@pytest.mark.usefixtures("used")
async def test_of_two_that_make_a_repository_for_one_workspace_one_wins(
    cluster, backup, monkeypatch
):
    cluster.post(RECORDS.rpartition("/")[0], {"metadata": {"name": "workspace-repositories"}})
    claim = cluster.get(f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}")
    first = {"name": "vision/first", "password": "p", "team": "vision", "owner": ADA}
    first |= {"uid": claim["metadata"]["uid"], "made": AN_HOUR_AGO}
    api = backup.controller._api
    patch, others = api.patch_secret, iter([json.dumps(first)])

    async def slowly(*given):
        for each in others:  # somebody else is quicker, once
            cluster.patch(RECORDS, {"stringData": {"vision.first": each}})
        return await patch(*given)

    monkeypatch.setattr(api, "patch_secret", slowly)
    await backup.step()
    assert cluster.records() == {"vision/first": first}
    assert cluster.notes(ADA)["backup-repository"] == "vision/first"
    assert cluster.secrets()[POD]["RESTIC_PASSWORD"] == "p"


@pytest.mark.usefixtures("used")
async def test_a_secret_that_is_full_is_a_reason_that_says_what_to_do(cluster, backup, monkeypatch):
    monkeypatch.setattr("gpucommons_backup.controller.repositories.records.FULL", 50)
    await backup.step()
    assert "no place for one more repository" in cluster.notes(ADA)["snapshot-error"]
    assert cluster.records() == {}


@pytest.mark.usefixtures("used")
async def test_how_long_work_is_in_no_snapshot_is_a_metric_of_the_team(cluster, backup):
    await backup.step()
    assert 3600 <= backup.metric("last_good_age_seconds", team="vision") < 7200
    cluster.finish(POD, REPORT)
    await backup.step()
    assert backup.metric("last_good_age_seconds", team="vision") == 0
    exposed = backup.controller.metrics.exposition().decode()
    assert "workspace-ada" not in exposed


# The folder of a team


async def test_the_folder_of_a_team_is_taken_like_a_workspace_and_is_nobody_s(cluster, backup):
    cluster.add_claim("team", "ReadWriteMany", component="team-folder")
    cluster.start_session("team")
    await backup.step()
    cluster.end_session("team")
    await backup.step()
    pod = cluster.snapshot_pods()["snapshot-team"]
    assert "affinity" not in pod["spec"]
    ((name, record),) = cluster.records().items()
    assert name.startswith("vision/team-")
    assert record["owner"] == "(team folder)"
    cluster.finish("snapshot-team", REPORT)
    await backup.step()
    assert cluster.notes("team")["snapshot-id"] == "ab" * 32


@pytest.mark.usefixtures("used")
async def test_one_broken_record_harms_its_own_workspace_alone(cluster, backup):
    await backup.step()
    cluster.finish(POD, REPORT)
    await backup.step()
    name = cluster.notes(ADA)["backup-repository"]
    whole = json.dumps(cluster.records()[name])
    key = name.replace("/", ".")
    cluster.patch(RECORDS, {"stringData": {key: "?"}})
    cluster.add_claim("workspace-bob", mounted_at=AN_HOUR_AGO)
    cluster.annotate(ADA, Annotation.SNAPSHOT_LAST_GOOD, AN_HOUR_AGO)  # as if somebody had it since
    await backup.step()
    assert set(cluster.snapshot_pods()) == {"snapshot-workspace-bob"}
    assert f"has as {key} cannot be read" in cluster.notes(ADA)["snapshot-error"]
    # Also where the claim has lost the name: it gets no other repository beside the one it has.
    cluster.annotate(ADA, Annotation.BACKUP_REPOSITORY, None)
    backup.ahead = timedelta(minutes=6)
    await backup.step()
    assert POD not in cluster.snapshot_pods()
    cluster.patch(RECORDS, {"stringData": {key: whole}})
    backup.ahead = timedelta(minutes=30)
    await backup.step()
    assert cluster.notes(ADA)["backup-repository"] == name
    assert POD in cluster.snapshot_pods()


@pytest.mark.usefixtures("used")
async def test_a_repository_that_was_not_made_to_its_end_is_left_for_another(cluster, backup):
    await backup.step()
    old = cluster.notes(ADA)["backup-repository"]
    cluster.finish(POD, "It was not made to its end.", code=HALF_MADE)
    await backup.step()
    assert "the next try makes another one" in cluster.notes(ADA)["snapshot-error"]
    backup.ahead = timedelta(minutes=6)
    await backup.step()
    new = cluster.notes(ADA)["backup-repository"]
    assert set(cluster.records()) == {old, new}
    assert (cluster.records()[old]["owner"], new != old) == ("", True)
    assert cluster.secrets()[POD]["RESTIC_REPOSITORY"].endswith(f"/{new}/")
    cluster.finish(POD, REPORT)
    await backup.step()
    # With a snapshot it is kept, whatever the program says: somebody has to look.
    cluster.annotate(ADA, Annotation.SNAPSHOT_LAST_GOOD, AN_HOUR_AGO)  # as if somebody had it since
    await backup.step()
    cluster.finish(POD, "It was not made to its end.", code=HALF_MADE)
    await backup.step()
    assert cluster.notes(ADA)["snapshot-error"] == "It was not made to its end."
    assert cluster.records()[new]["owner"] == ADA
