"""What the hub sends compressed, as its configuration has it."""

import httpx
import pytest
from gpucommons_config.hub import defaults
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

_LONG = "let answer = 42;\n" * 1000


class _Sends(RequestHandler):
    def get(self, kind: str) -> None:
        self.set_header("Content-Type", kind)
        self.finish(_LONG)


@pytest.mark.parametrize(
    ("kind", "compressed"),
    [
        ("text/javascript", True),
        ("text/css; charset=utf-8", True),
        ("image/svg+xml", True),
        ("text/html; charset=UTF-8", False),
        ("application/json", False),
        ("text/event-stream", False),
    ],
)
async def test_only_what_is_the_same_for_everybody_is_compressed(kind, compressed):
    (socket,) = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([("/(.*)", _Sends)], **defaults().JupyterHub.tornado_settings))
    server.add_socket(socket)
    try:
        async with httpx.AsyncClient(timeout=60) as browser:
            url = f"http://127.0.0.1:{socket.getsockname()[1]}/{kind}"
            answer = await browser.get(url)
            plain = await browser.get(url, headers={"Accept-Encoding": "identity"})
    finally:
        server.stop()
        await server.close_all_connections()
    assert answer.text == plain.text == _LONG
    assert ("Content-Encoding" in answer.headers) is compressed
    assert "Content-Encoding" not in plain.headers
