"""The hub while Dex goes wrong: who is signed in stays so, and who comes arrives in the end."""

from collections.abc import Iterator

import pytest

from tests.hub.browser import Browser
from tests.hub.dex import Dex
from tests.hub.login_hub import Hub
from tests.hub.processes import free_port

from .fault import OF_ANY_SERVER
from .proxy import FaultsProxy

ADA, GRACE = "ada@example.org", "grace@example.org"
_EXPIRY = {"refreshTokens": {"disableRotation": True, "reuseInterval": "0s"}}
"""As the local platform has it; and Dex asks the connector each time that it is asked."""


@pytest.fixture(scope="module")
def started_proxy(thread) -> Iterator[FaultsProxy]:
    port = free_port()
    proxy = FaultsProxy("Dex", f"http://127.0.0.1:{port}", thread)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def stopped_hub(tmp_path_factory) -> Hub:
    return Hub(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def dex(tmp_path_factory, stopped_hub, started_proxy) -> Iterator[Dex]:
    """Dex, which everybody reaches by the proxy alone."""
    port = int(started_proxy.upstream.rpartition(":")[2])
    folder, issuer = tmp_path_factory.mktemp("dex"), f"{started_proxy.url}/dex"
    dex = Dex(folder, stopped_hub.url, port=port, issuer=issuer, expiry=_EXPIRY)
    dex.start()
    yield dex
    dex.stop()


@pytest.fixture(scope="module")
def hub(stopped_hub, dex) -> Iterator[Hub]:
    """A hub that asks Dex at every request."""
    stopped_hub.configure(dex.issuer)
    stopped_hub.start()
    yield stopped_hub
    stopped_hub.stop()


@pytest.mark.parametrize("fault", OF_ANY_SERVER)
def test_who_is_signed_in_stays_so_and_who_comes_can_come_afterwards(hub, proxy, fault):
    with Browser(hub.url) as browser, Browser(hub.url) as newcomer:
        assert browser.sign_in(ADA).url.path == "/hub/home"
        token = hub.token_of(ADA)
        proxy.play(fault)
        assert browser.get("/hub/home").status_code == 200
        assert hub.api("GET", "user", token).json()["name"] == ADA
        assert newcomer.get("/hub/oauth_login").status_code in {302, 503}
        proxy.heal()
        assert browser.get("/hub/home").status_code == 200
        assert hub.api("GET", "user", token).json()["name"] == ADA
        assert newcomer.sign_in(GRACE).url.path == "/hub/home"
