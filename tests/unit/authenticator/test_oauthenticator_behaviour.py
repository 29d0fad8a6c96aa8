"""What an operator knows from OAuthenticator and JupyterHub's authenticators holds here too.

Each row of docs/reference/oauthenticator.md; the pages' part is in
tests/hub/test_oauthenticator_pages.py.
"""

import time
from types import SimpleNamespace

import pytest
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.errors import NotAllowedError
from gpucommons_authenticator.login.login_attempt import LoginAttempt
from gpucommons_authenticator.provider.http_client import HTTPClient

from .conftest import ISSUER, Person

ADA = "ada@example.org"


@pytest.fixture
def configured(issuer):
    """Make an authenticator with settings beside those that every installation has."""

    def make(**settings):
        basics = {"issuer": ISSUER, "client_id": "gpucommons", "client_secret": "s"}
        authenticator = DexOAuthenticator(**{**basics, **settings})
        authenticator.__dict__["_http"] = issuer
        return authenticator

    return make


@pytest.fixture
def sign_in(issuer):
    """Sign Ada in, the whole way of JupyterHub's; None if JupyterHub itself refuses."""

    async def sign_in(authenticator):
        attempt = LoginAttempt.begin(None)
        issuer.claims["nonce"] = attempt.nonce
        hub = SimpleNamespace(server=SimpleNamespace(base_url="/hub/"))
        request = SimpleNamespace(protocol="http", host="127.0.0.1")
        handler = SimpleNamespace(code="code", attempt=attempt, hub=hub, request=request)
        return await authenticator.get_authenticated_user(handler, None)

    return sign_in


@pytest.mark.parametrize(
    "settings",
    [
        {"allow_all": True},
        {"allowed_users": {ADA}},
        {"allowed_groups": {"vision"}},
        {"admin_groups": {"staff"}},
        {"admin_users": {ADA}},
        {"group_rules": [{"exact": "vision"}]},
    ],
    ids=str,
)
async def test_who_is_allowed_by_any_setting_signs_in(configured, sign_in, settings):
    assert (await sign_in(configured(**settings)))["name"] == ADA


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"allowed_users": {"grace@example.org"}},
        {"allowed_groups": {"audio"}},
        {"group_rules": [{"exact": "audio"}]},
    ],
    ids=str,
)
async def test_who_is_allowed_by_none_does_not(configured, sign_in, settings):
    with pytest.raises(NotAllowedError):
        await sign_in(configured(**settings))


async def test_who_is_blocked_does_not_sign_in_whoever_allows_it(configured, sign_in):
    settings = {"allow_all": True, "blocked_users": {ADA}}
    assert await sign_in(configured(**settings)) is None


@pytest.mark.parametrize("allowed", [True, False])
async def test_existing_users_sign_in_if_that_is_set(configured, sign_in, allowed):
    authenticator = configured(allow_existing_users=allowed)
    authenticator.add_user(SimpleNamespace(name=ADA))
    if allowed:
        assert await sign_in(authenticator)
        return
    with pytest.raises(NotAllowedError):
        await sign_in(authenticator)


@pytest.mark.parametrize(
    ("settings", "admin"),
    [
        ({"admin_users": {ADA}}, True),
        ({"admin_groups": {"staff"}}, True),
        ({"admin_groups": {"other"}}, False),
        ({}, None),
        ({"admin_groups": {"staff"}, "group_rules": [{"prefix": "st"}, {"exact": "staff"}]}, True),
        ({"admin_groups": {"aff"}, "group_rules": [{"prefix": "st"}]}, False),
    ],
    ids=str,
)
async def test_administrators_are_made_by_name_and_by_group(configured, sign_in, settings, admin):
    assert (await sign_in(configured(allow_all=True, **settings)))["admin"] is admin


async def test_groups_are_the_id_tokens_unless_they_are_the_hubs_own(configured, sign_in):
    model = await sign_in(configured(allow_all=True))
    assert model["groups"] == ["staff", "vision"]
    assert "groups" not in await sign_in(configured(allow_all=True, manage_groups=False))


async def test_another_claim_gives_groups_and_a_groups_key_does_nothing(
    configured, issuer, sign_in
):
    issuer.claims["teams"] = ["audio"]
    settings = {"allow_all": True, "groups_claim": "teams", "auth_state_groups_key": "scope"}
    assert (await sign_in(configured(**settings)))["groups"] == ["audio"]


async def test_another_claim_gives_the_name(configured, issuer, sign_in):
    issuer.claims["preferred_username"] = "Ada"
    settings = {"allow_all": True, "username_claim": "preferred_username"}
    assert (await sign_in(configured(**settings)))["name"] == "ada"


async def test_names_are_mapped_and_refused_by_a_pattern(configured, sign_in):
    settings = {"allow_all": True, "username_map": {ADA: "ada"}}
    assert (await sign_in(configured(**settings)))["name"] == "ada"
    settings = {"allow_all": True, "username_pattern": r".*@elsewhere\.example"}
    assert await sign_in(configured(**settings)) is None


