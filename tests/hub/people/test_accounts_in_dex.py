"""Accounts that the commands make, tried on a real Dex with its state in Kubernetes."""

import json
from base64 import urlsafe_b64decode
from datetime import date, timedelta

import pytest
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.dex_accounts import DexAccounts, manifest, object_name
from gpucommons_people.clients.kinds import OFFLINE_SESSIONS, PASSWORDS, REFRESH_TOKENS
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.teams.team import Team

from .cluster import DEX_NAMESPACE, claim


@pytest.fixture(autouse=True)
def teams(do, dex):
    do(lambda people: people.apply_teams([Team(name="vision"), Team(name="robots")]))


def _claims(answer):
    payload = answer.json()["id_token"].split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=="))


def _password(configuration, user):
    lines = (configuration.handouts / f"{user}.md").read_text().splitlines()
    return next(line for line in lines if "Password" in line).split("`")[1]


def _add(do, user, *teams, **options):
    return do(lambda people: people.add_user(user, teams, **options))


def test_the_password_on_the_handout_signs_in_with_the_teams(do, dex, configuration):
    _add(do, "Ada@Example.org", "vision", "robots", name="Ada Lovelace", admin=True)
    answer = dex.sign_in("ada@example.org", _password(configuration, "ada@example.org"))
    claims = _claims(answer)
    assert claims["email"] == "ada@example.org"
    assert claims["email_verified"] is True
    assert claims["groups"] == ["vision", "robots", "admins"]


def test_dex_itself_finds_the_object_under_our_name(api, do):
    _add(do, "named@example.org", "vision")
    names = api.kubectl("get", "passwords.dex.coreos.com", "-n", DEX_NAMESPACE, "-o", "name")
    assert f"password.dex.coreos.com/{object_name('named@example.org')}" in names.split()


def test_adding_somebody_again_changes_nothing(do, dex, configuration):
    _add(do, "twice@example.org", "vision")
    password = _password(configuration, "twice@example.org")
    assert not _add(do, "twice@example.org", "vision").changed
    assert dex.sign_in("twice@example.org", password).is_success


def test_a_team_that_is_added_shows_at_the_next_renewal(do, dex, configuration):
    _add(do, "grow@example.org", "vision")
    signed_in = dex.sign_in("grow@example.org", _password(configuration, "grow@example.org"))
    change = _add(do, "grow@example.org", "robots")
    assert change.steps == ("Add robots to the groups of grow@example.org.",)
    renewed = dex.renew(signed_in.json()["refresh_token"])
    assert _claims(renewed)["groups"] == ["vision", "robots"]


def test_somebody_who_is_moved_has_the_new_team_alone(do, dex, configuration):
    _add(do, "move@example.org", "vision")
    signed_in = dex.sign_in("move@example.org", _password(configuration, "move@example.org"))
    do(lambda people: people.move_user("move@example.org", source="vision", targets=["robots"]))
    renewed = dex.renew(signed_in.json()["refresh_token"])
    assert _claims(renewed)["groups"] == ["robots"]
    again = do(
        lambda people: people.move_user("move@example.org", source="vision", targets=["robots"])
    )
    assert not again.changed


def test_moving_back_finds_the_files_that_stayed(api, do):
    _add(do, "files@example.org", "vision")
    api.post("/api/v1/namespaces/team-vision/persistentvolumeclaims", claim("files@example.org"))

    def move(source, target):
        return do(
            lambda people: people.move_user("files@example.org", source=source, targets=[target])
        )

    def archived():
        found = do(lambda people: people.list_workspaces(archived=True))
        return [(each.team, each.kept_until) for each in found if each.owner == "files@example.org"]

    today = date.today()
    (said,) = move("vision", "robots").left
    ((team, until),) = archived()
    assert (team, until - timedelta(days=90)) in [("vision", today), ("vision", date.today())]
    assert f"Until {until}, moving back finds them" in said
    assert move("robots", "vision").left == ()
    assert archived() == []
    (files,) = do(lambda people: people.show_user("files@example.org")).workspaces
    assert (files.team, files.size, files.kept_until) == ("vision", "5Gi", None)


