"""The hub's port of a platform with HTTPS, for those who come by HTTP and by TLS."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
from gpucommons_local.machine import plain_http
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates
from gpucommons_local.machine.port_forward import carry_tls
from hypothesis import given
from hypothesis import strategies as st

_URL = "https://127.0.0.1:8000"
_HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


@asynccontextmanager
async def _port(serve, **options):
    server = await asyncio.start_server(serve, "127.0.0.1", **options)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _hello(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_HELLO)
    writer.close()


@pytest.fixture
async def forwarded(tmp_path):
    """A port whose TLS goes to a server, and what to trust there."""
    files = CertificateFiles(tmp_path)
    make_certificates(files)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files.served)
    async with (
        _port(_hello, ssl=context) as inner,
        _port(partial(carry_tls, _URL, inner)) as port,
    ):
        yield f"127.0.0.1:{port}", ssl.create_default_context(cafile=files.authority)


async def test_who_speaks_tls_is_carried_on(forwarded):
    address, trusted = forwarded
    async with httpx.AsyncClient(verify=trusted) as client:
        assert (await client.get(f"https://{address}/")).text == "hello"


async def test_a_browser_that_comes_by_http_is_led_to_the_same_page_for_this_once(forwarded):
    address, _ = forwarded
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/hub/spawn?size=gpu")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{_URL}/hub/spawn?size=gpu"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_program_that_sends_something_by_http_is_told_and_not_led_on(forwarded):
    address, _ = forwarded
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"http://{address}/hub/api/users", json={})
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.text == f"HTTPS is spoken here. Open {_URL}\n"


async def test_who_says_nothing_and_leaves_is_no_error(forwarded, caplog):
    address, _ = forwarded
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET")
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert caplog.records == []


@given(st.binary())
def test_whatever_comes_nobody_is_led_to_another_host(junk):
    answer = plain_http.answer(b"GET " + junk + b" HTTP/1.1\r\nHost: evil.example\r\n\r\n", _URL)
    head = answer.split(b"\r\n\r\n", maxsplit=1)[0].split(b"\r\n")
    assert sum(each.startswith(b"Location:") for each in head) == 1
    assert next(e for e in head if e.startswith(b"Location:")).startswith(
        b"Location: https://127.0.0.1:8000/"
    )
