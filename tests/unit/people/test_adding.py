"""Who gets an account, and what an earlier person's files have to do with it."""

from datetime import date

import pytest
from gpucommons_people.accounts import accounts
from gpucommons_people.accounts.accounts import Leftover, add_user
from gpucommons_people.accounts.importing import import_users
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.clients.kinds import CLAIMS, PASSWORDS
from gpucommons_people.errors import InputError, PeopleError

ADA = "ada@example.org"
TEAMS = ("robots", "vision")
LATER = date(2100, 1, 31)


async def _add(world, *teams, leftover=Leftover.REFUSE, dry_run=False, **options):
    return await add_user(
        world.it, newcomer(ADA, teams, TEAMS, **options), leftover, dry_run=dry_run
    )


async def test_an_account_has_teams_name_and_an_id_of_its_own(world):
    await _add(world, "vision", name="Ada Lovelace")
    first = await world.it.dex.get(ADA)
    assert (first.groups, first.name) == (("vision",), "Ada Lovelace")
    await world.it.dex.delete(ADA)
    await _add(world, "vision")
    second = await world.it.dex.get(ADA)
    assert second.user_id != first.user_id
    assert second.name == "ada"


async def test_an_administrator_is_in_the_configured_group(world):
    await _add(world, "vision", admin=True)
    assert (await world.it.dex.get(ADA)).groups == ("vision", "admins")


async def test_somebody_without_a_team_is_told_so(world):
    change = await _add(world)
    assert "is not in any team" in change.left[0]


def test_an_unknown_team_is_told_with_those_there_are():
    with pytest.raises(InputError, match=r"no team physics. Teams: robots, vision."):
        newcomer(ADA, ["physics"], TEAMS)


async def test_a_dry_run_tells_the_same_and_changes_nothing(world):
    planned = await _add(world, "vision", dry_run=True)
    assert (world.plug.changes, world.left(PASSWORDS)) == (0, [])
    assert not world.configuration.handouts.exists()
    assert (await _add(world, "vision")).steps == planned.steps


async def test_a_team_is_added_to_those_there_are(world):
    await _add(world, "vision")
    before = await world.it.dex.get(ADA)
    await _add(world, "robots")
    after = await world.it.dex.get(ADA)
    assert after.groups == ("vision", "robots")
    assert (after.user_id, after.hash) == (before.user_id, before.hash)


async def test_files_of_an_earlier_person_of_that_name_are_asked_about(world):
    world.add_workspace(ADA, "vision", until=LATER)
    world.add_workspace(ADA, "robots")
    with pytest.raises(PeopleError) as told:
        await _add(world, "vision")
    assert "--restore-workspace" in str(told.value)
    assert "--delete-workspace" in str(told.value)
    assert set(told.value.problems) == {
        "5Gi in team robots, not archived",
        "5Gi in team vision, kept until 2100-01-31",
    }
    assert world.left(PASSWORDS) == []


async def test_somebody_who_is_back_has_the_files_of_the_teams_they_are_in(world):
    world.add_workspace(ADA, "vision", until=LATER)
    world.add_workspace(ADA, "robots", until=LATER)
    await _add(world, "vision", leftover=Leftover.RESTORE)
    assert (await world.workspace(ADA, "vision")).kept_until is None
    assert (await world.workspace(ADA, "robots")).kept_until == LATER


async def test_somebody_else_gets_none_of_the_files_in_any_team(world):
    world.add_workspace(ADA, "vision", until=LATER)
    world.add_workspace(ADA, "robots", until=LATER)
    world.add_workspace("grace@example.org", "robots", until=LATER)
    await _add(world, "vision", leftover=Leftover.DELETE)
    assert world.left(CLAIMS) == ["workspace-grace"]


async def test_files_that_are_in_use_are_not_deleted(world):
    world.add_workspace(ADA, "vision", until=LATER)
    world.add_session(ADA, "vision")
    with pytest.raises(PeopleError, match="in use"):
        await _add(world, "vision", leftover=Leftover.DELETE)
    assert world.plug.changes == 0


