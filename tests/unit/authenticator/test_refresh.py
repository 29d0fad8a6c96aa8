"""Staying signed in: renewal, removal, outages."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from gpucommons_authenticator.errors import ProviderUnavailableError
from gpucommons_authenticator.provider.http_client import Answer
from gpucommons_authenticator.provider.refresh_once import RefreshOnce

from .conftest import Person


async def test_groups_and_rights_follow_dex(authenticator, issuer, ada):
    issuer.claims["groups"] = ["vision", "audio"]
    model = await authenticator.refresh_user(ada)
    assert model["groups"] == ["audio", "vision"]
    assert model["admin"] is False
    assert model["auth_state"]["refresh_token"] == "refresh-1"
    assert time.time() - model["auth_state"]["verified_at"] < 60
    assert issuer.forms[0]["refresh_token"] == "refresh-0"


@pytest.mark.parametrize(
    "change",
    [
        {"groups": ["audio"]},
        {"groups": "vision"},
        {"sub": "bob"},
        {"email": "bob@example.org"},
        {"email_verified": False},
        {"exp": 1},
        {"aud": "other"},
    ],
    ids=str,
)
async def test_whoever_dex_no_longer_vouches_for_has_to_sign_in(authenticator, issuer, ada, change):
    issuer.claims |= change
    assert await authenticator.refresh_user(ada) is False


@pytest.mark.parametrize("status", [400, 500])
async def test_a_no_from_dex_takes_effect_at_once(authenticator, issuer, ada, status):
    issuer.token_answer = Answer(status, {"error": "invalid_request"})
    assert await authenticator.refresh_user(ada) is False


async def test_an_unclear_answer_is_forgiven_for_minutes_only(authenticator, issuer, ada):
    """Dex 2.45 says the same of a deleted person and of a directory that is down."""
    issuer.token_answer = Answer(500, {"error": "invalid_request"})
    ada.auth_state["verified_at"] = time.time() - authenticator.unclear_grace + 30
    assert await authenticator.refresh_user(ada) is True
    ada.auth_state |= {"refresh_token": "next", "verified_at": time.time() - 181}
    assert await authenticator.refresh_user(ada) is False


async def test_a_refused_person_is_not_asked_about_at_each_request(authenticator, issuer, ada):
    issuer.token_answer = Answer(400, {"error": "invalid_grant"})
    for number in range(3):
        ada.auth_state["refresh_token"] = f"token-{number}"
        assert await authenticator.refresh_user(ada) is False
    assert issuer.asked.count("/token") == 1


async def test_somebody_who_is_blocked_is_out_at_the_next_refresh(authenticator, issuer, ada):
    authenticator.blocked_users = {ada.name}
    assert await authenticator.refresh_user(ada) is False
    assert issuer.forms == []


async def test_with_rules_whoever_is_left_without_a_group_is_out(authenticator, issuer, ada):
    authenticator.allowed_groups = set()
    authenticator.group_rules = [{"connector": "ldap", "prefix": "gpu-"}]
    issuer.claims |= {"groups": ["gpu-audio"], "federated_claims": {"connector_id": "ldap"}}
    assert (await authenticator.refresh_user(ada))["groups"] == ["audio"]
    issuer.claims |= {"federated_claims": {"connector_id": "github"}}
    ada.auth_state["refresh_token"] = "refresh-1"
    assert await authenticator.refresh_user(ada) is False


async def test_a_no_spends_no_login_that_may_be_good_again(authenticator, issuer, ada):
    """Dex takes a refresh token once. Back in the group, nobody has to sign in again."""
    issuer.claims["groups"] = ["audio"]
    assert await authenticator.refresh_user(ada) is False
    assert ada.auth_state["refresh_token"] == "refresh-1"


async def test_an_outage_is_forgiven_until_the_grace_is_over(authenticator, issuer, ada):
    issuer.down = True
    assert await authenticator.refresh_user(ada) is True
    long_ago = time.time() - authenticator.outage_grace - 1
    ada.auth_state |= {"refresh_token": "old", "verified_at": long_ago}
    assert await authenticator.refresh_user(ada) is False


_NOW = 1000.0


@pytest.fixture
def until_asked_again(authenticator, ada, monkeypatch):
    """Ask, and say in how many seconds JupyterHub asks again; None: as if there was an answer."""
    clock = SimpleNamespace(monotonic=lambda: _NOW)
    monkeypatch.setattr("gpucommons_authenticator.access.lost_answers.time", clock)

    async def ask(token: str) -> float | None:
        ada.auth_state["refresh_token"] = token  # what was said of the last one is remembered
        assert await authenticator.refresh_user(ada) is True
        ada._auth_refreshed = None  # where JupyterHub writes when it has asked
        await asyncio.sleep(0)
        asked = ada._auth_refreshed
        return None if asked is None else asked + authenticator.auth_refresh_age - _NOW

    return ask


async def test_a_lost_answer_is_asked_for_again_while_the_old_token_is_good(
    authenticator, issuer, ada, until_asked_again
):
    issuer.down = True
    waits = [await until_asked_again(f"token-{number}") for number in range(5)]
    assert waits == [8, 15, 25, None, None]
    issuer.down = False
    ada.auth_state["refresh_token"] = "good"
    assert (await authenticator.refresh_user(ada))["name"] == ada.name
    issuer.down = True
    assert await until_asked_again("lost") == 8


async def test_an_unclear_answer_is_no_lost_one(authenticator, issuer, ada, until_asked_again):
    """Dex has not changed the token, and the directory behind it needs time."""
    issuer.token_answer = Answer(500, {"error": "invalid_request"})
    ada.auth_state["verified_at"] = time.time()
    assert await until_asked_again("unclear") is None


async def test_a_refresh_token_is_not_spent_on_what_cannot_be_checked(authenticator, issuer, ada):
    answer = issuer.get

    async def answer_without_keys(url):
        if url.endswith("/keys"):
            raise ProviderUnavailableError("no keys")
        return await answer(url)

    issuer.get = answer_without_keys
    assert await authenticator.refresh_user(ada) is True
    assert issuer.forms == []


async def test_a_hub_that_dex_does_not_know_signs_nobody_out(authenticator, issuer, ada):
    issuer.token_answer = Answer(401, {"error": "invalid_client"})
    assert await authenticator.refresh_user(ada) is True


async def test_a_hanging_dex_holds_a_request_no_longer_than_the_timeout(authenticator, issuer, ada):
    async def hang(url):
        await asyncio.Event().wait()

    issuer.get = hang
    authenticator.provider_timeout = 0.05
    assert await authenticator.refresh_user(ada) is True


async def test_a_sign_in_that_cannot_be_renewed_counts_for_a_while(authenticator, issuer, ada):
    """Dex gives no refresh token for connectors such as saml, authproxy and oauth."""
    ada.auth_state |= {"refresh_token": None}
    assert await authenticator.refresh_user(ada) is True
    ada.auth_state |= {"verified_at": time.time() - authenticator.login_lifetime - 1}
    assert await authenticator.refresh_user(ada) is False
    assert "leaving_at" not in ada.auth_state
    assert issuer.asked == []


async def test_a_sign_in_that_cannot_be_renewed_ends_when_somebody_is_blocked(authenticator, ada):
    ada.auth_state |= {"refresh_token": None}
    authenticator.blocked_users = {ada.name}
    assert await authenticator.refresh_user(ada) is False


async def test_a_robot_that_never_signed_in_is_not_asked_about(authenticator, issuer):
    robot = Person(None, "ci")
    assert await authenticator.refresh_user(robot) is True
    authenticator.blocked_users = {"ci"}
    assert await authenticator.refresh_user(robot) is False
    assert issuer.asked == []


async def test_what_is_kept_and_cannot_be_read_makes_nobody_a_robot(authenticator):
    """After the key is lost JupyterHub answers as if nothing was kept."""
    person = Person({})
    assert await authenticator.refresh_user(person) is False


async def test_many_requests_of_one_person_ask_dex_once(authenticator, issuer, ada):
    answers = await asyncio.gather(*(authenticator.refresh_user(ada) for _ in range(50)))
    assert issuer.asked.count("/token") == 1
    assert all(answer == answers[0] for answer in answers)


async def test_a_login_during_a_refresh_keeps_its_own_tokens(authenticator, issuer, ada):
    answer = issuer.post_form

    async def answer_after_a_login(*arguments):
        ada.auth_state = ada.auth_state | {"refresh_token": "of-the-login"}
        return await answer(*arguments)

    issuer.post_form = answer_after_a_login
    assert await authenticator.refresh_user(ada) is True


async def test_a_no_about_an_older_login_puts_nobody_out_who_signed_in_meanwhile(
    authenticator, issuer, ada
):
    async def refuse_after_a_login(*_):
        login = {"refresh_token": "of-the-login", "verified_at": time.time()}
        ada.auth_state = ada.auth_state | login
        return Answer(400, {"error": "invalid_grant"})

    issuer.post_form = refuse_after_a_login
    assert await authenticator.refresh_user(ada) is True
    assert not authenticator.access._refusals.recent(ada.name)


async def test_a_login_that_is_saved_while_another_thing_is_written_is_not_lost(
    authenticator, ada, monkeypatch
):
    """Both read, wait for the encryption, and write."""
    reading, go_on = asyncio.Event(), asyncio.Event()
    read = ada.get_auth_state

    async def read_slowly():
        kept = dict(await read())
        reading.set()
        await go_on.wait()
        return kept

    async def save(model, _user):
        await ada.save_auth_state(model["auth_state"])
        return ada

    monkeypatch.setattr(ada, "get_auth_state", read_slowly)
    leaving = asyncio.create_task(authenticator.access.send_away(ada, 600))
    await reading.wait()
    monkeypatch.setattr(ada, "get_auth_state", read)
    new = ada.auth_state | {"refresh_token": "of-the-login"}
    model = {"name": ada.name, "admin": None, "groups": [], "auth_state": new}
    handler = SimpleNamespace(find_user=lambda _name: ada)
    login = asyncio.create_task(authenticator.save_login(handler, model, save))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(leaving, login)
    assert ada.auth_state["refresh_token"] == "of-the-login"
    assert "leaving_at" not in ada.auth_state
    assert not authenticator.access.departures.going(ada.name)


async def test_a_new_address_of_dex_signs_nobody_out(authenticator, issuer, ada):
    connector = {"federated_claims": {"connector_id": "ldap"}}
    issuer.claims |= connector
    ada.auth_state["oauth_user"] |= {"iss": "https://old.example.org/dex", **connector}
    assert (await authenticator.refresh_user(ada))["groups"] == ["staff", "vision"]


async def test_another_name_of_the_same_person_ends_no_session(authenticator, issuer, ada):
    issuer.claims["email"] = "ada.lovelace@example.org"
    assert await authenticator.refresh_user(ada) is False
    assert not authenticator.access.departures.going(ada.name)


@pytest.mark.parametrize(
    "odd", [["g" * 300], [""], [7], [f"group-{number}" for number in range(1001)]], ids=len
)
async def test_odd_groups_beside_a_good_one_put_nobody_out(authenticator, issuer, ada, odd):
    issuer.claims["groups"] = ["vision", *odd]
    assert "vision" in (await authenticator.refresh_user(ada))["groups"]


async def test_one_impatient_request_does_not_spoil_it_for_the_others():
    once, release = RefreshOnce(), asyncio.Event()

    async def exchange():
        await release.wait()
        return "fresh"

    impatient = asyncio.create_task(once.run("token", exchange))
    patient = asyncio.create_task(once.run("token", exchange))
    await asyncio.sleep(0)
    impatient.cancel()
    release.set()
    assert await patient == "fresh"


async def test_somebody_who_knows_of_a_change_is_given_no_answer_from_before():
    once, release, told = RefreshOnce(), asyncio.Event(), []

    async def exchange():
        told.append(len(told))
        await release.wait()
        return told[-1]

    before = asyncio.create_task(once.run("token", exchange))
    await asyncio.sleep(0)
    forgotten = asyncio.create_task(once.forget("token"))
    await asyncio.sleep(0)
    assert not forgotten.done(), "Dex takes one request with a token at a time"
    release.set()
    await forgotten
    assert await before == 0
    assert [await once.run("token", exchange) for _ in range(2)] == [1, 1]


async def test_a_removal_is_seen_although_dex_vouched_for_the_same_token_just_now(
    authenticator, issuer, ada
):
    kept = {"access_token": "a", "refresh_token": "refresh-0", "id_token": issuer.sign()}
    issuer.token_answer = Answer(200, kept)
    assert await authenticator.refresh_user(ada)
    issuer.token_answer = Answer(400, {"error": "invalid_request"})
    assert await authenticator.access.reason_to_go(ada, _never) is not None


async def _never(*_):
    raise AssertionError("nothing is new")


async def test_keys_that_dex_rotated_are_learnt(authenticator, issuer, ada, rsa_keys):
    assert await authenticator.refresh_user(ada)
    issuer.key = rsa_keys[1]
    ada.auth_state |= {"refresh_token": "refresh-1"}
    assert await authenticator.refresh_user(ada)


@pytest.mark.parametrize("answer", [{}, {"access_token": "a"}, {"id_token": "x"}], ids=str)
async def test_half_an_answer_puts_nobody_out(authenticator, issuer, ada, answer):
    issuer.token_answer = Answer(200, answer)
    assert await authenticator.refresh_user(ada) is True


async def test_a_key_that_is_not_published_yet_puts_nobody_out(
    authenticator, issuer, ada, rsa_keys
):
    """Nor does it spend the login: Dex takes a refresh token once."""
    known = issuer.keys
    issuer.key = rsa_keys[1]
    keys = Answer(200, dict(known.as_dict()))
    answer = issuer.get

    async def answer_with_old_keys(url):
        return keys if url.endswith("/keys") else await answer(url)

    issuer.get = answer_with_old_keys
    assert await authenticator.refresh_user(ada) is True
    assert ada.auth_state["refresh_token"] == "refresh-1"
    issuer.get = answer
    authenticator._connection._provider._rotation_seen = float("-inf")
    assert await authenticator.refresh_user(ada)
    assert issuer.forms[-1]["refresh_token"] == "refresh-1"


async def test_a_database_that_is_away_for_a_moment_costs_nobody_their_login(
    authenticator, issuer, ada
):
    """Dex takes a refresh token once, and what it gave could not be saved."""
    away = [True, True, False]

    async def save(model, user):
        if away.pop(0):
            raise OSError("the database is away")
        await user.save_auth_state(model["auth_state"])

    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            await authenticator.access.reason_to_go(ada, save)
        assert not ada._auth_refreshed
    assert await authenticator.access.reason_to_go(ada, save) is None
    asked = [form["refresh_token"] for form in issuer.forms]
    assert asked == ["refresh-0", "refresh-1", "refresh-2"]
    assert ada.auth_state["refresh_token"] == "refresh-3"
    assert not authenticator.access._following
