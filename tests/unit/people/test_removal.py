"""Removing somebody: what is waited for, what is told, what stays."""

from datetime import date, timedelta

import pytest
from gpucommons_people.accounts.accounts import Leftover, add_user
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.accounts.removal import Removal, remove_user
from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.kinds import CLAIMS, CONFIG_MAPS, PASSWORDS, REFRESH_TOKENS
from gpucommons_people.errors import InputError, NotThereError, PeopleError, UnreachableError
from gpucommons_people.grants import grant, list_grants, wanted
from gpucommons_people.own_sizes import keep_own_sizes, own_sizes_of

ADA = "ada@example.org"


@pytest.fixture
async def ada(world):
    """A person with an account, a login, a session and files."""
    await add_user(world.it, newcomer(ADA, ["vision"], ["vision"]), Leftover.REFUSE)
    world.add_login(ADA, (await world.it.dex.get(ADA)).user_id)
    world.add_workspace(ADA, "vision")
    world.hub.users = {ADA: ("", "second")}
    world.plug.changes = 0
    return world


async def test_sessions_are_given_the_grace_and_waited_for(ada):
    seen = []
    how = Removal(grace=timedelta(minutes=2))
    await remove_user(ada.it, ADA, how, on_wait=lambda names, left: seen.append((names, left)))
    assert ada.hub.rechecked == [(ADA, 120.0)]
    assert seen == [(("", "second"), 0.0)]
    assert ada.hub.users == {}


async def test_the_handout_goes_with_the_account(ada):
    assert ada.it.handouts.file(ADA).exists()
    await remove_user(ada.it, ADA, Removal())
    assert not ada.it.handouts.file(ADA).exists()


async def _grant(world, user: str) -> None:
    until = f"{date.today() + timedelta(days=7)}"
    what = wanted(user=user, team=None, until=until, reason="A deadline", gpus="2")
    await grant(world.it, what)


async def test_exceptions_from_the_quota_end_with_the_account_and_no_others(ada):
    await _grant(ada, ADA)
    await _grant(ada, "bob@example.org")
    await remove_user(ada.it, ADA, Removal())
    assert [each.user for each in await list_grants(ada.it)] == ["bob@example.org"]


async def test_an_own_workspace_size_goes_with_the_person_and_no_others(ada):
    await keep_own_sizes(ada.cluster, "vision", {ADA: "1Ti", "bob@example.org": "2Ti"})
    await keep_own_sizes(ada.cluster, "robots", {ADA: "1Ti"})
    planned = await remove_user(ada.it, ADA, Removal(), dry_run=True)
    own = "Forget the size of new workspaces that is the person's own: 1Ti in team vision, 1Ti in"
    assert any(step.startswith(own) for step in planned.steps)
    await remove_user(ada.it, ADA, Removal())
    assert await own_sizes_of(ada.it, ADA) == {}
    assert await own_sizes_of(ada.it, "bob@example.org") == {"vision": "2Ti"}


async def test_somebody_is_removed_where_exceptions_may_not_be_read(ada, monkeypatch):
    listed = ada.cluster.list

    async def no_config_maps(kind, *more, **and_more):
        if kind == CONFIG_MAPS:
            raise ForbiddenError("no", 403)
        return await listed(kind, *more, **and_more)

    monkeypatch.setattr(ada.cluster, "list", no_config_maps)
    assert (await remove_user(ada.it, ADA, Removal())).changed


async def test_files_are_kept_for_the_configured_time_or_the_one_given(ada, today):
    await remove_user(ada.it, ADA, Removal(retention_days=7))
    found = await ada.workspace(ADA, "vision")
    assert found.kept_until == today + timedelta(days=7)


async def test_a_removal_that_is_repeated_keeps_the_day(ada):
    await remove_user(ada.it, ADA, Removal(retention_days=7))
    again = await remove_user(ada.it, ADA, Removal(retention_days=30))
    assert not again.changed
    assert "is kept until" in again.left[0]


async def test_without_waiting_all_but_the_hub_s_person_is_done(ada):
    change = await remove_user(ada.it, ADA, Removal(wait=False))
    assert ada.left(PASSWORDS) == ada.left(REFRESH_TOKENS) == []
    assert (await ada.workspace(ADA, "vision")).kept_until
    assert list(ada.hub.users) == [ADA]
    assert "Run the same command again after that" in change.left[0]
    ada.hub.users = {ADA: ()}
    await remove_user(ada.it, ADA, Removal(wait=False))
    assert ada.hub.users == {}


