"""What a session makes of the hub's answer when it asks to be stopped."""

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from gpucommons_lab.web import own_stop
from gpucommons_lab.web.own_stop import NotStoppedError, OwnStop


class _Refusing(BaseHTTPRequestHandler):
    def do_DELETE(self) -> None:
        self.send_response(403)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def refusing_hub() -> Iterator[str]:
    """The address of one."""
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hub/api"
        server.shutdown()


@pytest.fixture(autouse=True)
def patient(monkeypatch) -> None:
    """A busy machine may be late with a refusal."""
    monkeypatch.setattr(own_stop, "_REFUSAL_S", 60)


def ask(api: str) -> None:
    names = {"API_URL": api, "USER": "ana", "SERVER_NAME": "", "API_TOKEN": "t"}
    stop = OwnStop({f"JUPYTERHUB_{name}": value for name, value in names.items()})
    asyncio.run(stop.ask())


def test_a_refusal_reaches_whoever_asked(refusing_hub: str) -> None:
    with pytest.raises(NotStoppedError, match=r"^The hub refused with status 403\.$"):
        ask(refusing_hub)


def test_each_request_hears_of_its_own_stop_although_another_follows() -> None:
    async def ask_twice() -> None:
        stop = OwnStop({})
        first = asyncio.create_task(stop.ask())
        await asyncio.sleep(0)
        asking = stop._asking
        # As a request does that comes once this stop has failed, before the first hears of it.
        asking.add_done_callback(lambda _: setattr(stop, "_asking", None))
        await first

    with pytest.raises(NotStoppedError, match=r"^No hub has started this session\.$"):
        asyncio.run(ask_twice())


def test_a_hub_that_is_away_is_said_to_be() -> None:
    with pytest.raises(NotStoppedError, match=r"^The hub cannot be reached\.$"):
        ask("http://127.0.0.1:1/hub/api")