def test_a_password_that_was_reset_replaces_the_old_one(do, dex, configuration):
    _add(do, "reset@example.org", "vision")
    old = _password(configuration, "reset@example.org")
    do(lambda people: people.reset_password("reset@example.org"))
    new = _password(configuration, "reset@example.org")
    assert new != old
    assert dex.sign_in("reset@example.org", new).is_success
    assert not dex.sign_in("reset@example.org", old).is_success


def test_logins_of_one_person_are_found_and_revoked_and_no_others(api, do, dex, configuration):
    tokens = {}
    for user in ("gone@example.org", "stays@example.org"):
        _add(do, user, "vision")
        answer = dex.sign_in(user, _password(configuration, user))
        tokens[user] = answer.json()["refresh_token"]

    async def revoke():
        async with Cluster.open(configuration.kubeconfig) as cluster:
            accounts = DexAccounts(cluster, DEX_NAMESPACE)
            account = await accounts.get("gone@example.org")
            logins = await accounts.logins("gone@example.org", account.user_id)
            await accounts.revoke(logins)
            return logins, await accounts.logins("gone@example.org", account.user_id)

    import asyncio

    found, left = asyncio.run(revoke())
    assert [each.kind for each in found] == [OFFLINE_SESSIONS, REFRESH_TOKENS]
    assert left == []
    assert not dex.renew(tokens["gone@example.org"]).is_success
    assert dex.renew(tokens["stays@example.org"]).is_success


def test_an_account_made_anew_is_another_account(api, do, dex, configuration):
    _add(do, "again@example.org", "vision")
    signed_in = dex.sign_in("again@example.org", _password(configuration, "again@example.org"))
    api.delete(PASSWORDS.path(DEX_NAMESPACE, object_name("again@example.org")))
    _add(do, "again@example.org", "vision")
    assert not dex.renew(signed_in.json()["refresh_token"]).is_success


def test_a_change_of_another_is_not_overwritten(do, configuration):
    _add(do, "race@example.org", "vision")

    async def change(people):
        account = await people._installation.dex.get("race@example.org")
        await people.add_user("race@example.org", ["robots"])
        await people._installation.dex.change(account)

    with pytest.raises(PeopleError, match="409"):
        do(change)


def test_a_group_of_an_account_is_a_member_of_the_team(do):
    _add(do, "member@example.org", "robots")
    state = do(lambda people: people.show_team("robots"))
    assert "member@example.org" in state.members
    with pytest.raises(PeopleError, match=r"member@example\.org is a member"):
        do(lambda people: people.remove_team("robots"))


def test_members_of_a_removed_team_keep_their_accounts(do, dex, configuration):
    do(lambda people: people.apply_teams([Team(name="short")]))
    _add(do, "short@example.org", "short", "vision")
    do(lambda people: people.remove_team("short", remove_members=True))
    answer = dex.sign_in("short@example.org", _password(configuration, "short@example.org"))
    assert _claims(answer)["groups"] == ["vision"]


def test_people_of_other_connectors_are_told_apart(do):
    with pytest.raises(NotThereError, match="LDAP"):
        do(lambda people: people.reset_password("ldap@example.org"))


def test_an_import_makes_everybody_and_is_repeated_without_harm(do, dex, configuration, tmp_path):
    users = [f"student{number}@example.org" for number in range(12)]
    file = tmp_path / "people.csv"
    file.write_text("email,name,teams\n" + "".join(f"{user},,vision\n" for user in users))
    done = []
    change = do(lambda people: people.import_users(file, on_progress=lambda n, _: done.append(n)))
    assert change.data["made"] == users
    assert done == list(range(1, 13))
    assert dex.sign_in(users[7], _password(configuration, users[7])).is_success
    again = do(lambda people: people.import_users(file))
    assert again.data["unchanged"] == users


def test_an_account_reads_as_it_was_written(api, do):
    _add(do, "same@example.org", "vision", name="Same")

    async def read(people):
        return await people._installation.dex.get("same@example.org")

    account = do(read)
    found = api.get(PASSWORDS.path(DEX_NAMESPACE, object_name("same@example.org")))
    written = manifest(account, DEX_NAMESPACE)
    fields = ("email", "username", "userID", "hash", "groups", "emailVerified")
    assert {name: found[name] for name in fields} == {name: written[name] for name in fields}
