"""Operations that are interrupted before any of their changes and given again."""

import asyncio
from contextlib import suppress
from datetime import date, timedelta

import bcrypt
import pytest
from gpucommons_people.accounts.accounts import Leftover, add_user, reset_password
from gpucommons_people.accounts.importing import import_users
from gpucommons_people.accounts.move import move_user
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.accounts.removal import Removal, remove_user
from gpucommons_people.clients.kinds import CLAIMS, OFFLINE_SESSIONS, PASSWORDS, REFRESH_TOKENS
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import team_objects
from gpucommons_people.teams.teams import apply_team, find_team

from .memory import DEX, Interrupted, interrupted_everywhere

ADA = "ada@example.org"
TEAMS = ("vision", "robots")


def _password_on(world, user):
    text = world.it.handouts.file(user).read_text()
    return next(line for line in text.splitlines() if "Password" in line).split("`")[1]


async def _add(world, user=ADA, teams=("vision",), leftover=Leftover.REFUSE):
    return await add_user(world.it, newcomer(user, teams, TEAMS), leftover)


async def _handout_is_right(world, user=ADA):
    account = await world.it.dex.get(user)
    assert bcrypt.checkpw(_password_on(world, user).encode(), account.hash)
    hidden = [each for each in world.configuration.handouts.iterdir() if each.name[0] == "."]
    assert hidden == []


async def test_an_added_account_always_has_a_handout_with_its_password(make_world):
    steps = await interrupted_everywhere(make_world, _add, _handout_is_right)
    assert steps == 3  # handout, account, handout's name


async def test_no_account_is_made_before_its_handout_is_on_disk(make_world):
    world = make_world()
    world.plug.pull_after = 2
    with pytest.raises(Interrupted):
        await _add(world)
    account = await world.it.dex.get(ADA)
    (pending,) = world.configuration.handouts.iterdir()
    password = next(x for x in pending.read_text().splitlines() if "Password" in x).split("`")[1]
    assert bcrypt.checkpw(password.encode(), account.hash)


async def test_of_two_who_add_the_same_person_one_wins_and_its_handout_is_right(world):
    results = await asyncio.gather(_add(world), _add(world), return_exceptions=True)
    assert sum(isinstance(each, Exception) for each in results) == 1
    await _handout_is_right(world)


async def test_a_reset_password_is_always_the_one_on_the_handout(make_world):
    def make():
        world = make_world()
        world.cluster.objects.update(_ada(world))
        return world

    async def reset(world):
        await reset_password(world.it, ADA)

    assert await interrupted_everywhere(make, reset, _handout_is_right) == 3


async def test_a_removal_leaves_the_files_and_nothing_else(make_world, today):
    until = today + timedelta(days=90)

    def make():
        world = make_world()
        world.cluster.objects.update(_ada(world))
        world.add_login(ADA, "ada-id")
        world.add_login(ADA.title(), "17", connector="ldap")
        world.add_login("grace@example.org", "grace-id")
        world.add_workspace(ADA, "vision")
        world.add_workspace(ADA, "robots", until=date(2020, 1, 1))
        world.add_workspace("grace@example.org", "vision")
        world.hub.users = {ADA: ("", "second"), "grace@example.org": ("",)}
        return world

    async def check(world):
        assert world.left(PASSWORDS) == []
        assert world.left(REFRESH_TOKENS) == ["token-grace@example.org-local"]
        assert world.left(OFFLINE_SESSIONS) == ["session-grace-id-local"]
        assert world.hub.users == {"grace@example.org": ("",)}
        assert (await world.workspace(ADA, "vision")).kept_until == until
        assert (await world.workspace(ADA, "robots")).kept_until == date(2020, 1, 1)
        assert (await world.workspace("grace@example.org", "vision")).kept_until is None

    steps = await interrupted_everywhere(
        make, lambda world: remove_user(world.it, ADA, Removal()), check
    )
    assert steps == 7  # account, 2 sessions and 2 tokens of Dex, workspace, hub user


def _ada(world):
    from gpucommons_people.clients.dex_accounts import Account, manifest, object_name

    account = manifest(Account(ADA, "Ada", "ada-id", ("vision",), b"hash"), DEX)
    account["metadata"]["resourceVersion"] = "1"
    return {(PASSWORDS, DEX, object_name(ADA)): account}


