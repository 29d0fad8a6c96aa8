"""Dex stopped, and back again: a page that says so, and work that goes on."""

import socket
import time

import httpx
import pytest
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.provider.refresh_once import REMEMBER_S

from .browser import Browser
from .processes import START_LIMIT_S

ADA = "ada@example.org"
TIMEOUT_S = DexOAuthenticator.provider_timeout.default_value


@pytest.fixture(scope="module")
def outage(dex, hub):
    """Ada's token and her running session, then Dex stops. Gives the token and a half-way login."""
    with Browser(hub.url) as browser, Browser(hub.url) as half_way:
        browser.sign_in(ADA)
        token = hub.token_of(ADA)
        assert hub.api("POST", f"users/{ADA}/server").status_code in {201, 202}
        _wait_for_session(hub)
        callback = half_way.come_back(half_way.fill_in(half_way.open_dex(), "grace@example.org"))
        dex.stop()
        yield browser, token, half_way, callback


def _wait_for_session(hub):
    """The progress stream of the spawn ends when the session is ready."""
    deadline = time.monotonic() + START_LIMIT_S
    while not hub.server(ADA)["ready"]:
        assert time.monotonic() < deadline
        hub.api("GET", f"users/{ADA}/server/progress")


def test_the_next_person_reads_that_sign_in_is_down(hub, outage):
    with Browser(hub.url) as newcomer:
        page = newcomer.get("/hub/oauth_login")
        _assert_down_page(page)


def test_a_login_caught_half_way_reads_so_too(outage):
    *_, half_way, callback = outage
    _assert_down_page(half_way.get(callback))


def _assert_down_page(page):
    assert page.status_code == 503
    assert "Sign-in is down at the moment" in page.text
    assert "Running sessions continue" in page.text
    assert 'href="/hub/login' in page.text
    assert int(page.headers["retry-after"]) > 0


def test_who_is_signed_in_stays_so(hub, outage):
    browser, token, *_ = outage
    assert browser.get("/hub/oauth_login?next=/hub/token").headers["location"] == "/hub/token"
    assert browser.get("/hub/home").status_code == 200
    assert hub.api("GET", "user", token).json()["name"] == ADA
    assert "stays signed in meanwhile" in hub.text()


def test_a_running_session_goes_on_and_reports_activity(hub, outage):
    browser, token, *_ = outage
    assert browser.get(f"/user/{ADA}/").text == "still running"
    activity = {"Authorization": f"token {token}"}
    body = {"last_activity": "2026-01-01T00:00:00Z"}
    answer = browser.post(f"/hub/api/users/{ADA}/activity", headers=activity, json=body)
    assert answer.status_code == 200


def test_a_new_session_can_start(hub, outage):
    _, token, *_ = outage
    assert hub.api("DELETE", f"users/{ADA}/server", token).status_code in {202, 204}
    answer = hub.api("POST", f"users/{ADA}/server", token)
    assert answer.status_code in {201, 202}, answer.text


def test_a_dex_that_hangs_holds_nobody_up_for_long(dex, hub, outage):
    _, token, *_ = outage
    port = httpx.URL(dex.issuer).port
    with socket.create_server(("127.0.0.1", port)), Browser(hub.url) as newcomer:
        began = time.monotonic()
        _assert_down_page(newcomer.get("/hub/oauth_login"))
        assert hub.api("GET", "user", token).status_code == 200
        assert time.monotonic() - began < 2 * (TIMEOUT_S + 5)


def test_when_dex_is_back_people_sign_in_without_a_restart_of_the_hub(dex, hub, outage):
    """This Dex keeps nothing: it comes back with other keys and knows no refresh token."""
    _, token, *_ = outage
    dex.start()
    # A no from Dex, unlike its silence, takes effect as soon as it is heard.
    deadline = time.monotonic() + 5 * REMEMBER_S + START_LIMIT_S
    while hub.api("GET", "user", token).status_code != 403:
        assert time.monotonic() < deadline
    with Browser(hub.url) as browser:
        page = browser.sign_in(ADA)
    assert page.url.path == "/hub/home"
    assert hub.api("GET", "user", token).json()["name"] == ADA
