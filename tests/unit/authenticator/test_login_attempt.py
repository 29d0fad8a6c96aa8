"""What ties an answer to the browser that asked."""

import base64
import hashlib
from dataclasses import replace

import pytest
from gpucommons_authenticator.errors import LoginExpiredError
from gpucommons_authenticator.login.login_attempt import (
    MOST_AT_ONCE,
    LoginAttempt,
    cookie_name,
    login_cookies,
    next_url_of,
    too_many,
)


def test_the_cookie_brings_the_login_back():
    attempt = LoginAttempt.begin("/hub/spawn?x=1")
    cookie = attempt.to_cookie().encode()
    assert LoginAttempt.from_cookie(cookie, attempt.state) == attempt


def test_every_login_has_secrets_of_its_own():
    first, second = LoginAttempt.begin(None), LoginAttempt.begin(None)
    secrets = {each for a in (first, second) for each in (a.secret, a.nonce, a.code_verifier)}
    assert len(secrets) == 6


def test_dex_learns_the_challenge_and_not_the_verifier():
    attempt = LoginAttempt.begin(None)
    query = attempt.authorize_parameters()
    digest = hashlib.sha256(attempt.code_verifier.encode()).digest()
    assert query["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert query["code_challenge_method"] == "S256"
    assert attempt.code_verifier not in query.values()


@pytest.mark.parametrize("cookie", [None, b"", b"nonsense", b"[]", b'{"state": "s"}', b"null"])
def test_without_a_proper_cookie_the_login_has_expired(cookie):
    with pytest.raises(LoginExpiredError):
        LoginAttempt.from_cookie(cookie, "s")


@pytest.mark.parametrize("state", ["", "another", "é"])
def test_the_state_of_another_browser_is_refused(state):
    cookie = LoginAttempt.begin(None).to_cookie().encode()
    with pytest.raises(LoginExpiredError):
        LoginAttempt.from_cookie(cookie, state)


def test_where_somebody_wanted_to_go_is_known_without_the_cookie():
    attempt = LoginAttempt.begin("/user/ada/lab/tree/a%20b.ipynb?reset")
    assert next_url_of(attempt.state) == "/user/ada/lab/tree/a%20b.ipynb?reset"
    assert next_url_of(LoginAttempt.begin(None).state) is None
    assert "lab" not in attempt.to_cookie()


@pytest.mark.parametrize("state", ["", "x", "x.!", "x.é", "x.aHR0cHM", "x." + "A" * 5001])
def test_a_state_that_somebody_made_up_leads_nowhere_else(state):
    page = next_url_of(state)
    assert page is None or page.startswith("/")


def test_each_login_of_a_browser_has_a_cookie_of_its_own():
    attempts = [LoginAttempt.begin(None) for _ in range(3)]
    names = {cookie_name(attempt.state) for attempt in attempts}
    assert len(names) == 3
    assert sorted(names) == sorted(login_cookies([*names, "jupyterhub-session-id"]))


def test_the_oldest_logins_of_a_browser_are_forgotten_so_that_its_cookies_stay_small():
    logins = [replace(LoginAttempt.begin(None), begun_at=number) for number in range(1, 12)]
    cookies = {cookie_name(each.state): each.to_cookie().encode() for each in logins}
    forged = {"gpucommons-login-x": None, "gpucommons-login-y": b"nonsense"}
    forgotten = too_many({**cookies, **forged})
    kept = [cookie_name(each.state) for each in logins[-(MOST_AT_ONCE - 1) :]]
    assert set(forgotten) == {*cookies, *forged} - set(kept)
    assert MOST_AT_ONCE * len(logins[0].to_cookie()) < 2500
