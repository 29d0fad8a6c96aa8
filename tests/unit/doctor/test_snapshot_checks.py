"""Snapshots, judged by what is noted on claims; their settings, passwords and policies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import SnapshotState
from gpucommons_doctor.checks.snapshots.claims import Claim
from gpucommons_doctor.checks.snapshots.copies_and_tidying import judge_copies, judge_tidying
from gpucommons_doctor.checks.snapshots.passwords import judge_passwords
from gpucommons_doctor.checks.snapshots.policies import NEEDED, judge_admission, judge_ways
from gpucommons_doctor.checks.snapshots.settings import SnapshotSettings
from gpucommons_doctor.checks.snapshots.snapshots import judge_snapshots
from gpucommons_doctor.finding import State

from . import objects
from .conftest import BACKUP

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ADA = Claim(
    "team-vision/workspace-ada",
    NOW - timedelta(days=60),
    SnapshotState(
        last_good=NOW - timedelta(hours=1),
        id="1a2b3c4d",
        tidied=NOW - timedelta(days=3),
        mounted_at=NOW - timedelta(hours=2),
        repository="vision/workspace-ada-1",
    ),
)


def _ada(**of_snapshot):
    return replace(ADA, snapshot=replace(ADA.snapshot, **of_snapshot))


def _lacks(begin):
    """Settings without lines that begin so."""
    lines = BACKUP.read_text().splitlines(keepends=True)
    return "".join(each for each in lines if not each.startswith(begin))


def _ago(**since):
    return NOW - timedelta(**since)


@pytest.mark.parametrize(
    ("claim", "state", "said"),
    [
        (ADA, State.GOOD, "1 workspace in snapshots"),
        (_ada(mounted_at=_ago(minutes=5)), State.GOOD, "1 workspace"),
        (_ada(mounted_at=_ago(minutes=5), last_good=_ago(hours=4)), State.WARNING, "hours ago"),
        (_ada(mounted_at=_ago(minutes=5), last_good=_ago(days=2)), State.FAULT, "workspace-ada"),
        (_ada(mounted_at=_ago(hours=4), last_good=None), State.FAULT, "workspace-ada"),
        (_ada(mounted_at=None, last_good=None), State.GOOD, "0 workspaces"),
        (_ada(error="The store is full."), State.WARNING, "The store is full."),
        (_ada(unread=3), State.WARNING, "could not be read"),
    ],
)
def test_changes_that_are_in_no_snapshot_are_judged_by_their_age(claim, state, said):
    (found,) = judge_snapshots([claim], NOW, is_there=True)
    assert found.state is state
    assert said in f"{found.found} {found.advice}"


def test_the_reason_is_told_where_there_is_one():
    late = _ada(mounted_at=_ago(minutes=5), last_good=_ago(days=2), error="It has no room.")
    (found,) = judge_snapshots([late, replace(late, name="team-a/b")], NOW, is_there=True)
    assert "team-a/b, team-vision/workspace-ada" in found.found
    assert "It has no room." in found.advice


def test_an_installation_without_snapshots_is_warned_once(installation):
    (found,) = judge_snapshots([_ada(repository="")], NOW, is_there=False)
    assert found.state is State.WARNING
    assert judge_snapshots([ADA], NOW, is_there=False)[0].state is State.GOOD
    assert "back-up-workspaces.md" in found.advice


@pytest.mark.parametrize(
    ("claim", "state", "said"),
    [
        (ADA, State.GOOD, "in time"),
        (_ada(tidied=_ago(days=40)), State.WARNING, "four weeks: team-vision/workspace-ada"),
        (_ada(tidied=_ago(days=40), last_good=_ago(days=41)), State.GOOD, "in time"),
        (_ada(tidied=None, tidy_error="Locked."), State.WARNING, "Locked."),
        (_ada(tidy_error="Locked."), State.WARNING, "Locked."),
    ],
)
def test_old_snapshots_are_forgotten_within_weeks(claim, state, said):
    (found,) = judge_tidying([claim], NOW)
    assert found.state is state
    assert said in f"{found.found} {found.advice}"


@pytest.mark.parametrize(
    ("claim", "noted", "state", "said"),
    [
        (ADA, "2026-11-30T08:00:00Z", State.GOOD, "were copied"),
        (ADA, "", State.WARNING, "1 workspace are in the cluster alone"),
        (_ada(sealed=True), "", State.GOOD, "are sealed in the stores"),
        (ADA, "yesterday", State.WARNING, "in the cluster alone"),
        (replace(ADA, made=NOW), "2026-11-30T08:00:00Z", State.WARNING, "newer than their copy"),
        (_ada(repository=""), "", State.GOOD, ""),
        (_ada(error="The Secret workspace-repositories has no record of it."), "", State.FAULT, ""),
    ],
)
def test_passwords_are_there_and_copied_or_sealed(claim, noted, state, said):
    (found,) = judge_passwords([claim], noted)
    assert found.state is state
    assert said in found.found


def test_of_passwords_that_are_sealed_to_a_recovery_key_the_others_are_told():
    sealed = _ada(sealed=True)
    (found,) = judge_passwords([sealed], "")
    assert (found.state, "sealed" in found.found) == (State.GOOD, True)
    (found,) = judge_passwords([sealed, replace(ADA, name="team-a/b")], "")
    assert (found.state, "of 1 workspace" in found.found) == (State.WARNING, True)


@pytest.mark.parametrize(
    ("claim", "state", "said"),
    [
        (ADA, State.GOOD, "No snapshot was copied yet"),
        (_ada(copied=NOW), State.GOOD, "in time"),
        (_ada(copy_error="It is away."), State.WARNING, "It is away. It is tried again"),
        (_ada(copied=NOW - timedelta(hours=49), last_good=NOW), State.FAULT, "for two days"),
        (_ada(copied=NOW - timedelta(hours=47), last_good=NOW), State.GOOD, "in time"),
        (_ada(copied=NOW - timedelta(days=9), last_good=NOW - timedelta(days=10)), State.GOOD, ""),
    ],
)
def test_snapshots_reach_the_second_store_within_days(claim, state, said):
    (found,) = judge_copies([claim], NOW)
    assert found.state is state
    assert said in f"{found.found} {found.advice}"


def test_a_policy_that_is_missing_unbound_or_lets_pass_is_named():
    policies, bindings = objects.admission_policies()
    assert [each["metadata"]["name"] for each in policies] != []
    assert judge_admission(policies, bindings) == []
    for lacking in NEEDED:
        others = [each for each in policies if each["metadata"]["name"] != lacking]
        (found,) = judge_admission(others, bindings)
        assert (found.state, lacking in found.found) == (State.FAULT, True)
        unbound = [each for each in bindings if each["spec"]["policyName"] != lacking]
        assert lacking in judge_admission(policies, unbound)[0].found
    bindings[0]["spec"]["validationActions"] = ["Audit"]
    policies[1]["spec"]["failurePolicy"] = "Ignore"
    (found,) = judge_admission(policies, bindings)
    assert "are gpucommons-backup-pods, gpucommons-backup-secrets." in found.found


def test_a_team_whose_snapshots_are_not_let_to_the_store_is_named():
    teams = [objects.team(name)["Namespace"] for name in ("vision", "astro")]
    policies = objects.network_policies()
    (found,) = judge_ways(teams, policies)
    assert "Snapshots of astro cannot reach the store" in found.found
    assert judge_ways(teams[:1], policies) == []


@pytest.mark.parametrize(
    ("text", "state", "said"),
    [
        (BACKUP.read_text(), State.GOOD, "rest:http://backup-store"),
        ("image: x\n", State.FAULT, "store: Field required"),
        (_lacks("tidy_"), State.WARNING, "no old snapshot is ever forgotten"),
        (_lacks("recovery"), State.WARNING, "There is no recovery key"),
        (_lacks("copy"), State.WARNING, "There is no second store"),
        (None, State.FAULT, "cannot be read"),
    ],
)
async def test_settings_are_read_as_the_controller_does(tmp_path, cluster, text, state, said):
    file = tmp_path / "backup.yaml"
    if text is not None:
        file.write_text(text)
    (found,) = await SnapshotSettings(file).run(cluster)
    assert found.state is state
    assert said in found.found


async def test_settings_that_are_not_given_are_asked_for_where_there_is_a_controller(
    cluster, played
):
    (found,) = await SnapshotSettings(None).run(cluster)
    assert (found.state, "--backup" in found.advice) == (State.WARNING, True)
    played.objects("/deployments").clear()
    (found,) = await SnapshotSettings(None).run(cluster)
    assert found.state is State.GOOD
