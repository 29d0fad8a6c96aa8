"""Files that were compressed when an image was built, as a server sends them."""

import gzip
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from gpucommons_lab.web.compressed_files import compress, serve_compressed
from gpucommons_lab.web.compression import CompressedStatic
from jupyter_server.auth.identity import IdentityProvider
from jupyter_server.base.handlers import FileFindHandler
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

_SCRIPT = b"let answer = 42;\n" * 1000
_BASE = "/user/ana/"

Get = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "core.js").write_bytes(_SCRIPT)
    (tmp_path / "static" / "small.js").write_bytes(b"let a;")
    (tmp_path / "static" / "font.woff2").write_bytes(b"f" * 5000)
    return tmp_path


@pytest.fixture
async def get(folder, monkeypatch) -> AsyncIterator[Get]:
    monkeypatch.setattr(FileFindHandler, "_static_paths", {})  # where it found files before
    app = Application(
        [(rf"{_BASE}lab/extensions/(.*)", FileFindHandler, {"path": [str(folder)]})],
        static_immutable_cache=["/lab/extensions/static"],
        identity_provider=IdentityProvider(token=""),
        cookie_secret="a-secret",
        base_url=_BASE,
        transforms=[CompressedStatic],
    )
    serve_compressed(app, _BASE)
    (socket,) = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(app)
    server.add_socket(socket)
    async with httpx.AsyncClient(timeout=60) as client:

        async def one(name: str, **headers: str) -> httpx.Response:
            address = f"http://127.0.0.1:{socket.getsockname()[1]}{_BASE}lab/extensions/{name}"
            return await client.get(
                address, headers={each.replace("_", "-"): said for each, said in headers.items()}
            )

        yield one
    server.stop()
    await server.close_all_connections()


def test_only_what_pays_is_compressed_and_only_once(folder):
    assert compress(folder) == 1
    assert gzip.decompress((folder / "static" / "core.js.gz").read_bytes()) == _SCRIPT
    assert compress(folder) == 0


async def test_a_compressed_file_is_sent_as_it_is_with_the_type_of_the_file_itself(get, folder):
    compress(folder)
    length = (folder / "static" / "core.js.gz").stat().st_size
    answer = await get("static/core.js")
    assert answer.content == _SCRIPT
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Length"] == str(length)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Vary"] == "Accept-Encoding"


async def test_who_takes_no_gzip_or_wants_a_part_gets_the_file_itself(get, folder):
    compress(folder)
    plain = await get("static/core.js", Accept_Encoding="identity")
    assert "Content-Encoding" not in plain.headers
    assert plain.content == _SCRIPT
    part = await get("static/core.js", Range="bytes=4-9")
    assert (part.status_code, part.content) == (206, _SCRIPT[4:10])


async def test_a_file_that_was_replaced_is_not_sent_as_it_was(get, folder):
    compress(folder)
    script = folder / "static" / "core.js"
    script.write_bytes(b"let answer = 43;\n" * 1000)
    os.utime(script, (1, 1))
    assert (await get("static/core.js")).text.startswith("let answer = 43;")


async def test_browsers_keep_files_of_extensions_below_the_address_of_a_session(get):
    answer = await get("static/core.js")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_fonts_and_small_files_are_sent_as_they_are(get, folder):
    compress(folder)
    for name in ("static/font.woff2", "static/small.js"):
        assert "Content-Encoding" not in (await get(name)).headers