async def test_somebody_whose_name_is_mapped_stays_signed_in(configured, ada):
    ada.name = "ada"
    authenticator = configured(allow_all=True, username_map={ADA: "ada"})
    assert (await authenticator.refresh_user(ada))["name"] == "ada"


async def test_hooks_at_the_sign_in_change_what_is_known(configured, sign_in):
    async def modify(_authenticator, auth_state):
        return {**auth_state, "noted": True}

    async def after(_authenticator, _handler, model):
        return {**model, "groups": [*model["groups"], "by-hook"]}

    settings = {"modify_auth_state_hook": modify, "post_auth_hook": after}
    model = await sign_in(configured(allow_all=True, **settings))
    assert model["auth_state"]["noted"]
    assert "by-hook" in model["groups"]


@pytest.mark.parametrize("decided", [True, False, None])
async def test_a_hook_at_the_refresh_decides_unless_it_answers_none(
    configured, issuer, ada, decided
):
    settings = {"allow_all": True, "refresh_user_hook": lambda *_: decided}
    answer = await configured(**settings).refresh_user(ada)
    if decided is None:
        assert answer["name"] == ADA
    else:
        assert answer is decided
        assert issuer.asked == []


async def test_without_auth_state_nobody_is_asked_about(configured, issuer):
    authenticator = configured(allow_all=True, enable_auth_state=False)
    assert await authenticator.refresh_user(Person(None)) is True
    assert issuer.asked == []


async def test_addresses_of_the_provider_are_the_issuers(configured, issuer, sign_in):
    names = ("authorize_url", "token_url", "userdata_url")
    settings = dict.fromkeys(names, "https://elsewhere.example")
    assert await sign_in(configured(allow_all=True, **settings))
    assert set(issuer.asked) == {"/.well-known/openid-configuration", "/token", "/keys"}


@pytest.mark.parametrize("basic", [True, False])
async def test_the_hub_names_itself_in_the_form_or_by_basic_auth(
    configured, issuer, sign_in, basic
):
    authenticator = configured(allow_all=True, basic_auth=basic)
    headers = authenticator.build_token_info_request_headers()
    await sign_in(authenticator)
    assert ("client_secret" in issuer.forms[0]) is not basic
    assert ("Authorization" in headers) is basic


async def test_the_code_goes_with_its_verifier_whatever_is_set(configured, issuer, sign_in):
    settings = {"enable_pkce": False, "token_params": {"resource": "x"}}
    await sign_in(configured(allow_all=True, **settings))
    assert issuer.forms[0]["code_verifier"]
    assert "resource" not in issuer.forms[0]


def test_every_call_has_the_options_for_requests():
    settings = {"http_request_kwargs": {"ca_certs": "/lab.pem"}, "validate_server_cert": False}
    http = DexOAuthenticator(**settings)._http
    assert isinstance(http, HTTPClient)
    assert http.options == {"validate_cert": False, "ca_certs": "/lab.pem"}


def test_the_hubs_own_variables_hold(monkeypatch):
    monkeypatch.setenv("OAUTH_CLIENT_ID", "of-the-environment")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "hush")
    monkeypatch.setenv("OAUTH_TLS_VERIFY", "0")
    authenticator = DexOAuthenticator()
    assert (authenticator.client_id, authenticator.client_secret) == ("of-the-environment", "hush")
    assert not authenticator.validate_server_cert


async def test_a_scope_lets_in_where_the_provider_says_that_it_granted_it(
    configured, issuer, sign_in
):
    authenticator = configured(scope=["openid", "lab"], allowed_scopes=["lab"])
    with pytest.raises(NotAllowedError):
        await sign_in(authenticator)
    answer = issuer.post_form

    async def say_so(*arguments):
        answered = await answer(*arguments)
        return type(answered)(200, {**answered.body, "scope": "openid lab"})

    issuer.post_form = say_so
    assert await sign_in(authenticator)


async def test_auth_state_has_what_hooks_of_a_spawner_look_at(configured, sign_in):
    auth_state = (await sign_in(configured(allow_all=True)))["auth_state"]
    assert set(auth_state) == {
        "access_token", "refresh_token", "id_token", "scope", "oauth_user", "verified_at",
    }  # fmt: skip
    assert auth_state["oauth_user"]["sub"] == "ada-1"
    assert auth_state["verified_at"] <= time.time()


def test_the_defaults_that_differ_are_those_that_are_told():
    authenticator = DexOAuthenticator()
    assert authenticator.auth_refresh_age == 120
    assert authenticator.username_claim == "email"
    assert authenticator.refresh_pre_spawn
    assert authenticator.auth_refresh_strict
    assert authenticator.manage_groups
    assert authenticator.enable_auth_state
