"""A hub that is sent forged, stale and malformed id_tokens."""

import base64
import hashlib
import hmac
import json
from html import unescape
from urllib.parse import quote

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from .login_hub import Hub


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


def with_a_look_alike_as_user_name(issuer, claims):
    return issuer.sign(claims | {"email": "\u0430da@example.org"})  # a Cyrillic a


def with_a_letter_that_lower_case_makes_another(issuer, claims):
    return issuer.sign(claims | {"email": "\u212aada@example.org"})  # the Kelvin sign


def with_a_line_break_in_the_user_name(issuer, claims):
    return issuer.sign(claims | {"email": "ada@example.org\nUser logged in: root"})


def with_ten_kilobytes_as_user_name(issuer, claims):
    return issuer.sign(claims | {"email": "a" * 10_000})


def with_markup_as_user_name(issuer, claims):
    return issuer.sign(claims | {"email": "<script>alert(1)</script>"})


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
        (with_a_look_alike_as_user_name, (UNUSABLE, "cannot be used")),
        (with_a_letter_that_lower_case_makes_another, (UNUSABLE, "cannot be used")),
        (with_a_line_break_in_the_user_name, (UNUSABLE, "cannot be used")),
        (with_ten_kilobytes_as_user_name, (UNUSABLE, "cannot be used")),
        (with_markup_as_user_name, (UNUSABLE, "cannot be used")),
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
    assert "<script>alert" not in page.text


def test_a_user_name_in_capitals_is_the_same_person(hub, issuer, browser):
    issuer.forge = lambda claims: issuer.sign(claims | {"email": "ADA@EXAMPLE.ORG"})
    page = browser.follow("/hub/oauth_login?next=/hub/home")
    assert 'user: "ada@example.org"' in page.text


def test_what_can_be_no_group_is_left_out_with_one_line_in_the_log(hub, issuer, browser):
    odd = ["", "g" * 303, {"name": "staff"}, *(f"group-{number}" for number in range(1001))]
    issuer.forge = lambda claims: issuer.sign(claims | {"groups": ["vision", *odd]})
    before = len(hub.text())
    assert browser.follow("/hub/oauth_login?next=/hub/home").url.path == "/hub/home"
    lines = [line for line in hub.text()[before:].splitlines() if "left out" in line]
    assert len(lines) == 1
    assert "cannot be group names: 3" in lines[0]
    assert "and 982 more" in lines[0]
    person = hub.api("GET", "users/ada@example.org").json()
    assert "vision" in person["groups"]
    assert not person["admin"]


def test_who_is_refused_reads_so_and_the_log_names_the_groups_that_came(hub, issuer, browser):
    issuer.forge = lambda claims: issuer.sign(claims | {"groups": ["Vision", "alumni"]})
    before = len(hub.text())
    page = browser.follow("/hub/oauth_login?next=/hub/home")
    assert page.status_code == 403
    assert "Ask an administrator to add you to a team" in page.text
    assert "Groups that came with you: 'Vision', 'alumni'." in unescape(page.text)
    (line,) = [line for line in hub.text()[before:].splitlines() if "Sign-in failed" in line]
    assert "groups that came: 'Vision', 'alumni'" in line
    assert "capitals count: 'Vision' is not 'vision'" in line


@pytest.mark.parametrize("skew", [-60, 60])
def test_clocks_that_differ_by_a_minute_keep_nobody_out(issuer, browser, skew):
    moments = ("iat", "exp", "nbf")

    def forge(claims):
        claims["nbf"] = claims["iat"]
        return issuer.sign(claims | {name: claims[name] + skew for name in moments})

    issuer.forge = forge
    assert browser.follow("/hub/oauth_login?next=/hub/home").url.path == "/hub/home"


@pytest.mark.parametrize("name", ["o'brien@example.org", "ada+gpu@example.org", "a.b_c-d", "7"])
def test_an_odd_but_legal_name_signs_in_and_out(hub, issuer, browser, name):
    issuer.forge = lambda claims: issuer.sign(claims | {"email": name, "sub": name})
    assert browser.follow("/hub/oauth_login?next=/hub/token").url.path == "/hub/token"
    assert hub.api("GET", f"users/{quote(name, safe='')}").json()["name"] == name
    assert "You are signed out" in browser.follow("/hub/logout").text


def test_a_key_set_that_was_replaced_by_a_secret_lets_nobody_in(hub, issuer, browser):
    """Whoever can replace the key set must not be able to have texts signed with its contents."""
    secret = OctKey.generate_key(256, auto_kid=True)
    issuer.published = {"keys": [secret.as_dict(private=True)]}
    issuer.forge = lambda claims: jwt.encode({"alg": "HS256", "kid": secret.kid}, claims, secret)
    try:
        page = browser.follow("/hub/oauth_login?next=/hub/home")
    finally:
        issuer.published, issuer.forge = None, issuer.sign
    assert page.status_code == 403
    assert UNTRUSTED in page.text
    assert browser.get("/hub/home").status_code == 302


def test_each_login_has_a_challenge_of_its_own_and_the_code_goes_with_its_verifier(issuer, browser):
    for _ in range(2):
        browser.follow("/hub/oauth_login?next=/hub/home")
    assert len(set(issuer.challenges.values())) == len(issuer.challenges)
    for code, verifier in issuer.verifiers.items():
        digest = hashlib.sha256(verifier.encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == issuer.challenges[code]


def test_signing_out_ends_the_session_at_an_issuer_that_has_one(hub, issuer, browser):
    issuer.endpoints = {"end_session_endpoint": f"{issuer.issuer}/logout"}
    browser.follow("/hub/oauth_login?next=/hub/home")
    try:
        onward = httpx.URL(browser.get("/hub/logout").headers["location"])
    finally:
        issuer.endpoints = {}
    assert f"{onward.scheme}://{onward.netloc.decode()}{onward.path}" == f"{issuer.issuer}/logout"
    assert jwt.decode(onward.params["id_token_hint"], issuer.key).claims["sub"] == "ada"
    page = browser.follow(onward.params["post_logout_redirect_uri"])
    assert "You are signed out" in page.text
    assert browser.get("/hub/home").status_code == 302
    assert onward.params["id_token_hint"] not in hub.text()


def test_the_same_issuer_is_believed_when_it_tells_the_truth(hub, issuer, browser):
    issuer.forge = issuer.sign
    assert browser.follow("/hub/oauth_login?next=/hub/home").url.path == "/hub/home"
