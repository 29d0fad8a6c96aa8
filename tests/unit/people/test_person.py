"""What is shown of somebody, wherever they come from."""

from dataclasses import replace

import pytest
from gpucommons_people.accounts.accounts import Leftover, add_user
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.accounts.person import show_user
from gpucommons_people.errors import NotThereError
from gpucommons_people.output import Output

ADA = "ada@example.org"


@pytest.fixture
def shown(capsys):
    """The lines that show somebody: ``await shown(it)["Hub"]``."""

    async def shown(it):
        Output(json=False).user(await show_user(it, ADA))
        lines = capsys.readouterr().out.splitlines()
        return {line[:10].strip(): line[10:] for line in lines}

    return shown


async def _add(world):
    await add_user(world.it, newcomer(ADA, ["vision"], ["vision"]), Leftover.REFUSE)


async def test_somebody_of_a_directory_is_shown_with_it_and_with_the_hub_s_groups(world, shown):
    world.add_login(ADA, "17", connector="university")
    world.hub.users, world.hub.groups = {ADA: ()}, {ADA: ("audio", "vision")}
    lines = await shown(world.it)
    assert lines["Account"].startswith("not Dex's own: signs in through university")
    assert lines["Hub"] == "knows this person; groups there: audio, vision"
    assert "Groups" not in lines
    found = (await show_user(world.it, ADA)).as_json()
    assert (found["account"], found["connectors"]) == (None, ["university"])
    assert (found["known_to_hub"], found["hub_groups"]) == (True, ["audio", "vision"])


async def test_somebody_of_a_directory_who_is_signed_out_is_still_told_of(world, shown):
    world.hub.users = {ADA: ()}
    assert "LDAP, OIDC or GitHub" in (await shown(world.it))["Account"]


async def test_an_account_in_dex_that_nobody_used_yet_is_not_called_unknown(world, shown):
    await _add(world)
    lines = await shown(world.it)
    assert (lines["Account"], lines["Groups"]) == ("in Dex", "vision")
    assert lines["Hub"] == "has not seen this person yet"


async def test_an_account_in_dex_beside_one_of_a_directory_is_told(world, shown):
    await _add(world)
    world.add_login(ADA, "17", connector="university")
    assert (await shown(world.it))["Account"] == "in Dex; signs in through university too"


async def test_files_of_somebody_who_left_are_no_account_of_another_connector(world, shown):
    world.add_workspace(ADA, "vision")
    lines = await shown(world.it)
    assert lines["Account"] == "none; what is below was left by somebody of that name"
    assert lines["Hub"] == "does not know this person"


async def test_a_hub_that_is_not_configured_is_not_said_to_know_nobody(world, shown):
    await _add(world)
    it = replace(world.it, hub=None)
    assert (await shown(it))["Hub"] == "not asked: the configuration names none"
    assert (await show_user(it, ADA)).as_json()["known_to_hub"] is None


async def test_nobody_is_told_as_such(world):
    with pytest.raises(NotThereError, match="after the first sign-in"):
        await show_user(world.it, ADA)