async def test_sessions_that_the_hub_does_not_stop_are_stopped(ada, monkeypatch):
    monkeypatch.setattr("gpucommons_people.accounts.removal._HUB_PATIENCE_S", 0)
    ada.hub.stops_sessions = False
    await remove_user(ada.it, ADA, Removal())
    assert ada.hub.stopped == [(ADA, ""), (ADA, "second")]
    assert ada.hub.users == {}


async def test_files_are_deleted_when_that_is_said(ada):
    await remove_user(ada.it, ADA, Removal(delete_workspaces=True))
    assert ada.left(CLAIMS) == []


async def test_a_dry_run_tells_all_steps_and_takes_none(ada):
    planned = await remove_user(ada.it, ADA, Removal(), dry_run=True)
    assert (ada.plug.changes, ada.hub.rechecked) == (0, [])
    assert (await remove_user(ada.it, ADA, Removal())).steps == planned.steps
    assert len(planned.steps) == 5


async def test_a_hub_that_is_down_keeps_nobody_s_account_alive(ada):
    ada.hub.down = UnreachableError("The hub cannot be reached.")
    with pytest.raises(PeopleError, match="can no longer sign in, but is not out yet"):
        await remove_user(ada.it, ADA, Removal())
    assert ada.left(PASSWORDS) == ada.left(REFRESH_TOKENS) == []
    ada.hub.down = None
    await remove_user(ada.it, ADA, Removal())
    assert ada.hub.users == {}
    assert (await ada.workspace(ADA, "vision")).kept_until


async def test_a_hub_that_comes_back_while_it_is_waited_for_is_told_at_once(ada, monkeypatch):
    ada.hub.down = UnreachableError("The hub cannot be reached.")
    asked = ada.hub.user

    async def back_when_waited_for(name, *, patient=True):
        if patient:
            assert ada.left(PASSWORDS) == []
            ada.hub.down = None
        return await asked(name, patient=patient)

    monkeypatch.setattr(ada.hub, "user", back_when_waited_for)
    await remove_user(ada.it, ADA, Removal())
    assert ada.hub.users == {}
    assert (await ada.workspace(ADA, "vision")).kept_until


async def test_somebody_whom_the_hub_still_lets_in_keeps_files_and_sessions(ada):
    ada.hub.allowed = True
    with pytest.raises(PeopleError, match="may still be here: Dex vouches for them"):
        await remove_user(ada.it, ADA, Removal())
    assert ada.hub.users == {ADA: ("", "second")}
    assert (await ada.workspace(ADA, "vision")).kept_until is None


async def test_a_hub_without_the_check_is_told(ada, monkeypatch):
    async def unknown(name, grace_s):
        return None

    monkeypatch.setattr(ada.hub, "recheck", unknown)
    with pytest.raises(PeopleError, match="does not know how to check"):
        await remove_user(ada.it, ADA, Removal())
    assert list(ada.hub.users) == [ADA]


async def test_other_connectors_are_named(ada):
    ada.add_login(ADA, "17", connector="ldap")
    change = await remove_user(ada.it, ADA, Removal())
    assert "signs in through ldap too. Disable the account there" in change.left[0]
    assert ada.left(REFRESH_TOKENS) == []


async def test_somebody_without_an_account_in_dex_is_removed_from_the_rest(world):
    world.hub.users = {ADA: ("",)}
    change = await remove_user(world.it, ADA, Removal())
    assert world.hub.users == {}
    assert "If it comes from LDAP" in change.left[0]


async def test_somebody_of_whom_there_is_no_trace_is_told(world):
    with pytest.raises(NotThereError, match=f"There is no {ADA}"):
        await remove_user(world.it, ADA, Removal())


async def test_without_a_hub_in_the_configuration_nobody_is_removed(ada):
    from dataclasses import replace

    with pytest.raises(InputError, match=r"set hub\.api_url"):
        await remove_user(replace(ada.it, hub=None), ADA, Removal())
    assert ada.plug.changes == 0


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (Removal(grace=timedelta(days=2)), "at most a day"),
        (Removal(retention_days=-1), "from 0 to 36500"),
        (Removal(retention_days=10**9), "from 0 to 36500"),
    ],
)
async def test_a_removal_that_makes_no_sense_changes_nothing(ada, how, says):
    with pytest.raises(InputError, match=says):
        await remove_user(ada.it, ADA, how)
    assert ada.plug.changes == 0


async def test_each_step_has_its_line_in_the_log(ada):
    import json

    await remove_user(ada.it, ADA, Removal())
    lines = [json.loads(line) for line in ada.log.read_text().splitlines()]
    assert [line["action"] for line in lines[1:]] == [
        "delete account",
        "revoke logins",
        "archive workspace",
        "delete hub user",
    ]
