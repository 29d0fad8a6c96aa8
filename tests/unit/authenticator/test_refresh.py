"""Staying signed in: renewal, removal, outages."""

import asyncio
import time

import pytest
from gpucommons_authenticator.errors import ProviderUnavailableError
from gpucommons_authenticator.refresh import RefreshOnce
from gpucommons_authenticator.wire import Answer

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


async def test_somebody_without_a_refresh_token_has_to_sign_in(authenticator):
    assert await authenticator.refresh_user(Person(None)) is False
    assert await authenticator.refresh_user(Person({"refresh_token": None})) is False


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


async def test_keys_that_dex_rotated_are_learnt(authenticator, issuer, ada, rsa_keys):
    assert await authenticator.refresh_user(ada)
    issuer.key = rsa_keys[1]
    ada.auth_state |= {"refresh_token": "refresh-1"}
    assert await authenticator.refresh_user(ada)
