"""People come in through a real Envoy that is set up as our entrances say, to a real session."""

import asyncio
import json
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.kernel import execute_request
from tests.waiting import until

from .browser import Browser
from .dex import Dex
from .envoy import STREAM_IDLE_S, Entrance, Envoy, gateway_api, istio, objects
from .login_hub import Hub
from .processes import free_port

ADA = "ada@example.org"
_INSIDE, _OUTSIDE = "127.0.0.5", "127.0.0.6"
"""Addresses of this machine's own: one of the allow-list, and one that is not."""
_NAMES = {
    "hub.example.org": "127.0.0.1",
    "dex.example.org": "localhost",
    "10.20.0.0/16": f"{_INSIDE}/32",
}
_NEVER_UP = str(Path(__file__).with_name("starting_session.py"))
_MORE = """
from gpucommons_config.pages.https import tell_browsers_of_https
c.JupyterHub.allow_named_servers = True
c.JupyterHub.default_url = "/hub/home"
c.JupyterHub.tornado_settings["slow_spawn_timeout"] = 0
c.DexOAuthenticator.oauth_callback_url = {callback!r}
c.DexOAuthenticator.http_request_kwargs = {{"ca_certs": {authority!r}}}
lab = [*c.Spawner.cmd[:1], "-m", "jupyterhub.singleuser"]
never_up = [*c.Spawner.cmd[:1], {never_up!r}]
c.Spawner.args = ["--allow-root"]

def choose_program(spawner):
    spawner.cmd = never_up if spawner.name == "never-up" else lab

c.Spawner.pre_spawn_hook = choose_program
tell_browsers_of_https(c)
"""
_HOLD_S = STREAM_IDLE_S + 4
"""Longer than Envoy's default for a route, 15, and than the idle timeout of these tests."""
_UPLOAD_MB = 200
_BUSY = "127.0.0.3"
"""An address of this machine's own, from which somebody asks too often."""


@dataclass(frozen=True)
class World:
    """What runs: Envoy in front of a hub and Dex, with both entrances."""

    envoy: Envoy
    hub: Hub
    trusted: ssl.SSLContext
    entrances: dict[str, Entrance]
    homes: Path

    def url(self, entrance: str) -> str:
        return f"https://127.0.0.1:{self.entrances[entrance].https_port}"

    def client(self, entrance: str, address: str) -> httpx.Client:
        """A client at an address of this machine's own."""
        transport = httpx.HTTPTransport(verify=self.trusted, local_address=address)
        return httpx.Client(transport=transport, base_url=self.url(entrance), timeout=120)


def _private(folder: str) -> list[dict]:
    return [*objects(folder, _NAMES), *objects(f"{folder}/allow-list", _NAMES)]


@pytest.fixture(scope="module")
def world(hub_folder) -> Iterator[World]:
    files = CertificateFiles(hub_folder / "https")
    make_certificates(files)
    hub, dex_port = Hub(hub_folder), free_port()
    entrances = {
        "istio": istio(objects("entrance-istio", _NAMES)),
        "gateway-api": gateway_api(objects("entrance-gateway-api", _NAMES)),
        "private istio": istio(_private("entrance-istio")),
        "private gateway-api": gateway_api(_private("entrance-gateway-api")),
        "private behind a proxy": istio(_private("entrance-istio"), proxies=1),
    }
    public = f"https://127.0.0.1:{entrances['istio'].https_port}"
    issuer = f"https://localhost:{entrances['istio'].https_port}/dex"
    dex = Dex(hub_folder, public, port=dex_port, issuer=issuer)
    services = {"proxy-public:80": httpx.URL(hub.url).port or 0, "dex:5556": dex_port}
    envoy = Envoy(hub_folder, entrances.values(), services, files.served)
    more = _MORE.format(
        callback=f"{public}/hub/oauth_callback",
        authority=str(files.authority),
        never_up=_NEVER_UP,
    )
    hub.configure(issuer, more)
    trusted = ssl.create_default_context(cafile=files.authority)
    running = []
    try:
        for each in (dex, envoy, hub):
            each.start()
            running.append(each)
        yield World(envoy, hub, trusted, entrances, hub_folder / "homes")
    finally:
        for each in reversed(running):
            each.stop()


