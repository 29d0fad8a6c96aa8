"""What goes with a team, also when its removal is interrupted and given again."""

import copy
import json
from datetime import UTC, datetime, timedelta

from gpucommons_people.clients.dex_accounts import Account, manifest, object_name
from gpucommons_people.clients.kinds import CONFIG_MAPS, NAMESPACES, PASSWORDS
from gpucommons_people.grants import grant, list_grants, wanted
from gpucommons_people.teams.team_removal import remove_team

from .memory import DEX, interrupted_everywhere

ADA = "ada@example.org"


def _ada():
    account = manifest(Account(ADA, "Ada", "ada-id", ("vision",), b"hash"), DEX)
    account["metadata"]["resourceVersion"] = "1"
    return {(PASSWORDS, DEX, object_name(ADA)): account}


async def _grant(world, team):
    until = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}"
    what = wanted(user=None, team=team, until=until, reason="A deadline", sessions=4)
    return (await grant(world.it, what)).data["name"]


async def _granted(world):
    """The teams that may have more than usual."""
    return [each.team for each in await list_grants(world.it)]


async def test_a_removal_is_finished_by_giving_it_again(make_world):
    before = make_world()
    for team in ("vision", "robots"):
        await _grant(before, team)
    grants = {key: each for key, each in before.cluster.objects.items() if key[0] == CONFIG_MAPS}

    def make():
        world = make_world()
        world.cluster.objects.update(_ada() | copy.deepcopy(grants))
        world.add_session(ADA, "vision")
        world.hub.users = {ADA: ("",)}
        return world

    async def remove(world):
        if "team-vision" in world.left(NAMESPACES):
            await remove_team(world.it, "vision", remove_members=True)

    async def check(world):
        assert "team-vision" not in world.left(NAMESPACES)
        assert (await world.it.dex.get(ADA)).groups == ()
        assert await _granted(world) == ["robots"]

    assert await interrupted_everywhere(make, remove, check) == 4


async def test_exceptions_from_the_quota_end_with_their_team_and_each_end_is_recorded(world):
    name = await _grant(world, "vision")
    await _grant(world, "robots")
    await remove_team(world.it, "vision")
    assert await _granted(world) == ["robots"]
    lines = [json.loads(line) for line in world.log.read_text().splitlines()]
    assert [line["action"] for line in lines[-2:]] == ["remove team", "revoke quota"]
    assert lines[-1]["subject"] == "team vision"
    assert lines[-1]["details"]["name"] == name


async def test_a_dry_run_names_the_exceptions_that_would_end_and_ends_none(world):
    name = await _grant(world, "vision")
    change = await remove_team(world.it, "vision", dry_run=True)
    assert f"End the quota grants ({name})." in change.steps
    assert await _granted(world) == ["vision"]


async def test_it_is_told_how_a_later_team_of_the_name_can_have_shared_data(world):
    change = await remove_team(world.it, "vision")
    assert "kubectl delete persistentvolume -l gpucommons.io/team=vision" in change.left[-1]
