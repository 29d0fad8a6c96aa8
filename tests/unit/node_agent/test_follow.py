"""The pods are followed whatever the API server answers, and not faster than it can bear."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import build_opener

import pytest
from gpucommons_node import PodTable
from gpucommons_node.watch import follow, heartbeat
from gpucommons_upkeep.api_server import APIServer

_LIST = json.dumps({"metadata": {"resourceVersion": "7"}, "items": []}).encode()


class _Stop(BaseException):
    """Ends what goes on for ever: it is no Exception."""


class FakeAPI:
    """An API server that gives ``answers`` in turn; each writes what it likes."""

    def __init__(self) -> None:
        self.answers: list[Callable[[BaseHTTPRequestHandler], None]] = []
        self.asked = 0
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.asked += 1
                api.answers.pop(0)(self)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def api() -> Iterator[FakeAPI]:
    api = FakeAPI()
    yield api
    api.close()


@pytest.fixture
def server(api: FakeAPI, tmp_path: Path, monkeypatch) -> APIServer:
    # The watches here end at once, which may take seconds where other work shares the machine.
    monkeypatch.setattr("gpucommons_node.watch._SHORT", 60.0)
    (tmp_path / "token").write_text("secret")
    return APIServer(api.url, build_opener(), tmp_path / "token")


def answer(body: bytes, status: int = 200, length: int | None = None, **headers: str):
    """Write an answer; ``length`` may promise more than there is."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return write


def followed(server: APIServer, table: PodTable, pauses: int) -> tuple[list[float], object]:
    """Follow until so many pauses were made; give these, and the health."""
    made: list[float] = []
    heart = heartbeat("node-1")

    def pause(seconds: float) -> None:
        made.append(seconds)
        if len(made) == pauses:
            raise _Stop

    with pytest.raises(_Stop):
        follow(server, "node-1", table, heart, pause)
    return made, heart


@pytest.mark.parametrize(
    "bad",
    [
        answer(_LIST[:20], length=500),  # gone in the middle of its list
        answer(_LIST[:20]),
        answer(b"[]"),
        answer(b'{"items": null}'),
        answer(b'{"items": [7], "metadata": {}}'),
        answer(b"", 429),
        answer(b"", 403),
        lambda handler: handler.wfile.write(b"220 mail.example.org ESMTP\r\n"),
        lambda handler: None,
    ],
)
def test_no_answer_ends_it_and_the_table_is_empty_until_the_next_good_one(api, server, bad):
    api.answers = [bad, bad, answer(_LIST), answer(b"")]
    table = PodTable()
    table.replace([])
    known = []
    table.forget = lambda: (known.append(table.known), PodTable.forget(table))  # type: ignore[method-assign]
    pauses, heart = followed(server, table, 3)
    assert (api.asked, len(pauses)) == (4, 3)
    assert known == [True, False]
    assert table.known
    assert heart.failures == 0


def test_a_watch_that_ends_at_once_is_followed_by_pauses_that_grow(api, server):
    gone = answer(b'{"type": "ERROR", "object": {"code": 410}}\n')
    api.answers = [answer(_LIST), gone] * 6
    pauses, _heart = followed(server, PodTable(), 6)
    assert api.asked == 12
    assert sum(pauses) > 15  # 0.5 to 1, 1 to 2, 2 to 4, and so on
    assert max(pauses) <= 15


def test_a_wait_that_the_server_asks_for_is_kept(api, server):
    api.answers = [answer(b"", 429, Retry_After="9")]
    assert followed(server, PodTable(), 1)[0] == [9]
