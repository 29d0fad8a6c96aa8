"""Dex at another address: the same people, administrators among them, go on as themselves."""

import pytest

from .browser import Browser
from .dex import Dex
from .test_login import username

ADMINISTRATOR = "grace@example.org"


@pytest.fixture
def elsewhere(stopped_hub, tmp_path):
    """The same Dex, at another address."""
    dex = Dex(tmp_path, stopped_hub.url)
    dex.start()
    yield dex
    dex.stop()


def test_everybody_is_known_at_the_new_address(hub, browser, elsewhere):
    browser.sign_in(ADMINISTRATOR)
    assert hub.api("GET", f"users/{ADMINISTRATOR}").json()["admin"]
    hub.stop()
    hub.configure(elsewhere.issuer)
    hub.start()
    with Browser(hub.url) as again:
        page = again.sign_in(ADMINISTRATOR, "/hub/admin")
        assert (page.status_code, page.url.path) == (200, "/hub/admin")
        assert username(again) == ADMINISTRATOR
        assert "has moved" in hub.text()
