"""A hub's endpoints for administrators, as far as commands ask them: over HTTP, on one machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TOKEN = "the-token-of-the-commands"
_API = "/hub/api/gpucommons/administration/"


@dataclass
class Request:
    """What was asked, with the path below that of these endpoints."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, object] | None


@dataclass
class PlayedHub:
    """Gives each endpoint's answers one after another, and the last one from then on."""

    answers: dict[str, list[tuple[int, object]]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    url: str = ""

    def will(self, endpoint: str, *said: object, status: int = 200) -> None:
        """Have an endpoint, such as ``GET nodes``, answer this."""
        self.answers[endpoint] = [(status, each) for each in said]

    def answer(self, request: Request) -> tuple[int, object]:
        """Return what is next."""
        self.asked.append(request)
        known = self.answers.get(f"{request.method} {request.path}")
        if known is None:
            return 404, {"message": "There is no such endpoint."}
        return known.pop(0) if len(known) > 1 else known[0]


class _Handler(BaseHTTPRequestHandler):
    hub: PlayedHub

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: dict[str, object] | None) -> None:
        address = urlsplit(self.path)
        assert address.path.startswith(_API)
        path, query = address.path.removeprefix(_API), dict(parse_qsl(address.query))
        status, said = self.hub.answer(Request(self.command, path, query, body))
        if self.headers["Authorization"] != f"token {TOKEN}":
            status, said = 403, {"message": "Forbidden"}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[PlayedHub]:
    """Serve on a port of this machine, for as long as this lasts."""
    hub = PlayedHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
