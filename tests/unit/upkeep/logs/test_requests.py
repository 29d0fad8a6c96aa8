"""A request's id is on its lines and on its answer, and goes along to whom it has to be asked."""

import asyncio
import io
import json
import logging

import pytest
from gpucommons_upkeep.http_client import HTTPClient
from gpucommons_upkeep.logs import note
from gpucommons_upkeep.logs.lines import JSONLines
from gpucommons_upkeep.logs.requests import HEADER, RequestLogged
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

log = logging.getLogger("gpucommons.test-requests")


class _Asks(RequestHandler):
    """Asks `_Asked` at the same server, and leaves a task behind."""

    left_behind = None

    async def get(self):
        note(user="ada")
        later = self.get_argument("later", "")

        async def goes_on():
            await asyncio.sleep(0)
            await _Asks.ended.wait()
            log.info("goes on")

        if later:
            _Asks.ended = asyncio.Event()
            _Asks.left_behind = asyncio.create_task(goes_on())
        async with HTTPClient(1) as client:
            url = f"http://{self.request.host}/asked"
            response = await client.send("GET", url, "token", seconds=30)
        self.write(response.body)

    def on_finish(self):
        """Whatever is called after the answer was sent."""


class _Asked(RequestHandler):
    def get(self):
        log.info("asked")
        self.write({"id": self.request.headers.get(HEADER, "")})


@pytest.fixture
async def served():
    """The address, and what gives the lines that were logged."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONLines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    application = Application(
        [("/", _Asks), ("/asked", _Asked)],
        transforms=[RequestLogged],
        log_function=lambda each: log.info("%d %s", each.get_status(), each.request.path),
    )
    server, sockets = HTTPServer(application), bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    yield (
        f"http://127.0.0.1:{port}/",
        lambda: [json.loads(line) for line in stream.getvalue().splitlines()],
    )
    server.stop()
    await server.close_all_connections()
    log.removeHandler(handler)


async def _fetch(url, given=None):
    headers = {HEADER.lower(): given} if given else {}
    return await AsyncHTTPClient().fetch(url, headers=headers, raise_error=False)


async def test_the_entrances_id_is_on_all_lines_and_goes_along_to_whom_it_asks(served):
    url, lines = served
    answer = await _fetch(url, "0f3c-42")
    assert answer.headers[HEADER] == "0f3c-42"
    assert json.loads(answer.body) == {"id": "0f3c-42"}
    assert [(each["message"], each["request_id"]) for each in lines()] == [
        ("asked", "0f3c-42"),
        ("200 /asked", "0f3c-42"),
        ("200 /", "0f3c-42"),
    ]
    assert lines()[2]["user"] == "ada"
    assert "user" not in lines()[0]


@pytest.mark.parametrize("given", [None, "x" * 65, "a b", '"}', "-x"])
async def test_without_an_id_or_with_none_that_is_one_a_request_gets_its_own(served, given):
    url, lines = served
    answers = [await _fetch(f"{url}asked", given) for _ in range(2)]
    ids = {each.headers[HEADER] for each in answers}
    assert len(ids) == 2
    assert given not in ids
    assert {each["request_id"] for each in lines()} == ids


async def test_what_goes_on_after_the_answer_is_not_about_the_request(served):
    url, lines = served
    await _fetch(f"{url}?later=1")
    await asyncio.sleep(0)
    _Asks.ended.set()
    await _Asks.left_behind
    last = lines()[-1]
    assert last["message"] == "goes on"
    assert not {"request_id", "user"} & set(last)


async def test_what_is_not_there_is_logged_with_an_id_too(served):
    url, lines = served
    answer = await _fetch(f"{url}nowhere", "n-1")
    assert answer.headers[HEADER] == "n-1"
    assert [(each["message"], each["request_id"]) for each in lines()] == [("404 /nowhere", "n-1")]
