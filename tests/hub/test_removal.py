"""Somebody who may not be here any more: out at once, told in the session, stopped after a grace.

The issuer is the tests' own, so that what it says of people can change at any moment.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

ADA = "ada@example.org"
GRACE_S = 15
_SETTINGS = f"""
c.DexOAuthenticator.removal_grace = {GRACE_S}
c.JupyterHub.cleanup_servers = False
c.DexOAuthenticator.allowed_groups = {{"vision"}}
"""


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    hub = Hub(hub_folder, "asking_session.py")
    hub.configure(issuer.issuer, _SETTINGS)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def ada(hub, issuer):
    """Ada in her session; afterwards nothing of her is left."""
    issuer.claims = {"sub": "ada", "email": ADA, "groups": ["vision"]}
    with Browser(hub.url) as browser:
        browser.follow("/hub/oauth_login?next=/hub/home")
        assert hub.api("POST", f"users/{ADA}/server").status_code in {201, 202}
        until(lambda: _ready(hub))
        assert browser.follow(f"/user/{ADA}/").text == f"hello {ADA}"
        yield browser
    # Refused while a session is still stopping.
    until(lambda: hub.api("DELETE", f"users/{ADA}").status_code in {204, 404})


def _ready(hub) -> bool:
    return bool(hub.server(ADA).get("ready"))


def _notices(hub_folder):
    file = hub_folder / "homes" / ADA / "notices.json"
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def test_who_left_the_last_group_is_out_is_told_and_stopped(hub, hub_folder, issuer, ada):
    token = hub.token_of(ADA)
    issuer.claims["groups"] = ["alumni"]
    began = time.time()

    assert hub.api("GET", "user", token).status_code == 403
    assert ada.get("/hub/home").headers["location"].startswith("/hub/login")
    assert "Sign in with" in ada.get("/hub/login").text
    assert "Traceback" not in hub.text()
    assert hub.api("POST", f"users/{ADA}/servers/more", token).status_code == 403

    (notice,) = until(lambda: _notices(hub_folder))
    assert "this session stops" in notice["text"]
    assert began + GRACE_S <= notice["ends_at"] <= time.time() + GRACE_S
    until(lambda: not _ready(hub))
    assert time.time() >= notice["ends_at"]


def test_until_then_the_session_can_be_used_to_finish_and_nothing_else(
    hub, hub_folder, issuer, ada
):
    issuer.claims["groups"] = ["alumni"]
    assert ada.get("/hub/home").status_code == 302
    assert ada.get(f"/user/{ADA}/").text == f"hello {ADA}"
    # That the session was told who is there lets nobody in elsewhere.
    assert ada.get("/hub/home").status_code == 302
    with Browser(hub.url) as another:
        another.follow("/hub/oauth_login?next=/hub/home")
        assert "hello" not in another.follow(f"/user/{ADA}/").text


def test_who_is_back_in_time_goes_on_and_the_notice_is_gone(hub, hub_folder, issuer, ada):
    issuer.claims["groups"] = ["alumni"]
    assert ada.get("/hub/home").status_code == 302
    until(lambda: _notices(hub_folder))
    issuer.claims["groups"] = ["vision"]
    assert ada.follow("/hub/oauth_login?next=/hub/home").url.path == "/hub/home"
    until(lambda: _notices(hub_folder) == [])
    time.sleep(GRACE_S + 1)  # nothing happens: there is no event to wait for
    assert _ready(hub)


def test_who_may_stay_when_the_time_has_come_is_not_stopped(hub, hub_folder, issuer, ada):
    issuer.claims["groups"] = ["alumni"]
    assert ada.get("/hub/home").status_code == 302
    until(lambda: _notices(hub_folder))
    issuer.claims["groups"] = ["vision"]
    until(lambda: _notices(hub_folder) == [])
    assert _ready(hub)
    assert ada.get("/hub/home").status_code == 200


def test_a_hub_that_is_restarted_in_the_grace_stops_the_session_all_the_same(
    hub, hub_folder, issuer, ada
):
    issuer.claims["groups"] = ["alumni"]
    assert ada.get("/hub/home").status_code == 302
    until(lambda: _notices(hub_folder))
    hub.stop()
    hub.start()
    assert "is still about to leave" in until(lambda: "about to leave" in hub.text() and hub.text())
    until(lambda: not _ready(hub))


def test_an_administrator_can_have_somebody_asked_about_at_once(hub, issuer, ada):
    path = f"gpucommons/users/{ADA}/recheck"
    assert hub.api("POST", path).json() == {
        "allowed": True, "reason": "", "sessions": [], "stops_at": None,
    }  # fmt: skip
    issuer.claims["groups"] = ["alumni"]
    answer = hub.api("POST", path, json={"grace_seconds": 0}).json()
    assert answer["allowed"] is False
    assert "no group that may sign in" in answer["reason"]
    assert answer["sessions"] == [""]
    until(lambda: not _ready(hub))


def test_asked_again_the_end_may_come_sooner_and_not_later(hub, issuer, ada):
    issuer.claims["groups"] = ["alumni"]

    def stops_at(grace: float) -> float:
        path = f"gpucommons/users/{ADA}/recheck"
        answer = hub.api("POST", path, json={"grace_seconds": grace}).json()
        return float(answer["stops_at"])

    began = time.time()
    first = stops_at(600)
    assert began + 590 < first <= time.time() + 600
    assert stops_at(3600) <= first
    assert stops_at(300) <= time.time() + 300


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "object"),
        ({"grace_seconds": "1"}, "number"),
        ({"grace_seconds": 86401}, "0 to 86400"),
        ({"unclear_is_no": 1}, "true or false"),
    ],
    ids=str,
)
def test_a_bad_question_is_refused_and_nobody_has_to_go(hub, ada, body, said):
    answer = hub.api("POST", f"gpucommons/users/{ADA}/recheck", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    assert _ready(hub)


def test_only_who_may_delete_people_may_have_them_asked_about(hub, ada):
    path = f"gpucommons/users/{ADA}/recheck"
    assert hub.api("POST", path, hub.token_of(ADA)).status_code == 403
    assert hub.api("POST", "gpucommons/users/nobody@example.org/recheck").status_code == 404


def test_a_name_belongs_to_the_account_that_came_first(hub, issuer, ada):
    issuer.claims["sub"] = "another ada"
    with Browser(hub.url) as other:
        page = other.follow("/hub/oauth_login?next=/hub/home")
        assert page.status_code == 403
        assert "This name belongs to another account" in page.text
        assert other.get("/hub/home").status_code == 302
    issuer.claims["sub"] = "ada"
    assert ada.get("/hub/home").status_code == 200


def test_of_two_newcomers_with_one_name_one_is_the_first(hub, issuer):
    issuer.claims = {"email": "new@example.org"}
    # The first may be asked about again before the last has signed in: one account per login.
    issuer.forge = lambda claims: issuer.sign(claims | {"sub": claims["sid"]})
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        browsers = [stack.enter_context(Browser(hub.url)) for _ in range(8)]
        pages = list(
            pool.map(lambda each: each.follow("/hub/oauth_login?next=/hub/token"), browsers)
        )
        statuses = sorted(page.status_code for page in pages)
    issuer.forge = issuer.sign
    hub.api("DELETE", "users/new@example.org")
    assert statuses == [200, *[403] * 7]