async def test_the_account_goes_first_and_the_hub_s_person_last(make_world):
    world = make_world()
    world.cluster.objects.update(_ada(world))
    world.add_workspace(ADA, "vision")
    world.hub.users = {ADA: ("",)}
    order = []
    for _ in range(4):
        world.plug.changes, world.plug.pull_after = 0, 1
        with suppress(Interrupted):
            await remove_user(world.it, ADA, Removal())
        gone = []
        gone += [] if world.left(PASSWORDS) else ["account"]
        gone += ["archived"] if (await world.workspace(ADA, "vision")).kept_until else []
        gone += [] if world.hub.users else ["hub"]
        order.append(tuple(gone))
    assert order[:3] == [("account",), ("account", "archived"), ("account", "archived", "hub")]


async def test_a_removal_with_its_files_deletes_them(make_world):
    def make():
        world = make_world()
        world.cluster.objects.update(_ada(world))
        world.add_workspace(ADA, "vision")
        world.hub.users = {ADA: ("",)}
        return world

    async def check(world):
        assert (world.left(PASSWORDS), world.left(CLAIMS), world.hub.users) == ([], [], {})

    how = Removal(delete_workspaces=True)
    assert await interrupted_everywhere(make, lambda w: remove_user(w.it, ADA, how), check) == 3


async def test_somebody_else_never_gets_the_files_of_an_earlier_person(make_world):
    def make():
        world = make_world()
        world.add_workspace(ADA, "vision", until=date(2030, 1, 1))
        world.hub.users = {ADA: ()}
        return world

    async def add(world):
        await _add(world, leftover=Leftover.DELETE)

    async def check(world):
        assert world.left(CLAIMS) == []
        assert world.hub.users == {}
        await _handout_is_right(world)

    await interrupted_everywhere(make, add, check)
    # And at no point was there an account while the files were there.
    for steps in range(6):
        world = make()
        world.plug.pull_after = steps
        with suppress(Interrupted):
            await add(world)
        assert not (world.left(PASSWORDS) and world.left(CLAIMS))


async def test_a_move_ends_with_one_membership_and_the_right_files_kept(make_world, today):
    until = today + timedelta(days=90)

    def make():
        world = make_world()
        world.cluster.objects.update(_ada(world))
        world.add_workspace(ADA, "vision")
        world.add_workspace(ADA, "robots", until=date(2030, 1, 1))
        return world

    async def move(world):
        await move_user(world.it, ADA, source="vision", targets=["robots"])

    async def check(world):
        assert (await world.it.dex.get(ADA)).groups == ("robots",)
        assert (await world.workspace(ADA, "vision")).kept_until == until
        assert (await world.workspace(ADA, "robots")).kept_until is None

    assert await interrupted_everywhere(make, move, check) == 3


async def test_a_move_out_of_one_of_two_teams_can_be_finished(make_world, today):
    until = today + timedelta(days=90)

    def make():
        world = make_world()
        ada = _ada(world)
        (account,) = ada.values()
        account["groups"] = ["vision", "robots"]
        world.cluster.objects.update(ada)
        world.add_workspace(ADA, "vision")
        world.add_session(ADA, "vision", "big")
        world.hub.users = {ADA: ("big",)}
        return world

    async def move(world):
        await move_user(world.it, ADA, source="vision", targets=[], stop_sessions=True)

    async def check(world):
        assert (await world.it.dex.get(ADA)).groups == ("robots",)
        assert (await world.workspace(ADA, "vision")).kept_until == until
        assert (ADA, "big") in world.hub.stopped

    assert await interrupted_everywhere(make, move, check) == 3


async def test_an_import_that_was_interrupted_goes_on(make_world, tmp_path):
    users = [f"s{number}@example.org" for number in range(5)]
    file = tmp_path / "people.csv"
    file.write_text("email,name,teams\n" + "".join(f"{user},,vision\n" for user in users))

    async def run(world):
        try:
            await import_users(world.it, file)
        except BaseExceptionGroup as errors:
            raise Interrupted from errors

    async def check(world):
        for user in users:
            await _handout_is_right(world, user)

    assert await interrupted_everywhere(make_world, run, check) == 15


async def test_a_team_is_complete_after_any_interruption(make_world):
    team = Team(name="new", gpus=2, display_name="New")

    async def apply(world):
        await apply_team(world.it, team)

    async def check(world):
        assert await find_team(world.it, "new") == team
        kinds = {(kind, name) for kind, where, name in world.cluster.objects if where == "team-new"}
        assert len(kinds) == len(team_objects(team)) - 1

    steps = await interrupted_everywhere(make_world, apply, check)
    assert steps == len(team_objects(team))
