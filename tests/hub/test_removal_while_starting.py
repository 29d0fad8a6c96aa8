"""Somebody who is removed while a session of theirs is still starting."""

import pytest

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

ADA = "ada@example.org"
_SETTINGS = """
c.Spawner.http_timeout = 3600
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
"""


@pytest.fixture
def hub(hub_folder, issuer):
    hub = Hub(hub_folder, "starting_session.py")
    hub.configure(issuer.issuer, _SETTINGS)
    hub.start()
    yield hub
    hub.stop()


def test_the_start_is_called_off_when_the_grace_is_over(hub, issuer):
    issuer.claims = {"sub": ADA, "email": ADA, "groups": ["vision"]}
    with Browser(hub.url) as browser:
        browser.follow("/hub/oauth_login?next=/hub/home")
    assert hub.api("POST", f"users/{ADA}/server").status_code == 202
    until(lambda: hub.server(ADA).get("pending") == "spawn")
    issuer.claims["groups"] = ["alumni"]
    path = f"gpucommons/users/{ADA}/recheck"
    assert hub.api("POST", path, json={"grace_seconds": 1}).json()["allowed"] is False
    until(lambda: not hub.server(ADA))
    assert "Interrupting" in hub.text()
