"""What many sessions are told at once, by who may stop any of them."""

import json

import pytest
from gpucommons_contract import Endpoint, Notice

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

ADA, BEN = "ada@example.org", "ben@example.org"
PATH = Endpoint.HUB_NOTICES.removeprefix("api/")
NOTICE = json.loads(Notice("platform", "Maintenance begins soon.", ends_at=2e9).to_json())


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    hub = Hub(hub_folder, "asking_session.py")
    hub.configure(issuer.issuer, 'c.DexOAuthenticator.allowed_groups = {"vision"}')
    hub.start()
    for name in (ADA, BEN):
        issuer.claims = {"sub": name, "email": name, "groups": ["vision"]}
        with Browser(hub.url) as browser:
            browser.follow("/hub/oauth_login?next=/hub/home")
        assert hub.api("POST", f"users/{name}/server").status_code in {201, 202}
        until(lambda name=name: hub.server(name).get("ready"))
    yield hub
    for name in (ADA, BEN):
        hub.api("DELETE", f"users/{name}/server")
    hub.stop()


@pytest.fixture
def notices(hub_folder):
    """What somebody's session was told; empty for everybody before the test."""
    files = {name: hub_folder / "homes" / name / "notices.json" for name in (ADA, BEN)}
    for file in files.values():
        file.unlink(missing_ok=True)
    return lambda name: json.loads(files[name].read_text()) if files[name].exists() else []


def test_every_session_is_told_and_the_notice_taken_back(hub, notices):
    answer = hub.api("POST", PATH, json={"notice": NOTICE})
    assert answer.json() == {"told": [f"{ADA}/", f"{BEN}/"], "missed": []}
    assert notices(ADA) == notices(BEN) == [NOTICE]
    answer = hub.api("DELETE", f"{PATH}?id=platform")
    assert answer.json() == {"told": [f"{ADA}/", f"{BEN}/"], "missed": []}
    assert notices(ADA) == notices(BEN) == []


def test_only_the_sessions_of_those_who_are_named_are_told(hub, notices):
    answer = hub.api("POST", PATH, json={"notice": NOTICE, "users": [BEN, "nobody@example.org"]})
    assert answer.json() == {"told": [f"{BEN}/"], "missed": []}
    assert (notices(ADA), notices(BEN)) == ([], [NOTICE])


def test_who_may_not_stop_sessions_tells_nobody(hub, notices):
    token = hub.token_of(ADA)
    assert hub.api("POST", PATH, token, {"notice": NOTICE}).status_code == 403
    assert hub.api("DELETE", f"{PATH}?id=platform", token).status_code == 403
    assert notices(BEN) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "The body must be an object"),
        ({}, "notice must be an object with: id, text, level, ends_at"),
        ({"notice": {**NOTICE, "html": "x"}}, "notice must be an object with"),
        ({"notice": {**NOTICE, "choices": []}}, "notice must be an object with"),
        ({"notice": {**NOTICE, "text": " "}}, "notice: 'text' must be a text of 1 to 1,000"),
        ({"notice": {**NOTICE, "text": "x" * 1001}}, "notice: 'text' must be a text of 1 to 1,000"),
        ({"notice": {**NOTICE, "level": "loud"}}, "notice: 'level' must be one of: info, warning"),
        ({"notice": {**NOTICE, "ends_at": "18:00"}}, "notice: 'ends_at' must be a number"),
        ({"notice": NOTICE, "users": ADA}, "users must be a list of names"),
    ],
)
def test_what_is_no_notice_is_explained(hub, notices, body, words):
    answer = hub.api("POST", PATH, json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(words)
    assert notices(ADA) == []


def test_taking_back_asks_which(hub):
    assert hub.api("DELETE", PATH).json()["message"].startswith("Say which notice")
