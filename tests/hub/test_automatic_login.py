"""One way in, taken without a question."""

import pytest

from .login_hub import Hub

_SETTINGS = """
c.DexOAuthenticator.auto_login = True
c.DexOAuthenticator.connectors = [{"id": "university", "label": "University account"}]
"""


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    hub = Hub(hub_folder)
    hub.configure(issuer.issuer, _SETTINGS)
    hub.start()
    yield hub
    hub.stop()


def test_a_page_that_wants_a_login_leads_through_the_only_connector_and_back(issuer, browser):
    page = browser.follow("/hub/token")
    assert page.status_code == 200
    assert page.url.path == "/hub/token"
    assert issuer.connectors[-1] == "university"


def test_who_signs_out_stays_out_until_they_sign_in(browser):
    browser.follow("/hub/home")
    page = browser.follow("/hub/logout")
    assert "You are signed out" in page.text
    assert "Sign in again" in page.text


def test_who_is_refused_is_not_sent_round_in_circles(issuer, browser):
    issuer.claims["groups"] = ["visitors"]
    page = browser.follow("/hub/home")
    del issuer.claims["groups"]
    assert page.status_code == 403
    assert "Your account has no access yet" in page.text


def test_an_issuer_that_is_down_gives_a_page_and_no_loop(issuer, browser):
    issuer.endpoints = {"issuer": "https://elsewhere.example"}
    page = browser.follow("/hub/home")
    issuer.endpoints = {}
    assert page.status_code == 503
    assert "Sign-in is down at the moment" in page.text
