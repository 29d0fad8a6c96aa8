"""Which id_tokens are believed."""

import hmac
import json
import time

import pytest
from gpucommons_authenticator.errors import TokenRejectedError, UnknownSigningKeyError
from gpucommons_authenticator.provider.id_token import (
    Expected,
    check_algorithms,
    check_nonce,
    check_same_person,
    verify,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode

ISSUER = "https://hub.example.org/dex"
EXPECTED = Expected(ISSUER, "gpucommons", frozenset({"RS256", "ES256"}), leeway=60)
NOW = time.time()
REUSE_FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(issuer, token):
    return verify(token, issuer.keys, EXPECTED, time.time())


def test_a_genuine_token_gives_its_claims(issuer):
    assert check(issuer, issuer.sign())["sub"] == "ada-1"


def test_a_token_without_signature_is_refused(issuer):
    header, payload, _ = issuer.sign().split(".")
    none = urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode()
    for forged in (f"{none}.{payload}.", f"{header}.{payload}.", f"{none}.{payload}.AAAA"):
        with pytest.raises(TokenRejectedError):
            check(issuer, forged)


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(issuer):
    public_key = issuer.keys.keys[0].as_pem(private=False)
    header = urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": issuer.key.kid}).encode())
    signed = header + b"." + urlsafe_b64encode(json.dumps(issuer.claims).encode())
    signature = urlsafe_b64encode(hmac.digest(public_key, signed, "sha256"))
    token = (signed + b"." + signature).decode()
    with pytest.raises(TokenRejectedError, match="unsupported_algorithm"):
        check(issuer, token)


def test_a_token_signed_by_somebody_else_under_our_key_id_is_refused(issuer, rsa_keys):
    stranger = RSAKey.import_key(rsa_keys[1].as_dict(private=True) | {"kid": issuer.key.kid})
    kid, issuer.key = issuer.keys, stranger
    token = issuer.sign()
    with pytest.raises(TokenRejectedError, match="bad_signature"):
        verify(token, kid, EXPECTED, NOW)


def test_a_token_of_an_unknown_key_is_told_apart(issuer):
    with pytest.raises(UnknownSigningKeyError):
        check(issuer, issuer.sign(kid="never-seen"))


def test_a_token_that_brings_its_own_key_is_refused(issuer, rsa_keys):
    issuer.claims["sub"] = "mallory"
    known, issuer.key = issuer.keys, rsa_keys[1]
    token = issuer.sign(kid=known.keys[0].kid, jwk=rsa_keys[1].as_dict(private=False))
    with pytest.raises(TokenRejectedError):
        verify(token, known, EXPECTED, NOW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": ISSUER + "/"}, "iss"),
        ({"iss": [ISSUER]}, "iss"),
        ({"aud": "somebody-else"}, "aud"),
        ({"aud": ["somebody-else"]}, "aud"),
        ({"aud": {"gpucommons": True}}, "aud"),
        ({"aud": ["gpucommons", "other"]}, "azp"),
        ({"aud": ["gpucommons", "other"], "azp": "other"}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": NOW - 61}, "expired.*clocks"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"iat": NOW + 120}, "future.*clocks"),
        ({"nbf": NOW + 120}, "not yet valid.*clocks"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused_and_the_reason_named(issuer, change, reason):
    token = issuer.sign(issuer.claims | {"iat": NOW, "exp": NOW + 3600} | change)
    with pytest.raises(TokenRejectedError, match=reason):
        verify(token, issuer.keys, EXPECTED, NOW)


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "iat"])
def test_a_token_that_lacks_a_claim_is_refused(issuer, name):
    del issuer.claims[name]
    with pytest.raises(TokenRejectedError, match=name):
        check(issuer, issuer.sign())


@pytest.mark.parametrize("change", [{"exp": NOW - 30}, {"iat": NOW + 30}, {"nbf": NOW + 30}])
def test_clocks_may_differ_by_the_leeway(issuer, change):
    token = issuer.sign(issuer.claims | {"iat": NOW, "exp": NOW + 3600} | change)
    assert verify(token, issuer.keys, EXPECTED, NOW)


def test_several_audiences_are_fine_when_the_token_was_made_for_us(issuer):
    issuer.claims |= {"aud": ["gpucommons", "other"], "azp": "gpucommons"}
    assert check(issuer, issuer.sign())


@pytest.mark.parametrize("nonce", ["another", "", None, ["the-nonce"], "thé-nonce"])
def test_a_token_for_another_login_is_refused(issuer, nonce):
    with pytest.raises(TokenRejectedError, match="nonce"):
        check_nonce({"nonce": nonce}, "the-nonce")


@pytest.mark.parametrize("change", [{"sub": "bob"}, {"iss": "https://e"}, {"nonce": "x"}], ids=str)
def test_a_renewed_token_about_somebody_else_is_refused(issuer, change):
    with pytest.raises(TokenRejectedError, match="changed"):
        check_same_person(issuer.claims | change, issuer.claims)


def test_a_renewed_token_may_come_from_another_address_of_the_same_connector(issuer):
    before = issuer.claims | {"federated_claims": {"connector_id": "ldap"}}
    moved = before | {"iss": "https://new.example.org/dex"}
    check_same_person(moved, before)
    with pytest.raises(TokenRejectedError, match="changed"):
        check_same_person(moved | {"federated_claims": {"connector_id": "github"}}, before)


def test_a_renewed_token_needs_no_nonce(issuer):
    check_same_person({"iss": ISSUER, "sub": "ada-1"}, issuer.claims)


@pytest.mark.parametrize("names", [["none"], ["HS256"], ["RS256", "HS512"], []])
def test_algorithms_that_anybody_could_sign_with_cannot_be_configured(names):
    with pytest.raises(ValueError, match="public-key"):
        check_algorithms(names)


@REUSE_FIXTURES
@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}"))
def test_whatever_arrives_is_refused_in_words(issuer, text):
    with pytest.raises(TokenRejectedError):
        check(issuer, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@REUSE_FIXTURES
@given(st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "azp"]), JSON)
def test_a_believed_token_always_names_our_issuer_and_us(issuer, name, value):
    try:
        claims = check(issuer, issuer.sign(issuer.claims | {name: value}))
    except TokenRejectedError:
        return
    assert claims["iss"] == ISSUER
    assert claims["aud"] == "gpucommons" or "gpucommons" in claims["aud"]
    assert claims["exp"] > time.time() - 61


@REUSE_FIXTURES
@given(st.data())
def test_a_token_with_one_byte_changed_is_refused(issuer, data):
    token = issuer.sign()
    place = data.draw(st.integers(0, len(token) - 3))  # the last characters carry spare bits
    other = data.draw(st.sampled_from("AZaz09_-.").filter(lambda each: each != token[place]))
    with pytest.raises(TokenRejectedError):
        check(issuer, token[:place] + other + token[place + 1 :])
