"""Workspaces of people who left: pruned on their day, never a day too early."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from gpucommons_contract import Annotation
from gpucommons_contract.formats.wording import written_moment
from gpucommons_contract.workspaces.checks import (
    CheckKind,
    CheckResult,
    CheckState,
    read_check_request,
)
from gpucommons_people.accounts.accounts import Leftover, add_user
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.errors import NotThereError
from gpucommons_people.workspaces.retention import prune, restore_workspaces


@pytest.fixture
def yesterday(today: date) -> date:
    return today - timedelta(days=1)


async def test_what_is_kept_until_yesterday_goes_and_all_else_stays(world, today, yesterday):
    world.add_workspace("gone@x.org", "vision", until=yesterday)
    world.add_workspace("today@x.org", "vision", until=today)
    world.add_workspace("here@x.org", "vision")
    change = await prune(world.it)
    assert world.left(CLAIMS) == ["workspace-here", "workspace-today"]
    assert [each["owner"] for each in change.data["deleted"]] == ["gone@x.org"]


async def test_a_dry_run_deletes_nothing(world, yesterday):
    world.add_workspace("gone@x.org", "vision", until=yesterday)
    assert (await prune(world.it, dry_run=True)).changed
    assert world.left(CLAIMS) == ["workspace-gone"]


async def test_files_in_use_stay_and_are_told(world, yesterday):
    world.add_workspace("ada@x.org", "vision", until=yesterday)
    world.add_session("ada@x.org", "vision")
    change = await prune(world.it)
    assert not change.changed
    assert "is in use, so it stays" in change.left[0]
    assert world.left(CLAIMS) == ["workspace-ada"]


async def test_files_of_a_member_stay_and_are_told(world, yesterday):
    await add_user(world.it, newcomer("ada@x.org", ["vision"], ["vision"]), Leftover.REFUSE)
    world.add_workspace("ada@x.org", "vision", until=yesterday)
    world.add_workspace("ada@x.org", "robots", until=yesterday)
    change = await prune(world.it)
    assert "ada@x.org is in the team" in change.left[0]
    assert [each.team for each in await world.it.workspaces.all()] == ["vision"]


async def test_a_day_that_cannot_be_read_keeps_the_files(world):
    world.add_workspace("ada@x.org", "vision")
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    claim["metadata"]["annotations"][str(Annotation.RETAIN_UNTIL)] = "next week"
    assert not (await prune(world.it)).changed


async def test_a_volume_that_is_no_workspace_is_never_touched(world, yesterday):
    world.add_workspace("ada@x.org", "vision", until=yesterday)
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    claim["metadata"]["labels"] = {"component": "database"}
    assert not (await prune(world.it)).changed


async def test_restored_files_are_kept_for_good(world, yesterday):
    world.add_workspace("ada@x.org", "vision", until=yesterday)
    world.add_workspace("ada@x.org", "robots", until=yesterday)
    await restore_workspaces(world.it, "Ada@x.org", team="vision")
    await prune(world.it)
    assert [each.team for each in await world.it.workspaces.all()] == ["vision"]
    assert not (await restore_workspaces(world.it, "ada@x.org")).changed


async def test_somebody_without_files_is_told(world):
    with pytest.raises(NotThereError, match="has no workspace in team vision"):
        await restore_workspaces(world.it, "ada@x.org", team="vision")


LAST = "2026-11-30T03:00:00Z"


def _notes(world, name: str) -> dict[str, str]:
    return world.cluster.objects[CLAIMS, "team-vision", name]["metadata"]["annotations"]


async def test_where_snapshots_are_taken_files_go_once_a_last_one_is_there(world, yesterday):
    for name in ("kept", "used", "never", "other"):
        world.add_workspace(f"{name}@x.org", "vision", until=yesterday)
    _notes(world, "workspace-kept")[Annotation.SNAPSHOT_FINAL] = LAST
    _notes(world, "workspace-kept")[Annotation.MOUNTED_AT] = "2026-11-29T00:00:00Z"
    _notes(world, "workspace-used")[Annotation.SNAPSHOT_FINAL] = LAST
    _notes(world, "workspace-used")[Annotation.MOUNTED_AT] = LAST
    _notes(world, "workspace-other")[Annotation.BACKUP_REPOSITORY] = "vision/workspace-other-1"
    said = CheckResult("1", CheckState.FAILED, CheckKind.FINAL, says="The store is full.")
    _notes(world, "workspace-other")[Annotation.SNAPSHOT_CHECK_RESULT] = said.to_json()
    planned = await prune(world.it, dry_run=True)
    assert Annotation.SNAPSHOT_CHECK_REQUEST not in _notes(world, "workspace-never")
    change = await prune(world.it)
    assert change.left == planned.left
    assert [each["owner"] for each in change.data["deleted"]] == ["kept@x.org"]
    assert world.left(CLAIMS) == ["workspace-never", "workspace-other", "workspace-used"]
    assert [each.partition(" in team")[0] for each in change.left] == [
        "the workspace of never@x.org",
        "the workspace of other@x.org",
        "the workspace of used@x.org",
    ]
    assert "The last try: The store is full." in change.left[1]
    assert all("--without-snapshot" in each for each in change.left)
    for name in ("workspace-never", "workspace-used"):
        asked = read_check_request(_notes(world, name)[Annotation.SNAPSHOT_CHECK_REQUEST])
        assert (asked.kind, asked.by) == (CheckKind.FINAL, "tester")
    assert (await prune(world.it, without_snapshot=True)).changed
    assert world.left(CLAIMS) == []


async def test_where_no_snapshots_are_taken_nothing_is_asked_for(world, yesterday):
    world.add_workspace("gone@x.org", "vision", until=yesterday)
    _notes(world, "workspace-gone")[Annotation.MOUNTED_AT] = LAST  # as the hub notes it
    assert (await prune(world.it)).left == ()
    assert world.left(CLAIMS) == []


async def test_what_was_taken_in_vain_is_asked_for_again_after_a_week_or_a_session(
    world, yesterday
):
    said = CheckResult("1", CheckState.FAILED, CheckKind.FINAL, says="2 entries.", snapshot="ab")
    for name, days in (("new", 1), ("old", 8)):
        world.add_workspace(f"{name}@x.org", "vision", until=yesterday)
        at = datetime.now(UTC) - timedelta(days=days)
        tried = replace(said, at=written_moment(at))
        _notes(world, f"workspace-{name}")[Annotation.SNAPSHOT_CHECK_RESULT] = tried.to_json()
        _notes(world, f"workspace-{name}")[Annotation.BACKUP_REPOSITORY] = f"vision/{name}"
    change = await prune(world.it)
    assert "is asked for again from" in change.left[0]
    assert "2 entries." in change.left[0]
    assert Annotation.SNAPSHOT_CHECK_REQUEST not in _notes(world, "workspace-new")
    assert Annotation.SNAPSHOT_CHECK_REQUEST in _notes(world, "workspace-old")
    _notes(world, "workspace-new")[Annotation.MOUNTED_AT] = written_moment(datetime.now(UTC))
    await prune(world.it)
    assert Annotation.SNAPSHOT_CHECK_REQUEST in _notes(world, "workspace-new")


async def test_while_a_last_snapshot_is_copied_no_other_is_asked_for(world, yesterday):
    world.add_workspace("gone@x.org", "vision", until=yesterday)
    _notes(world, "workspace-gone").update(
        {
            Annotation.BACKUP_REPOSITORY: "vision/gone",
            Annotation.SNAPSHOT_ID: "ab",
            Annotation.SNAPSHOT_FINAL: LAST,
            Annotation.SNAPSHOT_COPY_ERROR: "The second store is away.",
        }
    )
    change = await prune(world.it)
    assert "in the second store, too. The second store is away." in change.left[0]
    assert Annotation.SNAPSHOT_CHECK_REQUEST not in _notes(world, "workspace-gone")
