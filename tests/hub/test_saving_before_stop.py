"""A session that is stopped by way of the hub keeps its address until its pages have saved."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

ADA = "ada@example.org"
_PATIENT = """
from gpucommons_sessions import client
client._call.__kwdefaults__["seconds"] = 60
"""
"""More time to save than usual, in which a page can be followed on a busy machine too."""


@pytest.fixture
def start(hub_folder, issuer):
    """Sign Ada in at a hub with such sessions, and start hers."""
    hubs = []

    def begin(session: str) -> Hub:
        hub = Hub(hub_folder, session)
        hubs.append(hub)
        hub.configure(issuer.issuer, _PATIENT)
        hub.start()
        issuer.claims = {"sub": ADA, "email": ADA, "groups": ["vision"]}
        with Browser(hub.url) as browser:
            browser.follow("/hub/oauth_login?next=/hub/home")
        assert hub.api("POST", f"users/{ADA}/server").status_code in {201, 202}
        until(lambda: hub.server(ADA).get("ready"))
        return hub

    yield begin
    for hub in hubs:
        hub.api("DELETE", f"users/{ADA}/server")
        hub.stop()


def test_pages_reach_the_session_until_they_have_saved(start, hub_folder):
    home = hub_folder / "homes" / ADA
    hub = start("asking_session.py")
    (home / "page-saves").touch()
    with ThreadPoolExecutor() as others:
        stopped = others.submit(hub.api, "DELETE", f"users/{ADA}/server")
        until((home / "farewell-begun").exists)
        with Browser(hub.url) as browser:
            browser.follow("/hub/oauth_login?next=/hub/home")
            assert browser.follow(f"/user/{ADA}/").text == f"hello {ADA}"
        assert not stopped.done()
        (home / "page-saves").unlink()
        assert stopped.result().status_code == 204
    assert not hub.server(ADA)


def test_a_session_that_cannot_be_asked_is_stopped_all_the_same(start, hub_folder):
    hub = start("tiny_session.py")
    assert hub.api("DELETE", f"users/{ADA}/server").status_code == 204
    assert "were not asked to save" in (hub_folder / "hub.log").read_text()
    assert not hub.server(ADA)
