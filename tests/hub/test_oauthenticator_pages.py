"""The pages of signing in and out, set as an operator knows it from OAuthenticator.

The rest of docs/reference/oauthenticator.md is in
tests/unit/authenticator/test_oauthenticator_behaviour.py.
"""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

ADA = "ada@example.org"
_SETTINGS = """
import json
from pathlib import Path

c.OAuthenticator.login_service = "the lab"
c.OAuthenticator.extra_authorize_params = {"prompt": "login", "state": "fixed", "acr_values": "2"}
c.OAuthenticator.scope = ["openid", "email", "groups", "offline_access", "lab"]
c.OAuthenticator.logout_redirect_url = "/hub/health"
c.OAuthenticator.custom_403_message = "Write to lab@example.org."
c.Spawner.auth_state_hook = lambda _, state: Path("state.json").write_text(json.dumps(state))
"""


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    hub = Hub(hub_folder)
    hub.configure(issuer.issuer, _SETTINGS)
    hub.start()
    yield hub
    hub.stop()


def test_the_button_names_the_login_service(browser):
    assert "Sign in with the lab" in browser.get("/hub/login").text


def test_extra_parameters_go_to_the_provider_and_what_ties_the_answer_stays_ours(browser):
    asked = parse_qs(urlsplit(browser.get("/hub/oauth_login").headers["location"]).query)
    assert (asked["prompt"], asked["acr_values"]) == (["login"], ["2"])
    assert asked["scope"] == ["openid email groups offline_access lab"]
    assert asked["state"] != ["fixed"]
    assert asked["code_challenge_method"] == ["S256"]


def test_pages_are_where_they_were_and_next_says_where_to_go(hub, browser):
    page = browser.follow("/hub/oauth_login?next=/hub/token")
    assert page.url.path == "/hub/token"
    assert page.history[-1].request.url.path == "/hub/oauth_callback"


def test_signing_out_leads_where_it_is_set(browser):
    browser.follow("/hub/oauth_login?next=/hub/home")
    assert browser.get("/hub/logout").headers["location"] == "/hub/health"
    assert browser.get("/hub/home").status_code == 302


def test_who_is_refused_reads_the_operators_words(issuer, browser):
    issuer.claims["groups"] = ["visitors"]
    page = browser.follow("/hub/oauth_login")
    del issuer.claims["groups"]
    assert page.status_code == 403
    assert "Write to lab@example.org." in page.text


def test_a_hook_of_the_spawner_gets_the_auth_state(hub, hub_folder):
    with Browser(hub.url) as browser:
        browser.follow("/hub/oauth_login?next=/hub/home")
    assert hub.api("POST", f"users/{ADA}/server").status_code in {201, 202}
    until(lambda: hub.server(ADA).get("ready"))
    state = json.loads((hub_folder / "state.json").read_text())
    assert state["oauth_user"]["email"] == ADA
    assert state["access_token"]
    hub.api("DELETE", f"users/{ADA}/server")
