"""A hub that is sent forged, stale and malformed id_tokens."""

import base64
import hmac
import json
from html import unescape

import pytest
from joserfc.jwk import RSAKey

from .hostile_issuer import HostileIssuer
from .login_hub import Hub


@pytest.fixture(scope="module")
def issuer():
    issuer = HostileIssuer()
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    hub = Hub(hub_folder)
    hub.configure(issuer.issuer)
    hub.start()
    yield hub
    hub.stop()


def _part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(issuer, claims):
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def signed_with_the_public_key(issuer, claims):
    signed = f"{_part({'alg': 'HS256', 'kid': issuer.key.kid})}.{_part(claims)}"
    secret = issuer.key.as_pem(private=False)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256"))
    return f"{signed}.{signature.decode().rstrip('=')}"


def signed_by_a_stranger(issuer, claims):
    stranger = RSAKey.generate_key(2048).as_dict(private=True) | {"kid": issuer.key.kid}
    return issuer.sign(claims, RSAKey.import_key(stranger))


def signed_with_an_unpublished_key(issuer, claims):
    return issuer.sign(claims, RSAKey.generate_key(2048, auto_kid=True))


def expired(issuer, claims):
    return issuer.sign(claims | {"iat": 1, "exp": 600})


def not_yet_valid(issuer, claims):
    return issuer.sign(claims | {"nbf": claims["exp"]})


def of_another_issuer(issuer, claims):
    return issuer.sign(claims | {"iss": "https://evil.example"})


def for_another_client(issuer, claims):
    return issuer.sign(claims | {"aud": "somebody-else"})


def of_another_login(issuer, claims):
    return issuer.sign(claims | {"nonce": "another"})


def with_groups_as_a_text(issuer, claims):
    return issuer.sign(claims | {"groups": "vision"})


def with_groups_as_an_object(issuer, claims):
    return issuer.sign(claims | {"groups": {"vision": True}})


def with_ten_thousand_groups(issuer, claims):
    return issuer.sign(claims | {"groups": ["vision", *map(str, range(10_000))]})


def with_a_path_as_user_name(issuer, claims):
    return issuer.sign(claims | {"email": "../admin"})


UNTRUSTED = "This sign-in could not be trusted"
UNUSABLE = "Your account cannot be used here"


@pytest.mark.parametrize(
    ("forgery", "expected"),
    [
        (unsigned, (UNTRUSTED, "unsupported_algorithm")),
        (signed_with_the_public_key, (UNTRUSTED, "unsupported_algorithm")),
        (signed_by_a_stranger, (UNTRUSTED, "bad_signature")),
        (signed_with_an_unpublished_key, (UNTRUSTED, "unknown key")),
        (expired, (UNTRUSTED, "expired")),
        (not_yet_valid, (UNTRUSTED, "not yet valid")),
        (of_another_issuer, (UNTRUSTED, "'iss'")),
        (for_another_client, (UNTRUSTED, "'aud'")),
        (of_another_login, (UNTRUSTED, "nonce")),
        (with_groups_as_a_text, (UNUSABLE, "a text")),
        (with_groups_as_an_object, (UNUSABLE, "an object")),
        (with_ten_thousand_groups, (UNUSABLE, "a list of 10001")),
        (with_a_path_as_user_name, (UNUSABLE, "cannot be used")),
    ],
)
def test_a_bad_token_gives_a_page_a_log_line_and_no_access(hub, issuer, browser, forgery, expected):
    title, reason = expected
    issuer.forge = lambda claims: forgery(issuer, claims)
    before = len(hub.text())
    page = browser.follow("/hub/oauth_login?next=/hub/home")
    assert page.status_code == 403
    assert title in page.text
    assert 'href="/hub/login' in page.text
    failures = [line for line in hub.text()[before:].splitlines() if "Sign-in failed" in line]
    assert len(failures) == 1
    assert reason in failures[0]
    assert browser.get("/hub/home").status_code == 302
    assert "eyJ" not in hub.text()
    assert "eyJ" not in unescape(page.text)


def test_the_same_issuer_is_believed_when_it_tells_the_truth(hub, issuer, browser):
    issuer.forge = issuer.sign
    assert browser.follow("/hub/oauth_login?next=/hub/home").url.path == "/hub/home"
