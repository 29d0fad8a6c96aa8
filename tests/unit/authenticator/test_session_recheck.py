"""When the sessions of somebody who is refused have to end, and when they go on."""

import time

import pytest
from gpucommons_authenticator.access.outage_detector import LOOKS, OutageDetector
from gpucommons_authenticator.provider.http_client import Answer

from .conftest import Person

_UNCLEAR = Answer(500, {"error": "invalid_request"})


def _grace_over(authenticator, person):
    person.auth_state["verified_at"] = time.time() - authenticator.unclear_grace - 1


async def _is_leaving(authenticator, person) -> bool:
    """Ask once, as a request does; says whether the sessions are to end."""
    assert await authenticator.refresh_user(person) is False
    kept = "leaving_at" in person.auth_state
    assert kept == authenticator.access.departures.going(person.name)
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


_LDAP = {"federated_claims": {"connector_id": "ldap"}}


async def _look(authenticator, issuer, person, answer=None) -> None:
    """Ask about somebody as if minutes had passed since the last time."""
    issuer.token_answer = answer
    issuer.claims |= {"email": person.name, **_LDAP}
    authenticator.access._refusals.forget(person.name)
    token = f"{person.name}-{len(issuer.forms)}"
    if answer:
        _grace_over(authenticator, person)
    person.auth_state |= {"refresh_token": token}
    model = await authenticator.refresh_user(person)
    if not isinstance(model, bool):
        await person.save_auth_state(model["auth_state"])


@pytest.fixture
def grace(ada):
    return Person({**ada.auth_state, "oauth_user": ada.auth_state["oauth_user"] | _LDAP}, "grace")


@pytest.fixture
def ldap(authenticator, issuer, ada, grace):
    """Ada and Grace, of whose directory an answer is as the test says."""
    authenticator.require_verified_email = False
    grace.name = "grace@example.org"
    ada.auth_state["oauth_user"] |= _LDAP

    async def look(person, answer=None):
        await _look(authenticator, issuer, person, answer)
        return authenticator.access.departures.going(ada.name)

    return look


async def test_a_directory_that_answers_for_others_again_and_again_has_deleted_this_one(
    ldap, ada, grace
):
    await ldap(ada)
    await ldap(grace)
    for _ in range(LOOKS):
        assert not await ldap(ada, _UNCLEAR)
        await ldap(grace)
    assert await ldap(ada, _UNCLEAR)
    assert ada.auth_state["leaving_because"] == "unclear"


async def test_a_directory_that_answers_now_and_then_deletes_nobody(ldap, ada, grace):
    """One of two replicas is away: each is answered for by chance."""
    await ldap(ada)
    await ldap(grace)
    for _ in range(3):
        for person, answer in [(ada, _UNCLEAR), (grace, None), (ada, _UNCLEAR), (grace, _UNCLEAR)]:
            assert not await ldap(person, answer)
        await ldap(grace)


async def test_looks_without_an_answer_about_others_in_between_delete_nobody(ldap, ada, grace):
    await ldap(ada)
    await ldap(grace)
    for _ in range(5):
        assert not await ldap(ada, _UNCLEAR)
    await ldap(grace)
    assert not await ldap(ada, _UNCLEAR)


async def test_who_was_never_renewed_may_have_a_provider_that_renews_nobody(ldap, ada, grace):
    """Of two people of one OIDC connector one may have given no offline access."""
    for _ in range(5):
        await ldap(grace)
        assert not await ldap(ada, _UNCLEAR)


async def test_who_is_in_a_group_again_stays(authenticator, issuer, ada):
    issuer.claims["groups"] = ["audio"]
    assert await _is_leaving(authenticator, ada)
    issuer.claims["groups"] = ["vision"]
    authenticator.access._refusals.forget(ada.name)
    model = await authenticator.refresh_user(ada)
    assert "leaving_at" not in model["auth_state"]
    assert not authenticator.access.departures.going(ada.name)


class _Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return _Clock()


@pytest.fixture
def outages(clock):
    return OutageDetector(240, clock)


def _times(outages, clock, *steps) -> None:
    for step, name, connector in steps:
        clock.now += 60
        getattr(outages, step)(name, connector)


_ADA = ("unclear", "ada", "ldap")
_GRACE = ("renewed", "grace", "ldap")


def test_looks_in_a_row_between_answers_about_others_tell_somebody_deleted(outages, clock):
    _times(outages, clock, _GRACE, *[_ADA, _GRACE] * (LOOKS - 1), _ADA)
    assert not outages.is_deleted("ada")
    _times(outages, clock, _GRACE)
    assert outages.is_deleted("ada")
    assert not outages.is_deleted("ada", since=clock.now - 60)


@pytest.mark.parametrize(
    "other",
    [
        ("renewed", "grace", "github"),
        ("renewed", "grace", None),
        ("renewed", "ada-2", "github"),
    ],
    ids=str,
)
def test_another_connector_says_nothing_of_this_one(outages, clock, other):
    _times(outages, clock, other, *[_ADA, other] * 5)
    assert not outages.is_deleted("ada")


def test_without_a_connector_nobody_is_told_deleted(outages, clock):
    _times(outages, clock, *[("renewed", "grace", None), ("unclear", "ada", None)] * 5)
    assert not outages.is_deleted("ada")


def test_an_answer_about_others_long_before_or_after_is_none(outages, clock):
    for _ in range(5):
        _times(outages, clock, _GRACE)
        clock.now += 300
        _times(outages, clock, _ADA)
    assert not outages.is_deleted("ada")
    for _ in range(5):
        _times(outages, clock, _GRACE, _ADA)
        clock.now += 300
    assert not outages.is_deleted("ada")


def test_signing_in_is_no_sign_that_people_can_be_asked_about(outages, clock):
    for _ in range(5):
        clock.now += 60
        outages.unclear("ada", "oidc")
        outages.signed_in("grace")
    assert not outages.is_deleted("ada")


@pytest.mark.parametrize("back", ["renewed", "signed_in"])
def test_one_unclear_answer_that_was_wrong_makes_all_others_worth_nothing(outages, clock, back):
    _times(outages, clock, _GRACE, *[_ADA, _GRACE] * LOOKS)
    assert outages.is_deleted("ada")
    outages.unclear("lin", "ldap")
    if back == "renewed":
        outages.renewed("lin", "ldap")
    else:
        outages.signed_in("lin")
    assert not outages.is_deleted("ada")


def test_somebody_vouched_for_again_is_not_unclear(outages, clock):
    _times(outages, clock, _GRACE, *[_ADA, _GRACE] * LOOKS, ("renewed", "ada", "ldap"), _GRACE)
    assert not outages.is_deleted("ada")