async def test_an_account_that_is_back_in_a_team_keeps_the_files_there(world):
    await _add(world, "vision")
    world.add_workspace(ADA, "robots", until=LATER)
    change = await _add(world, "robots")
    assert "Keep the workspace in team robots for good again." in change.steps
    assert (await world.workspace(ADA, "robots")).kept_until is None


async def test_tokens_of_an_earlier_person_are_not_revived(world):
    world.hub.users = {ADA: ()}
    with pytest.raises(PeopleError, match=f"gpucommons user remove {ADA}"):
        await _add(world, "vision")


async def test_somebody_the_hub_never_saw_is_no_earlier_person(world):
    world.hub.users, world.hub.never_active = {ADA: ()}, {ADA}
    assert (await _add(world, "vision")).changed


async def test_an_import_with_somebody_s_files_in_the_way_changes_nothing(world, tmp_path):
    world.add_workspace(ADA, "vision", until=LATER)
    file = tmp_path / "people.csv"
    file.write_text(f"email,name,teams\nnew@example.org,,vision\n{ADA},,vision\n")
    with pytest.raises(PeopleError) as told:
        await import_users(world.it, file)
    assert "nothing was changed" in str(told.value)
    (problem,) = told.value.problems
    assert problem.startswith(f"line 3: There is no account {ADA}, but somebody")
    assert world.plug.changes == 0


async def test_an_import_tells_who_is_new_and_who_was_there(world, tmp_path):
    await _add(world, "vision")
    file = tmp_path / "people.csv"
    file.write_text(f"email,name,teams\nnew@example.org,,vision\n{ADA},,vision\nb@x.org,,\n")
    planned = await import_users(world.it, file, dry_run=True)
    done = await import_users(world.it, file)
    assert done.data == planned.data
    assert done.data["made"] == ["new@example.org", "b@x.org"]
    assert done.data["unchanged"] == [ADA]


async def test_an_import_that_fails_halfway_says_how_far_it_came(world, tmp_path, monkeypatch):
    file = tmp_path / "people.csv"
    lines = "".join(f"s{number}@example.org,,vision\n" for number in range(20))
    file.write_text(f"email,name,teams\n{lines}")
    create = world.it.dex.create

    async def failing(account):
        if account.email == "s9@example.org":
            raise PeopleError("The cluster is gone.")
        await create(account)

    monkeypatch.setattr(world.it.dex, "create", failing)
    with pytest.raises(PeopleError, match=r"of 20 people were done, then: The cluster is gone"):
        await import_users(world.it, file)
    monkeypatch.undo()
    await import_users(world.it, file)
    assert len(world.left(PASSWORDS)) == 20


def _ask_to_delete(world) -> tuple:
    """A workspace that is asked to go, and which a pod still has."""
    world.add_workspace(ADA, "vision", until=LATER)
    (key,) = (key for key in world.it.cluster.objects if key[0] == CLAIMS)
    world.it.cluster.objects[key]["metadata"]["deletionTimestamp"] = "2026-11-30T14:00:00Z"
    return key


async def test_files_that_are_just_being_deleted_are_waited_for_and_then_nobody_s(
    world, monkeypatch
):
    key, looks = _ask_to_delete(world), []

    async def listed(kind, namespace=None, label=None, ask=world.it.cluster.list):
        looks.append(kind)
        if looks.count(CLAIMS) > 4:
            world.it.cluster.objects.pop(key, None)
        return await ask(kind, namespace, label)

    monkeypatch.setattr(world.it.cluster, "list", listed)
    assert (await _add(world, "vision")).changed
    assert world.left(CLAIMS) == []


async def test_files_whose_deletion_does_not_end_are_told(world, monkeypatch):
    monkeypatch.setattr(accounts, "_DELETION_S", 0)
    _ask_to_delete(world)
    with pytest.raises(PeopleError, match="is still being deleted: a pod has it"):
        await _add(world, "vision")