@pytest.fixture(scope="module")
def session(world) -> Iterator[str]:
    """A token of Ada's, who has signed in through the entrance and has a session."""
    with Browser(world.url("istio"), world.trusted) as browser:
        assert browser.sign_in(ADA).status_code == 200
    hub = world.hub
    for name in ("", "/servers/never-up"):
        path = f"users/{ADA}{name or '/server'}"
        assert hub.api("POST", path).status_code in {201, 202}
    until(lambda: hub.server(ADA).get("ready"), instead=hub.tail)
    yield hub.token_of(ADA)
    for path in (f"users/{ADA}/servers/never-up", f"users/{ADA}/server"):
        hub.api("DELETE", path)


_OPEN = ("istio", "gateway-api")
"""Entrances that let everybody in."""
_EACH = pytest.mark.parametrize("entrance", _OPEN)


def test_a_person_signs_in_and_no_step_goes_by_http(world):
    with Browser(world.url("istio"), world.trusted) as browser:
        form = browser.open_dex()
        steps = [each.url for each in form.history]
        answer = browser.fill_in(form, ADA)
        page = browser.follow(browser.come_back(answer))
    steps += [answer.url, page.url, *(each.url for each in page.history)]
    assert page.status_code == 200
    assert page.url.path == "/hub/home"
    assert {each.scheme for each in steps} == {"https"}
    assert {each.host for each in steps} == {"127.0.0.1", "localhost"}
    for each in (form, page):
        assert each.headers.get_list("strict-transport-security") == ["max-age=86400"]


@_EACH
def test_http_is_led_to_https(world, entrance):
    port = world.entrances[entrance].http_port
    answer = httpx.get(f"http://127.0.0.1:{port}/hub/home?next=x", timeout=60)
    assert answer.status_code == 301
    target = httpx.URL(answer.headers["location"])
    assert (target.scheme, target.host, target.raw_path) == (
        "https",
        "127.0.0.1",
        b"/hub/home?next=x",
    )


@_EACH
def test_the_hub_sees_the_browser_s_address_and_not_what_it_says_of_itself(world, entrance):
    played = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    with world.client(entrance, "127.0.0.2") as browser:
        assert browser.get(f"/hub/login?next=/hub/{entrance}", headers=played).status_code == 200

    def line() -> str:
        lines = world.hub.text().splitlines()
        return next((each for each in lines if f"/hub/login?next=/hub/{entrance}" in each), "")

    assert "@127.0.0.2)" in until(line, instead=world.hub.tail)


def _asks(world: World, entrance: str, address: str, says: str) -> set[int]:
    """What somebody reads of hub and Dex who says to be at an address."""
    headers = {"X-Forwarded-For": says, "X-Real-IP": says}
    with world.client(entrance, address) as client:
        dex = client.get("/dex/keys", headers={**headers, "Host": "localhost"})
        return {client.get("/hub/login", headers=headers).status_code, dex.status_code}


@_EACH
def test_an_allow_list_lets_in_its_addresses_and_nobody_who_only_says_so(world, entrance):
    private = f"private {entrance}"
    assert _asks(world, private, _INSIDE, says=_OUTSIDE) == {200}
    assert _asks(world, private, _OUTSIDE, says=_INSIDE) == {403}
    plain = f"http://127.0.0.1:{world.entrances[private].http_port}/hub/login"
    transport = httpx.HTTPTransport(local_address=_OUTSIDE)
    with httpx.Client(transport=transport) as client:
        assert client.get(plain).status_code == 403


def test_behind_a_proxy_that_is_trusted_the_address_is_the_one_that_it_adds(world):
    behind, proxy = "private behind a proxy", "127.0.0.7"
    assert _asks(world, behind, proxy, says=_INSIDE) == {200}
    assert _asks(world, behind, proxy, says=_OUTSIDE) == {403}
    # The proxy adds at the end; what the browser said before is not believed.
    assert _asks(world, behind, proxy, says=f"{_INSIDE}, {_OUTSIDE}") == {403}


