"""What the hub knows of somebody is good for a while, and asked for once when it is not."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

_REFRESH_AGE_S = 5
_REQUESTS = 50
ADA = "ada@example.org"


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    hub = Hub(hub_folder, "asking_session.py")
    hub.configure(issuer.issuer, f"c.DexOAuthenticator.auth_refresh_age = {_REFRESH_AGE_S}")
    hub.start()
    yield hub
    hub.stop()


def test_fifty_requests_at_once_ask_the_issuer_once(hub, issuer):
    with Browser(hub.url) as browser:
        assert browser.follow("/hub/oauth_login?next=/hub/home").url.path == "/hub/home"
    token = hub.token_of(ADA)
    time.sleep(_REFRESH_AGE_S)  # until what the hub knows is old; nothing announces that
    before, begin = issuer.refreshes, time.monotonic()
    with ThreadPoolExecutor(_REQUESTS) as pool:
        answers = list(pool.map(lambda _: hub.api("GET", "user", token), range(_REQUESTS)))
    ages = int((time.monotonic() - begin) / _REFRESH_AGE_S)  # none, but on a machine that is busy
    assert [answer.status_code for answer in answers] == [200] * _REQUESTS
    assert before < issuer.refreshes <= before + 1 + ages


def test_a_session_of_somebody_about_to_leave_renews_nothing_that_the_hub_knows(hub, issuer):
    """Its question is answered, and does not count as having asked the issuer."""
    with Browser(hub.url) as ada:
        ada.follow("/hub/oauth_login?next=/hub/home")
        hub.api("POST", f"users/{ADA}/server")
        until(lambda: hub.server(ADA).get("ready"), instead=hub.tail)
        assert ada.follow(f"/user/{ADA}/").text == f"hello {ADA}"
        issuer.claims["groups"] = ["alumni"]
        question = {"grace_seconds": 600}
        assert not hub.api("POST", f"gpucommons/users/{ADA}/recheck", json=question).json()[
            "allowed"
        ]
        assert ada.follow(f"/user/{ADA}/").text == f"hello {ADA}"
        assert ada.get("/hub/home").status_code == 302
    hub.api("DELETE", f"users/{ADA}/server")
