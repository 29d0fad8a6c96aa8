"""When the sessions of somebody who is refused have to end, and when they go on."""

import time

import pytest
from gpucommons_authenticator.vouching import Vouching
from gpucommons_authenticator.wire import Answer

from .conftest import Person

_UNCLEAR = Answer(500, {"error": "invalid_request"})


def _grace_over(authenticator, person):
    person.auth_state["verified_at"] = time.time() - authenticator.unclear_grace - 1


async def _is_leaving(authenticator, person) -> bool:
    """Ask once, as a request does; says whether the sessions are to end."""
    assert await authenticator.refresh_user(person) is False
    kept = "leaving_at" in person.auth_state
    assert kept == authenticator.standing.leaving.going(person.name)
    return kept


async def test_who_is_in_no_group_any_more_leaves_after_the_grace(authenticator, issuer, ada):
    issuer.claims["groups"] = ["audio"]
    assert await _is_leaving(authenticator, ada)
    assert ada.auth_state["leaving_at"] == pytest.approx(time.time() + 600, abs=30)


async def test_who_is_blocked_leaves(authenticator, ada):
    authenticator.blocked_users = {ada.name}
    assert await _is_leaving(authenticator, ada)


async def test_without_a_grace_sessions_go_on(authenticator, issuer, ada):
    authenticator.removal_grace = None
    issuer.claims["groups"] = ["audio"]
    assert not await _is_leaving(authenticator, ada)


async def test_a_login_that_ran_out_stops_no_session(authenticator, issuer, ada):
    issuer.token_answer = Answer(400, {"error": "invalid_grant"})
    assert not await _is_leaving(authenticator, ada)


async def test_an_outage_stops_no_session_however_long(authenticator, issuer, ada):
    issuer.down = True
    ada.auth_state["verified_at"] = 0
    assert not await _is_leaving(authenticator, ada)


async def test_a_directory_that_answers_for_nobody_stops_no_session(authenticator, issuer, ada):
    issuer.token_answer = _UNCLEAR
    _grace_over(authenticator, ada)
    assert not await _is_leaving(authenticator, ada)


async def test_a_directory_that_answers_for_others_has_deleted_this_one(authenticator, issuer, ada):
    issuer.token_answer = _UNCLEAR
    assert await authenticator.refresh_user(ada) is False  # unclear for the first time
    issuer.token_answer = None
    grace = Person(ada.auth_state | {"refresh_token": "of-grace"}, "grace@example.org")
    issuer.claims["email"] = grace.name
    assert await authenticator.refresh_user(grace)
    issuer.token_answer = _UNCLEAR
    authenticator.standing._refusals.forget(ada.name)
    ada.auth_state["refresh_token"] = "of-ada"
    _grace_over(authenticator, ada)
    assert await _is_leaving(authenticator, ada)


async def test_who_is_in_a_group_again_stays(authenticator, issuer, ada):
    issuer.claims["groups"] = ["audio"]
    assert await _is_leaving(authenticator, ada)
    issuer.claims["groups"] = ["vision"]
    authenticator.standing._refusals.forget(ada.name)
    model = await authenticator.refresh_user(ada)
    assert "leaving_at" not in model["auth_state"]
    assert not authenticator.standing.leaving.going(ada.name)


def test_another_connector_says_nothing_of_this_one():
    now = 0.0
    vouching = Vouching(clock=lambda: now)
    vouching.unclear("ada")
    now = 1.0
    vouching.vouched("grace", "github")
    assert not vouching.unclear_about_one("ada", "ldap")
    vouching.vouched("grace", "ldap")
    assert vouching.unclear_about_one("ada", "ldap")


def test_somebody_vouched_for_again_is_not_unclear():
    now = 0.0
    vouching = Vouching(clock=lambda: now)
    vouching.unclear("ada")
    vouching.vouched("ada", "ldap")
    now = 1.0
    vouching.vouched("grace", "ldap")
    assert not vouching.unclear_about_one("ada", "ldap")
