"""An operator's mistakes stop the hub at start, in words."""

import pytest
from gpucommons_authenticator import TEMPLATES, DexOAuthenticator
from tornado.httpclient import AsyncHTTPClient
from traitlets import TraitError


@pytest.mark.parametrize("issuer", ["dex.example.org", "ftp://dex", "https://", "https://d/?a=1"])
def test_an_issuer_that_is_no_address_is_refused(issuer):
    with pytest.raises(TraitError, match=r"DexOAuthenticator\.issuer"):
        DexOAuthenticator(issuer=issuer)


def test_an_algorithm_with_a_shared_secret_is_refused():
    with pytest.raises(TraitError, match="HS256"):
        DexOAuthenticator(signing_algorithms=["RS256", "HS256"])


def test_what_is_missing_is_named():
    authenticator = DexOAuthenticator(issuer="https://hub.example.org/dex", client_id="x")
    with pytest.raises(ValueError, match=r"Set c\.DexOAuthenticator\.client_secret"):
        authenticator.check_allow_config()


def test_the_defaults_are_safe():
    authenticator = DexOAuthenticator()
    assert authenticator.enable_auth_state
    assert authenticator.auth_refresh_strict
    assert authenticator.refresh_pre_spawn
    assert authenticator.manage_groups
    assert not authenticator.allow_all
    assert not authenticator.allow_existing_users


async def test_a_hanging_dex_cannot_take_the_connections_of_the_hub():
    assert DexOAuthenticator().http_client is not AsyncHTTPClient()


@pytest.mark.parametrize(
    "page", ["403.html", "login.html", "sign_in_problem.html", "signed_out.html"]
)
def test_pages_load_nothing_from_other_hosts(page):
    text = (TEMPLATES / page).read_text()
    assert "//" not in text.replace("{#", "")