@_EACH
def test_a_large_file_goes_through_and_is_not_kept_on_the_way(world, session, entrance):
    size = _UPLOAD_MB * 1024**2
    body = json.dumps({"type": "file", "format": "text", "content": "x" * size})
    before = world.envoy.peak_memory_mb()
    with world.client(entrance, "127.0.0.1") as browser:
        headers = {"Authorization": f"token {session}"}
        path = f"/user/{ADA}/api/contents/{entrance}.txt"
        answer = browser.put(path, content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert (world.homes / ADA / f"{entrance}.txt").stat().st_size == size
    assert world.envoy.peak_memory_mb() - before < _UPLOAD_MB / 3


async def test_websockets_and_streams_stay_open_as_long_as_they_last(world, session):
    headers = {"Authorization": f"token {session}"}
    begin = time.monotonic()
    async with httpx.AsyncClient(verify=world.trusted, headers=headers, timeout=60) as client:
        await asyncio.gather(
            *(_kernel_answers_after_a_while(world, client, each) for each in _OPEN),
            *(_progress_goes_on(world, client, each) for each in _OPEN),
        )
    assert time.monotonic() - begin > _HOLD_S


async def _kernel_answers_after_a_while(world, client, entrance) -> None:
    """Open a kernel's websocket, say nothing for long, and have it run a cell."""
    base = f"{world.url(entrance)}/user/{ADA}/api/kernels"
    kernel = (await client.post(base)).raise_for_status().json()["id"]
    url = f"{base}/{kernel}/channels".replace("https", "wss", 1)
    request = HTTPRequest(url, headers=dict(client.headers), ssl_options=world.trusted)
    socket = await websocket_connect(request)
    await asyncio.sleep(_HOLD_S)
    asked = {**execute_request("6 * 7"), "channel": "shell", "buffers": []}
    await socket.write_message(json.dumps(asked))
    async with asyncio.timeout(60):
        while True:
            said = await socket.read_message()
            assert said is not None, f"{entrance}: the websocket was closed"
            if json.loads(said)["msg_type"] == "execute_result":
                break
        # An event loop that ends before it is closed leaves a task behind.
        socket.close()
        while await socket.read_message() is not None:
            pass


async def _progress_goes_on(world, client, entrance) -> None:
    """Read the progress of a start that never ends, until something comes late enough."""
    begin = time.monotonic()
    url = f"{world.url(entrance)}/hub/api/users/{ADA}/servers/never-up/progress"
    async with client.stream("GET", url) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        async for _ in stream.aiter_raw():
            if time.monotonic() - begin > _HOLD_S:
                return
    raise AssertionError(f"{entrance}: the stream ended after {time.monotonic() - begin:.0f} s")


def _limits(kind: str) -> int:
    """How many requests of a kind an address has at once, as our object says."""
    (limit,) = (e for e in objects("entrance-istio", _NAMES) if e["kind"] == "EnvoyFilter")
    said = limit["spec"]["configPatches"][0]["patch"]["value"]["typed_config"]
    (bucket,) = (
        each["token_bucket"]["max_tokens"]
        for each in said["descriptors"]
        if each["entries"][0]["value"] == kind
    )
    return int(bucket)


_PASSWORD, _PAGE = "POST /dex/auth/local/login", "GET /dex/auth/no/page"


async def _ask_dex(world: World, what: str, times: int) -> list[int]:
    """Ask the same again and again on one connection, and return the statuses.

    Envoy may close it after it has refused.
    """
    port = world.entrances["istio"].https_port
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=world.trusted, local_addr=(_BUSY, 0)
    )
    once = f"{what} HTTP/1.1\r\nHost: localhost\r\n"
    text = f"{once}\r\n" * (times - 1) + f"{once}Connection: close\r\n\r\n"
    writer.write(text.encode())
    found = await reader.read(-1)
    writer.close()
    return [int(each) for each in re.findall(rb"^HTTP/1.1 (\d+)", found, re.MULTILINE)]


async def test_one_address_signs_in_so_often_and_everything_else_goes_on(world):
    passwords, pages = _limits("password"), _limits("page")
    with world.client("istio", _BUSY) as busy, world.client("istio", "127.0.0.4") as other:
        tried = await _ask_dex(world, _PASSWORD, 2 * passwords)
        assert tried.index(429) >= passwords
        assert busy.get("/hub/login").status_code == 200
        seen = await _ask_dex(world, _PAGE, 2 * pages)
        assert seen.index(429) + passwords >= pages - 1
        # Dex's pages use up what there is again, and the hub's are refused, too, to this address.
        looking = asyncio.create_task(asyncio.to_thread(_only_this_one_is_refused, busy, other))
        while not looking.done():
            await _ask_dex(world, _PAGE, 100)
        await looking
        assert busy.get("/hub/api/").status_code == 200
        assert busy.get("/dex/keys", headers={"Host": "localhost"}).status_code == 200


def _only_this_one_is_refused(busy: httpx.Client, other: httpx.Client) -> None:
    until(lambda: busy.get("/hub/login").status_code == 429)
    assert {other.get("/hub/login").status_code for _ in range(20)} == {200}
