"""Workspaces of people who left: pruned on their day, never a day too early."""

from datetime import date, timedelta

import pytest
from gpucommons_contract import Annotation
from gpucommons_people.accounts.accounts import Leftover, add_user
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.accounts.retention import prune, restore_workspaces
from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.errors import NotThereError


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
