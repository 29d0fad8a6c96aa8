"""People and groups of a real LDAP directory, through Dex."""

import json
import time

import httpx
import pytest

from .browser import Browser
from .directory import Directory
from .processes import START_LIMIT_S

_RULES = """
c.DexOAuthenticator.allowed_groups = set()
c.DexOAuthenticator.connectors = [
    {"id": "university", "label": "University"}, {"id": "local", "label": "Guest account"},
]
c.DexOAuthenticator.group_rules = [{"connector": "university", "prefix": "gpu-"}]
c.DexOAuthenticator.unclear_grace = 10
c.DexOAuthenticator.removal_grace = 2
"""


@pytest.fixture(scope="module")
def directory(hub_folder):
    directory = Directory(hub_folder)
    directory.start()
    directory.found()
    yield directory
    directory.stop()


@pytest.fixture(scope="module")
def hub(stopped_hub, dex, directory, hub_folder):
    """The hub, with a Dex that asks the directory each time."""
    config = hub_folder / "dex.json"
    changed = json.loads(config.read_text()) | {
        "connectors": [directory.connector()],
        "expiry": {"refreshTokens": {"reuseInterval": "0s"}},
    }
    dex.stop()
    config.write_text(json.dumps(changed))
    dex.start()
    stopped_hub.configure(dex.issuer, _RULES)
    stopped_hub.start()
    yield stopped_hub
    stopped_hub.stop()


def _sign_in(hub, email: str) -> str:
    """Go through the login page's button; returns an API token of the person's own."""
    with Browser(hub.url) as browser:
        assert "Sign in with University" in browser.get("/hub/login").text
        form = browser.follow("/hub/oauth_login?connector=university&next=/hub/home")
        page = browser.follow(browser.come_back(browser.fill_in(form, email)))
        assert page.url.path == "/hub/home", page.text
    return hub.token_of(email)


def _until_refused(hub, token: str) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while hub.api("GET", "user", token).status_code != 403:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_groups_of_the_directory_become_teams(hub, directory):
    token = _sign_in(hub, directory.add("ada", "gpu-vision", "staff"))
    assert hub.api("GET", "user", token).json()["groups"] == ["vision"]
    directory.join("ada", "gpu-audio")
    assert sorted(hub.api("GET", "user", token).json()["groups"]) == ["audio", "vision"]


def test_somebody_taken_out_of_the_last_team_is_out_at_once(hub, directory):
    token = _sign_in(hub, directory.add("grace", "gpu-vision"))
    directory.leave("grace", "gpu-vision")
    assert hub.api("GET", "user", token).status_code == 403


def test_somebody_in_no_team_reads_so(hub, directory):
    email = directory.add("guest", "staff")
    with Browser(hub.url) as browser:
        form = browser.follow("/hub/oauth_login?connector=university")
        page = browser.follow(browser.come_back(browser.fill_in(form, email)))
    assert page.status_code == 403
    assert "Your account has no access yet" in page.text


def test_a_connector_that_is_not_offered_is_refused(hub):
    page = httpx.get(f"{hub.url}/hub/oauth_login?connector=mock", timeout=60)
    assert page.status_code == 404
    assert "University, Guest account" in page.text


def test_somebody_deleted_is_out_when_the_unclear_grace_is_over(hub, directory):
    token = _sign_in(hub, directory.add("leaver", "gpu-vision"))
    directory.remove("leaver")
    assert hub.api("GET", "user", token).status_code == 200
    _until_refused(hub, token)


def test_a_session_of_somebody_deleted_stops_once_the_directory_knows_others(hub, directory):
    leaver = directory.add("goer", "gpu-vision")
    token, other = _sign_in(hub, leaver), _sign_in(hub, directory.add("stayer", "gpu-vision"))
    hub.api("POST", f"users/{leaver}/server")
    assert hub.api("GET", "user", other).status_code == 200
    directory.remove("goer")
    assert hub.api("GET", "user", token).status_code == 200  # it may be an outage
    _until_refused(hub, token)
    assert _sessions(hub, leaver)  # it may still be one: nobody else was asked about
    deadline = time.monotonic() + 2 * START_LIMIT_S
    while _sessions(hub, leaver):
        assert hub.api("GET", "user", other).status_code == 200
        assert hub.api("GET", "user", token).status_code == 403
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_session_goes_on_while_the_directory_answers_now_and_then(hub, directory):
    """It is away whenever one person is looked at, and there for the other."""
    ada = directory.add("unlucky", "gpu-vision")
    token, other = _sign_in(hub, ada), _sign_in(hub, directory.add("lucky", "gpu-vision"))
    hub.api("POST", f"users/{ada}/server")
    for _ in range(2):
        assert hub.api("GET", "user", other).status_code == 200
        directory.stop()
        assert hub.api("GET", "user", token).status_code == 200
        directory.start()
        assert hub.api("GET", "user", other).status_code == 200
        assert hub.api("GET", "user", token).status_code == 200
    assert "about to leave" not in hub.text()
    assert _sessions(hub, ada)
    hub.api("DELETE", f"users/{ada}/server")


def _sessions(hub, email: str) -> list[str]:
    return list(hub.api("GET", f"users/{email}").json()["servers"])


def test_a_restart_of_the_directory_throws_nobody_out(hub, directory):
    token = _sign_in(hub, directory.add("lin", "gpu-vision"))
    directory.stop()
    assert hub.api("GET", "user", token).status_code == 200
    directory.start()
    assert hub.api("GET", "user", token).json()["groups"] == ["vision"]
