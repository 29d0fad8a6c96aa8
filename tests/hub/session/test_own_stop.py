"""Stopping a session from inside it: what a real Jupyter server asks a hub for, and answers."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from gpucommons_lab.web.own_stop import STOP_PATH

from tests.hub.session.conftest import Session

LIMIT_S = 120
DOCUMENTATION = "https://docs.example.org/gpus/"


class PlayedHub(ThreadingHTTPServer):
    """Stops every session, once `answers` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.answers = Event()
        self.answers.set()


class _Handler(BaseHTTPRequestHandler):
    server: PlayedHub

    def do_DELETE(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        self.server.answers.wait(LIMIT_S)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def played_hub() -> Iterator[PlayedHub]:
    with PlayedHub() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def temporary(tmp_path_factory) -> Path:
    """A folder for temporary files that only the session below uses."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture(scope="module")
def session(played_hub, temporary, tmp_path_factory) -> Iterator[Session]:
    environment = {
        "TMPDIR": str(temporary),
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{played_hub.server_port}/hub/api",
        "JUPYTERHUB_API_TOKEN": "of-the-session",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_USER": "ana@example.org",
        "JUPYTERHUB_SERVER_NAME": "training",
        "GPUCOMMONS_DOCUMENTATION_URL": DOCUMENTATION,
    }
    started = Session(tmp_path_factory.mktemp("home"), None, environment=environment)
    started.wait()
    yield started
    started.close()
    assert "Traceback" not in started.log


@pytest.fixture
def window(session, temporary) -> Iterator[httpx.Client]:
    """A window of VS Code."""
    (path,) = temporary.glob("gpucommons-*/companion")
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport, base_url="http://session", timeout=LIMIT_S) as client:
        yield client


@pytest.fixture(autouse=True)
def ordinary(played_hub) -> None:
    played_hub.asked.clear()


def test_the_hub_is_asked_to_stop_this_session_with_its_own_token(session, played_hub):
    assert session.client.post(f"/{STOP_PATH}").status_code == 202
    path = "/hub/api/users/ana%40example.org/servers/training"
    assert played_hub.asked == [(path, "token of-the-session")]


def test_a_window_of_vs_code_stops_it_too(window, played_hub):
    assert window.post("/stop").status_code == 202
    assert len(played_hub.asked) == 1


def test_whoever_may_not_work_in_it_cannot_stop_it(session, played_hub):
    stranger = httpx.post(session.client.base_url.join(f"/{STOP_PATH}"), timeout=LIMIT_S)
    assert stranger.status_code == 403
    assert played_hub.asked == []


def test_a_stop_that_takes_long_is_taken_up_and_asked_for_once(session, played_hub):
    played_hub.answers.clear()
    try:
        assert session.client.post(f"/{STOP_PATH}").status_code == 202
        assert session.client.post(f"/{STOP_PATH}").status_code == 202
        assert len(played_hub.asked) == 1
    finally:
        played_hub.answers.set()


def test_a_window_is_told_where_it_can_lead(window):
    assert window.get("/pages").json() == {
        "lab": "/lab",
        "sessions": "/hub/home",
        "documentation": DOCUMENTATION,
    }


def test_a_server_without_a_hub_is_not_stopped_from_inside(plain_session):
    refused = plain_session.client.post(f"/{STOP_PATH}")
    assert refused.status_code == 502
    assert refused.json()["message"] == "No hub has started this session."
