"""What Dex says about itself, and how often it is asked."""

import pytest
from gpucommons_authenticator.errors import ProviderUnavailableError
from gpucommons_authenticator.provider.discovery import (
    KEY_REFETCH_INTERVAL_S,
    MAX_AGE_S,
    Provider,
    parse_keys,
    parse_metadata,
)
from gpucommons_authenticator.provider.http_client import Answer

ISSUER = "https://hub.example.org/dex"
DOCUMENT = "/.well-known/openid-configuration"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def provider(issuer, clock):
    return Provider(ISSUER, issuer, clock)


async def test_the_discovery_document_is_asked_for_once_in_a_while(provider, issuer, clock):
    for now in (0, MAX_AGE_S - 1, MAX_AGE_S + 1):
        clock.now = now
        assert (await provider.metadata()).token_endpoint == f"{ISSUER}/token"
    assert issuer.asked == [DOCUMENT, DOCUMENT]


async def test_a_login_asks_whether_dex_is_alive(provider, issuer):
    await provider.metadata()
    issuer.down = True
    assert await provider.metadata()
    with pytest.raises(ProviderUnavailableError):
        await provider.live_metadata()


async def test_keys_are_asked_for_again_after_a_rotation(provider, issuer, rsa_keys):
    await provider.keys()
    issuer.key = rsa_keys[1]
    assert [key.kid for key in await provider.keys()] == [rsa_keys[0].kid]
    assert [key.kid for key in await provider.keys_after_rotation()] == [rsa_keys[1].kid]


async def test_unknown_keys_cannot_make_the_hub_ask_without_end(provider, issuer, clock):
    for clock.now in (1, 2, 3, KEY_REFETCH_INTERVAL_S + 2):
        await provider.keys_after_rotation()
    assert issuer.asked.count("/keys") == 2


def document(**changes):
    fields = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/auth",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
    }
    return Answer(200, fields | changes)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (document(issuer="https://evil.example"), "make both the same"),
        (document(issuer=ISSUER + "/"), "make both the same"),
        (document(token_endpoint=None), "token_endpoint"),
        (document(token_endpoint="http://hub.example.org/dex/token"), "token_endpoint"),
        (document(jwks_uri="file:///etc/passwd"), "jwks_uri"),
        (Answer(404, {}), "404"),
    ],
)
def test_a_discovery_document_that_does_not_fit_is_refused(answer, reason):
    with pytest.raises(ProviderUnavailableError, match=reason):
        parse_metadata(ISSUER, "https://url", answer)


def test_only_public_signing_keys_are_kept(issuer):
    good = issuer.key.as_dict(private=False)
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}
    encryption = good | {"kid": "encryption", "use": "enc"}
    broken = {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"}
    keys = parse_keys("url", Answer(200, {"keys": [secret, good, encryption, broken, "x"]}))
    assert [key.kid for key in keys] == [issuer.key.kid]


@pytest.mark.parametrize("body", [{}, {"keys": {}}, {"keys": []}])
def test_a_key_set_without_keys_is_an_outage(body):
    with pytest.raises(ProviderUnavailableError):
        parse_keys("url", Answer(200, body))
