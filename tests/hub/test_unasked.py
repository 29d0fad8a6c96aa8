"""People about whom the issuer cannot be asked: no refresh token of theirs, or never signed in."""

import pytest

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

ADA = "ada@example.org"
_SETTINGS = """
c.DexOAuthenticator.login_lifetime = {lifetime}
c.DexOAuthenticator.removal_grace = 0
c.JupyterHub.cleanup_servers = False
"""


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    """A hub whose issuer gives no refresh token, as Dex does for connectors such as saml."""
    issuer.renews = False
    hub = Hub(hub_folder)
    hub.configure(issuer.issuer, _SETTINGS.format(lifetime=3600))
    hub.start()
    yield hub
    hub.stop()


def _start(hub, name: str, token: str) -> None:
    assert hub.api("POST", f"users/{name}/server", token).status_code in {201, 202}
    until(lambda: hub.server(name).get("ready"))


def test_who_cannot_be_asked_about_again_starts_a_session_all_the_same(hub, browser):
    assert "This sign-in lasts" not in browser.get("/hub/login").text
    assert browser.follow("/hub/oauth_login?next=/hub/home").url.path == "/hub/home"
    assert "gave no refresh token of ada@example.org" in hub.text()
    _start(hub, ADA, hub.token_of(ADA))
    for _ in range(2):
        assert browser.get("/hub/home").status_code == 200
    with Browser(hub.url) as newcomer:
        assert "This sign-in lasts up to 1 h" in newcomer.get("/hub/login").text


def test_when_such_a_sign_in_is_over_the_session_goes_on(hub, issuer, browser):
    browser.follow("/hub/oauth_login?next=/hub/home")
    if not hub.server(ADA):
        _start(hub, ADA, hub.token_of(ADA))
    hub.stop()
    hub.configure(issuer.issuer, _SETTINGS.format(lifetime=0))
    hub.start()
    assert browser.get("/hub/home").status_code == 302
    assert hub.server(ADA)["ready"]
    assert "about to leave" not in hub.text()
    hub.api("DELETE", f"users/{ADA}/server")


def test_a_robot_that_an_administrator_entered_works_with_its_token(hub):
    assert hub.api("POST", "users/ci").status_code == 201
    token = hub.token_of("ci")
    assert hub.api("GET", "user", token).json()["name"] == "ci"
    _start(hub, "ci", token)
    assert hub.api("DELETE", "users/ci/server", token).status_code in {202, 204}


def test_a_robot_that_an_administrator_removes_is_out(hub):
    hub.api("POST", "users/cd")
    token = hub.token_of("cd")
    question = {"grace_seconds": 0, "unclear_is_no": True}
    answer = hub.api("POST", "gpucommons/users/cd/recheck", json=question).json()
    assert answer["allowed"] is False
    assert hub.api("GET", "user", token).status_code == 403
