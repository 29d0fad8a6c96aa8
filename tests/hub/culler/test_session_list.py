"""The hub's list of what runs, and its tokens for single sessions."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from .culler_hub import IDLE_TOKEN

LIST, TOKENS = "gpucommons/sessions", "gpucommons/session-tokens"
CHOICE = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "gpu"}


@pytest.fixture
def listed(hub):
    def listed(**query):
        answer = hub.api("GET", LIST, IDLE_TOKEN, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return listed


def test_a_session_is_listed_with_what_was_picked(hub, listed):
    hub.start_server("ada", options={**CHOICE, "profile": "SciPy on a GPU", "other": 7})
    (session,) = listed()["sessions"]
    moments = [datetime.fromisoformat(session[key]) for key in ("started", "last_activity")]
    assert all(timedelta() < datetime.now(UTC) - each < timedelta(minutes=5) for each in moments)
    assert session["options"] == CHOICE
    assert session["gpus"] == "1"
    assert (session["user"], session["server"], session["url"]) == ("ada", "", "/lab/user/ada/")
    assert session["address"].startswith("http://127.0.0.1:")
    known = datetime.fromisoformat(hub.servers("ada")[""]["started"])
    assert datetime.fromisoformat(session["started"]) == known


def test_pages_follow_one_another_without_gap_or_repetition(hub, listed):
    names = ["ada", "ben", "cleo"]
    for name in names:
        hub.start_server(name)
    found, after = [], 0
    while after is not None:
        page = listed(after=after, limit=1)
        assert ("waiting" in page) == (after == 0)
        found += [each["user"] for each in page["sessions"]]
        after = page["next"]
    assert sorted(found) == names


def test_what_starts_or_stops_or_is_stopped_is_not_listed(hub, listed):
    for name in ("ada", "ben"):
        hub.start_server(name)
    hub.api("DELETE", "users/ben/server")
    for name in ("ada", "cleo"):
        (hub.home(name) / "hold").touch()
    hub.api("DELETE", "users/ada/server")
    hub.begin_server("cleo")
    assert hub.servers("ada")[""]["pending"] == "stop"
    assert hub.servers("cleo")[""]["pending"] == "spawn"
    assert listed() == {"sessions": [], "next": None, "waiting": {}}


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 501}, {"limit": "x"}, {"after": -1}, {"after": 2**63}]
)
def test_a_page_that_cannot_be_is_refused(hub, query):
    answer = hub.api("GET", LIST, IDLE_TOKEN, **query)
    assert answer.status_code == 400
    assert "must be a whole number" in answer.json()["message"]


@pytest.fixture
def token_of_boss(hub):
    """A token of an administrator with some scopes."""
    hub.api("POST", "users/boss")

    def token(*scopes):
        answer = hub.api("POST", "users/boss/tokens", json={"scopes": scopes})
        assert answer.status_code == 201, answer.text
        return answer.json()["token"]

    return token


@pytest.mark.parametrize("scopes", [["read:servers!user=boss"], ["list:users", "access:servers"]])
def test_who_may_not_read_all_servers_gets_no_list(hub, token_of_boss, scopes):
    answer = hub.api("GET", LIST, token_of_boss(*scopes))
    assert answer.status_code == 403
    assert "requires any of [read:servers]" in answer.json()["message"]


def test_looking_is_no_activity_of_the_one_who_looks(hub, token_of_boss):
    token, before = token_of_boss("read:servers"), hub.api("GET", "users/boss").json()
    assert hub.api("GET", LIST, token).status_code == 200
    assert hub.api("GET", "users/boss").json()["last_activity"] == before["last_activity"]


def test_a_token_for_a_session_opens_that_session_alone(hub):
    for name in ("ada", "ben"):
        hub.start_server(name)
        (hub.home(name) / "activity.json").write_text("{}")
    answer = hub.api("POST", TOKENS, IDLE_TOKEN, {"servers": [["ada", ""], ["ada", "second"]]})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["expires_in"] == 86400
    own, other_server = said["tokens"]

    def opens(name, token):
        url = f"{hub.url}/user/{name}/gpucommons/api/activity"
        headers = {"Authorization": f"token {token}"}
        return httpx.get(url, headers=headers, timeout=60).status_code == 200

    assert [opens("ada", own), opens("ben", own), opens("ada", other_server)] == [
        True,
        False,
        False,
    ]
    for method, path in (("GET", LIST), ("DELETE", "users/ada/server"), ("GET", "users")):
        assert hub.api(method, path, own).status_code in {403, 404}
    assert hub.api("POST", TOKENS, own, {"servers": [["ben", ""]]}).status_code == 403


def test_tokens_for_sessions_are_for_services_that_may_access_all(hub, token_of_boss):
    wish = {"servers": [["ada", ""]]}
    assert hub.api("POST", TOKENS, token_of_boss("access:servers"), wish).status_code == 403
    assert hub.api("POST", TOKENS, token_of_boss("read:servers"), wish).status_code == 403


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"servers": "ada"}, {"servers": [["ada"]]}, {"servers": [["ada", 1]]},
     {"servers": [["a/b", ""]]}, {"servers": [["", ""]]}, {"servers": [["ada", ""]] * 51}],
)  # fmt: skip
def test_what_names_no_servers_is_explained(hub, body):
    answer = hub.api("POST", TOKENS, IDLE_TOKEN, body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("servers must be a list of up to 50 pairs")
