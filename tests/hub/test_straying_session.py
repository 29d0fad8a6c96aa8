"""What a session answers is up to its person: the hub follows no redirect and reads no flood."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from gpucommons_contract import Endpoint, Notice

from tests.waiting import until

from .browser import Browser
from .login_hub import Hub

ADA = "ada@example.org"
PATH = Endpoint.HUB_NOTICES.removeprefix("api/")
NOTICE = json.loads(Notice("platform", "Maintenance begins soon.", ends_at=2e9).to_json())


@pytest.fixture(scope="module")
def hub(hub_folder, issuer):
    hub = Hub(hub_folder, "straying_session.py")
    hub.configure(issuer.issuer)
    hub.start()
    issuer.claims = {"sub": ADA, "email": ADA, "groups": ["vision"]}
    with Browser(hub.url) as browser:
        browser.follow("/hub/oauth_login?next=/hub/home")
    yield hub
    hub.stop()


@pytest.fixture
def astray(hub, hub_folder):
    """Have Ada's session answer so."""
    hub.api("POST", f"users/{ADA}/server")
    until(lambda: hub.server(ADA).get("ready"))
    yield (hub_folder / "homes" / ADA / "astray").write_text
    hub.api("DELETE", f"users/{ADA}/server")


@pytest.fixture
def inside():
    """A server inside the cluster, and the requests that it got."""
    asked = []

    class Inside(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer()

        def do_POST(self):
            self._answer()

        def do_DELETE(self):
            self._answer()

        def _answer(self):
            asked.append(f"{self.command} {self.path}")
            self.send_response(204)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Inside)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/delete-everything", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_session_leads_the_hub_nowhere(hub, astray, inside):
    address, asked = inside
    astray(f"redirect {address}")
    told = hub.api("POST", PATH, json={"notice": NOTICE}).json()
    assert told == {"told": [], "missed": [f"{ADA}/"]}
    assert hub.api("DELETE", f"{PATH}?id=platform").json()["missed"] == [f"{ADA}/"]
    assert hub.api("DELETE", f"users/{ADA}/server").status_code in {202, 204}
    until(lambda: not hub.server(ADA))
    assert "were not asked to save" in hub.text()
    assert asked == []


def test_a_session_that_answers_without_end_is_not_read(hub, hub_folder, astray):
    astray("flood")
    told = hub.api("POST", PATH, json={"notice": NOTICE}).json()
    assert told == {"told": [f"{ADA}/"], "missed": []}
    assert not (hub_folder / "homes" / ADA / "all-was-read").exists()
