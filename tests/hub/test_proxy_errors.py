"""What people see of a hub that is being restarted, behind a real proxy."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import Thread

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract.brand import Appearance
from gpucommons_culler.web.away import away_page
from gpucommons_local.machine.cache import checkout
from playwright.sync_api import Page, expect

from tests.waiting import PAGE_PATIENCE_MS, until

from .lonely_proxy import lonely_proxy
from .pages import narrow_page
from .processes import free_port

TEN_MINUTES_S = 600
_PICTURES = checkout() / "build" / "pictures" / "proxy"


class _Hub(BaseHTTPRequestHandler):
    """A hub that is there again. Like JupyterHub's, its pages know no HEAD."""

    def do_GET(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>There again</title>")

    def do_HEAD(self) -> None:
        self.send_response(HTTPStatus.METHOD_NOT_ALLOWED)
        self.end_headers()


@pytest.fixture
def hub_place() -> Iterator[socket]:
    """A hub's port, at which nobody listens and which nobody else gets meanwhile."""
    with socket() as place:
        place.bind(("127.0.0.1", free_port()))
        yield place


@pytest.fixture
def proxy(tmp_path, hub_place) -> Iterator[str]:
    """The address of a proxy whose hub is away."""
    (tmp_path / "error.html").write_text(away_page(Appearance("Vision Lab", "#7b2d8e")))
    place = hub_place.getsockname()[1]
    with lonely_proxy(tmp_path, place, f"--error-path={tmp_path}") as address:
        yield address


@pytest.fixture(params=["light", "dark"])
def narrow(chromium, proxy, request) -> Iterator[Page]:
    with narrow_page(chromium, proxy, request.param) as page:
        yield page


def test_a_hub_that_is_away_is_said_in_words_by_a_page_that_needs_no_other_file(proxy):
    answer = httpx.get(f"{proxy}/hub/home", timeout=60)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "The hub is being restarted" in answer.text
    assert "Sessions go on meanwhile" in answer.text
    assert re.findall(r'(?:href|src)="([^"]*)"', answer.text) == ["data:,", "/hub/home"]
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in answer.text


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/hub/home", "The hub is being restarted"),
        ("/hub/user/sam/lab", "The hub is being restarted"),
        ("/user/sam/lab", "The session does not answer"),
    ],
)
def test_the_page_is_accessible_and_fits_a_phone(narrow, request, path, heading):
    narrow.goto(path)
    expect(narrow).to_have_title("One moment · Vision Lab")
    expect(narrow.get_by_role("heading")).to_have_text(heading)
    restart = re.compile("the hub is being restarted", re.IGNORECASE)
    expect(narrow.get_by_role("main")).to_contain_text(restart, use_inner_text=True)
    name = f"{request.node.callspec.params['narrow']}{path.replace('/', '-')}.png"
    narrow.screenshot(path=_PICTURES / name)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 360
    assert Axe().run(narrow).response["violations"] == []


def test_the_page_asks_now_and_then_and_opens_what_was_asked_for(chromium, proxy, hub_place):
    context = chromium.new_context(base_url=proxy)
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.goto("/hub/home?of=sam")
    expect(page.get_by_role("heading", name="The hub is being restarted")).to_be_visible()
    for _ in range(TEN_MINUTES_S // 5):
        page.clock.run_for(5_000)
    # At 60 seconds and more each, after a few sooner. The first has come on any machine.
    assert asked[:2] == ["GET", "HEAD"]
    assert len(asked) < 25
    server = ThreadingHTTPServer(hub_place.getsockname(), _Hub, bind_and_activate=False)
    server.socket.close()
    server.socket = hub_place
    server.server_activate()
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        until(lambda: page.clock.run_for(30_000) or page.title() == "There again", 120)
        assert page.url == f"{proxy}/hub/home?of=sam"
    finally:
        context.close()
        server.shutdown()
        server.server_close()
