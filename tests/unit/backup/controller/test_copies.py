"""When snapshots are copied into a second store, by which logins, and what is noted of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_backup.__main__ import _parser
from gpucommons_backup.controller.elsewhere import CopySettings
from gpucommons_backup.controller.metrics import Metrics
from gpucommons_backup.controller.pod import pod_manifest
from gpucommons_backup.controller.repositories.record import Record, RecordsError
from gpucommons_backup.controller.results.copies import (
    due_copies,
    notes_on_copy,
    notes_on_no_store,
    variables,
)
from gpucommons_backup.controller.results.outcome import Failed, Tidied
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import (
    Cluster,
    Due,
    in_the_way,
    room,
    room_for_copies,
)
from gpucommons_backup.controller.watching.pods import COPY, COPY_TIDY, Session, SnapshotPod
from gpucommons_contract import Annotation

from tests.unit.cluster_objects.pod_security import lacks_for_restricted
from tests.unit.kubernetes_fields import unknown_fields

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEY = ("team-vision", "workspace-ada")
RECORD = Record("vision/a-1", "first", "vision", "uid", "ada", "", copy_password="second")


def _ago(**since) -> datetime:
    return NOW - timedelta(**since)


LAST = {"last_good": _ago(minutes=1)}


def _workspace(**more) -> Workspace:
    given = {"key": KEY, "uid": "uid", "team": "vision", "owner": "ada", "has_snapshot": True}
    return Workspace(**given | {"created": _ago(days=100), "last_good": _ago(hours=1)} | more)


def _pod(occasion, **more) -> SnapshotPod:
    pod = SnapshotPod(KEY, "snapshot-workspace-ada", "1", occasion, NOW, "one", True)
    return replace(pod, **more)


def _due(workspace, pods=(), others=(), **settings):
    cluster = Cluster({workspace.key: workspace}, (), tuple(pods))
    copies = CopySettings(store="rest:https://copy/", **settings)
    return [each.occasion for each in due_copies(cluster, copies, NOW, others)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [COPY]),
        ({"last_good": None}, []),
        ({"has_snapshot": False}, []),  # nothing is kept of an empty workspace
        ({"copied": _ago(minutes=59)}, []),
        ({"copied": _ago(hours=23)}, []),  # there is a newer one, but it is not old enough
        ({"copied": _ago(hours=24)}, [COPY]),
        ({"copied": _ago(hours=2), "final": _ago(hours=1)}, [COPY]),  # it is to be deleted
        ({"copied": _ago(hours=2), "final": _ago(hours=3)}, []),
        ({"copied": _ago(hours=-2)}, []),  # all are copied, by a clock that was ahead
        ({"copied": _ago(hours=30), "last_good": _ago(hours=31)}, []),
        ({"copy_failed_at": _ago(minutes=59)}, []),
        ({"copy_failed_at": _ago(hours=1)}, [COPY]),
        ({"copy_failed_at": _ago(hours=-1)}, [COPY]),
        # Somebody waits for a last one, of which nobody knows yet that it cannot be copied.
        ({"copy_failed_at": _ago(minutes=59), "final": _ago(minutes=1), **LAST}, [COPY]),
        ({"copy_failed_at": _ago(seconds=9), "final": _ago(minutes=1), **LAST}, []),
        ({"deleting": True}, []),
    ],
)
def test_what_is_new_is_copied_once_a_day_and_after_a_failure_in_an_hour(more, expected):
    assert _due(_workspace(**more)) == expected


def test_something_else_of_the_same_workspace_comes_first():
    assert _due(_workspace(), pods=[_pod("ended")]) == []
    assert _due(_workspace(), others={KEY}) == []
    assert due_copies(Cluster({KEY: _workspace()}), None, NOW, ()) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [COPY_TIDY]),
        ({"copy_tidied": _ago(days=6)}, []),
        ({"copy_tidied": _ago(days=7)}, [COPY_TIDY]),
        ({"copy_tidied": _ago(days=7), "copied": _ago(days=8), "last_good": _ago(days=9)}, []),
    ],
)
def test_the_second_store_is_tidied_each_week_by_a_login_for_that(more, expected, tmp_path):
    workspace = _workspace(**{"copied": _ago(minutes=1), **more})
    assert _due(workspace, tidy_credentials=tmp_path) == expected
    assert _due(workspace) == []


def test_copies_take_no_place_of_snapshots_and_are_in_nobody_s_way():
    session = Session(frozenset({KEY}), NOW, node="two", runs=True)
    pods = (_pod(COPY), _pod(COPY_TIDY), _pod(COPY, over=True))
    cluster = Cluster({KEY: _workspace()}, (session,), pods)
    assert room(cluster, NOW, 4) == 4
    assert room_for_copies(cluster, 3) == 1
    assert room_for_copies(cluster, 1) == 0
    assert in_the_way(cluster) == []


@pytest.fixture
def settings(tmp_path) -> Settings:
    for name, user in (("first", "a@b"), ("second", "c")):
        text = f"RESTIC_REST_USERNAME: {user}\nRESTIC_REST_PASSWORD: 'p/{name}'\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "s3.yaml").write_text("AWS_ACCESS_KEY_ID: key\nAWS_SECRET_ACCESS_KEY: secret\n")
    return Settings(
        store="rest:http://store:8000/",
        credentials=tmp_path / "first.yaml",
        image="x",
        copy={"store": "rest:https://copy/", "credentials": tmp_path / "second.yaml"},
    )


def test_each_store_gets_its_own_login(settings):
    assert variables(RECORD, settings, COPY) == {
        "RESTIC_REPOSITORY": "rest:https://copy/vision/a-1/",
        "RESTIC_PASSWORD": "second",
        "RESTIC_REST_USERNAME": "c",
        "RESTIC_REST_PASSWORD": "p/second",
        "RESTIC_FROM_REPOSITORY": "rest:http://a%40b:p%2Ffirst@store:8000/vision/a-1/",
        "RESTIC_FROM_PASSWORD": "first",
    }


def test_between_rest_server_and_s3_both_logins_are_given(settings, tmp_path):
    s3 = {"store": "s3:https://s3/bucket/", "credentials": tmp_path / "s3.yaml"}
    aws = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    there = Settings(**settings.model_dump() | {"copies": s3})
    assert aws.items() <= variables(RECORD, there, COPY).items()
    assert "a%40b" in variables(RECORD, there, COPY)["RESTIC_FROM_REPOSITORY"]
    back = Settings(**settings.model_dump() | s3)
    found = variables(RECORD, back, COPY)
    assert aws.items() <= found.items()
    assert found["RESTIC_REST_USERNAME"] == "c"
    assert found["RESTIC_FROM_REPOSITORY"] == "s3:https://s3/bucket/vision/a-1/"


def test_what_tidies_the_second_store_gets_nothing_of_the_first(settings, tmp_path):
    tidy = {"tidy_store": "rest:https://copy:1/", "tidy_credentials": tmp_path / "first.yaml"}
    copies = settings.copies.model_dump() | tidy
    found = variables(RECORD, Settings(**settings.model_dump() | {"copies": copies}), COPY_TIDY)
    assert found == {
        "RESTIC_REPOSITORY": "rest:https://copy:1/vision/a-1/",
        "RESTIC_PASSWORD": "second",
        "RESTIC_REST_USERNAME": "a@b",
        "RESTIC_REST_PASSWORD": "p/first",
    }


def test_a_repository_without_a_password_for_its_copy_is_not_copied(settings):
    with pytest.raises(RecordsError, match="no password for the copy of vision/a-1"):
        variables(replace(RECORD, copy_password=""), settings, COPY)


@pytest.mark.parametrize("occasion", [COPY, COPY_TIDY])
def test_its_pod_has_no_workspace_and_its_program_takes_the_arguments(settings, occasion):
    pod = pod_manifest(Due(_workspace(copied=NOW), occasion, NOW), settings)
    assert lacks_for_restricted(pod["spec"]) == []
    assert unknown_fields(pod, "Pod") == []
    assert [list(each) for each in pod["spec"]["volumes"]] == [["name", "emptyDir"]]
    assert pod["spec"]["activeDeadlineSeconds"] == 720 * 60
    arguments = _parser().parse_args(pod["spec"]["containers"][0]["command"][3:])
    assert occasion != COPY or arguments.expected


def test_a_failure_is_noted_and_leaves_what_was_copied():
    notes = notes_on_copy(Failed("It is away."), COPY, _ago(minutes=5), NOW)
    assert notes[Annotation.SNAPSHOT_COPY_ERROR] == "It is away."
    assert Annotation.SNAPSHOT_COPIED not in notes
    good = notes_on_copy(Tidied(), COPY, _ago(minutes=5), NOW)
    assert good[Annotation.SNAPSHOT_COPIED] == "2026-11-30T11:55:00Z"
    assert good[Annotation.SNAPSHOT_COPY_ERROR] is None
    assert Annotation.SNAPSHOT_COPY_TIDIED in notes_on_copy(Tidied(), COPY_TIDY, NOW, NOW)


def test_of_a_second_store_that_is_no_more_nothing_stays_on_the_claim():
    assert notes_on_no_store(_workspace()) == {}
    assert notes_on_no_store(_workspace(copy_wanted=True))[Annotation.SNAPSHOT_COPY_WANTED] is None
    gone = notes_on_no_store(_workspace(copied=NOW))
    assert gone[Annotation.SNAPSHOT_COPIED] is None
    assert notes_on_no_store(_workspace(copy_failed_at=NOW)) == gone


def test_metrics_say_how_old_the_oldest_copy_of_a_team_is_where_there_are_copies():
    metrics, name = Metrics(), "gpucommons_backup_last_copy_age_seconds"
    bob = ("team-vision", "workspace-bob")
    found = {
        KEY: _workspace(copied=_ago(hours=30)),
        bob: _workspace(key=bob, copied=_ago(minutes=1)),
    }
    metrics.show_copies(Cluster(found), NOW, is_on=True)
    labels = {"team": "vision"}
    assert metrics.registry.get_sample_value(name, labels) == 30 * 3600
    metrics.show_copies(Cluster(found), NOW, is_on=False)
    assert metrics.registry.get_sample_value(name, labels) is None
