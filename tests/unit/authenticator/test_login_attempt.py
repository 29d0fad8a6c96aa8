"""What ties an answer to the browser that asked."""

import base64
import hashlib

import pytest
from gpucommons_authenticator.errors import LoginExpiredError
from gpucommons_authenticator.login_attempt import LoginAttempt


def test_the_cookie_brings_the_login_back():
    attempt = LoginAttempt.begin("/hub/spawn?x=1")
    cookie = attempt.to_cookie().encode()
    assert LoginAttempt.from_cookie(cookie, attempt.state) == attempt


def test_every_login_has_secrets_of_its_own():
    first, second = LoginAttempt.begin(None), LoginAttempt.begin(None)
    secrets = {each for a in (first, second) for each in (a.state, a.nonce, a.code_verifier)}
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
