"""A call to the culler while it restarts."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from gpucommons_config.idle.client import ask
from gpucommons_people.clients import patience
from gpucommons_people.clients.patience import AT_ONCE, Patience
from gpucommons_people.errors import PeopleError, UnreachableError


class _Culler(BaseHTTPRequestHandler):
    def _answer(self):
        status = self.server.answers.pop(0)
        if status is None:  # ends without an answer
            return
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = _answer  # noqa: N815 -- names of http.server

    def log_message(self, *arguments):
        pass


@pytest.fixture
def culler(monkeypatch):
    """A culler that gives these answers, one after the other."""
    monkeypatch.setattr(patience, "_FIRST_PAUSE_S", 0.01)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Culler)
    server.answers, server.url = [], f"http://127.0.0.1:{server.server_port}/services/idle/api/x"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_culler_that_restarts_is_waited_for_and_that_is_said(culler):
    told = []
    culler.answers = [503, 502, None, 200]
    assert ask("GET", culler.url, "t", None, Patience(30.0, told.append)).status_code == 200
    assert "answers 503 Service Unavailable. Waiting for it" in told[0]


def test_a_culler_that_stays_away_is_told(culler):
    culler.answers = [503]
    with pytest.raises(UnreachableError, match="Check that hub and culler are running"):
        ask("GET", culler.url, "t", None, AT_ONCE)


def test_what_may_have_been_done_is_not_done_twice(culler):
    culler.answers = [None]
    with pytest.raises(PeopleError, match="may have done it nevertheless"):
        ask("POST", culler.url, "t", {}, Patience(30.0))
