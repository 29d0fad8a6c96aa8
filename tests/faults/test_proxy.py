"""The proxy plays what it is told, so that what tests find is the programs' doing."""

import json
from functools import partial

import httpx
import pytest
from aiohttp import web

from .fault import Fault
from .plan import spells
from .proxy import FaultsProxy

_BODY = {"kind": "PodList", "items": [1, 2, 3, 4]}
_STATUS = {
    Fault.ERROR: 500,
    Fault.BUSY: 429,
    Fault.BUSY_RETRY_AFTER: 429,
    Fault.FORBIDDEN: 403,
    Fault.NOT_FOUND: 404,
}

get = partial(httpx.get, timeout=60)


async def _serve() -> web.AppRunner:
    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" in request.query:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b'{"type":"ADDED"}\n')
            return response
        if request.method == "POST":
            return web.Response(body=await request.read())
        return web.json_response(_BODY)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


@pytest.fixture
def proxy(thread):
    runner = thread.do(_serve())
    proxy = FaultsProxy("played", f"http://127.0.0.1:{runner.addresses[0][1]}", thread)
    proxy.start()
    yield proxy
    proxy.stop()
    thread.do(runner.cleanup())


def test_without_a_fault_everything_passes(proxy):
    assert get(f"{proxy.url}/pods").json() == _BODY
    assert httpx.post(f"{proxy.url}/pods", content=b"said", timeout=60).content == b"said"
    assert get(f"{proxy.url}/pods?watch=1").text == '{"type":"ADDED"}\n'
    assert proxy.played == []


@pytest.mark.parametrize("fault", _STATUS)
def test_a_status_is_played_where_it_is_told(proxy, fault):
    proxy.play(fault, "GET /pods", times=1)
    assert get(f"{proxy.url}/nodes").status_code == 200
    assert get(f"{proxy.url}/pods").status_code == _STATUS[fault]
    assert get(f"{proxy.url}/pods").json() == _BODY
    assert [each.request for each in proxy.played] == ["GET /pods"]


@pytest.mark.parametrize(
    ("fault", "items"), [(Fault.EMPTY, []), (Fault.HALF, [1, 3]), (Fault.DRIP, [1, 2, 3, 4])]
)
def test_a_list_comes_empty_or_halved_or_late(proxy, fault, items):
    proxy.play(fault)
    assert get(f"{proxy.url}/pods", timeout=30).json()["items"] == items


def test_a_body_is_cut(proxy):
    proxy.play(Fault.CUT)
    with pytest.raises(httpx.RemoteProtocolError):
        get(f"{proxy.url}/pods")


def test_nonsense_comes_as_a_page_or_as_json(proxy):
    proxy.play(Fault.PAGE, "/a")
    proxy.play(Fault.OTHER_JSON, "/b")
    assert get(f"{proxy.url}/a").text.startswith("<!DOCTYPE")
    assert get(f"{proxy.url}/b").json() == "nothing"


def test_silence_answers_nothing_and_a_refusal_no_connection(proxy):
    proxy.play(Fault.SILENCE)
    with pytest.raises(httpx.ReadTimeout):
        get(f"{proxy.url}/pods", timeout=0.5)
    proxy.heal()
    proxy.play(Fault.REFUSED)
    with pytest.raises(httpx.ConnectError):
        get(f"{proxy.url}/pods")
    proxy.heal()
    assert get(f"{proxy.url}/pods").json() == _BODY


def test_an_old_list_is_what_was_answered_first(proxy):
    get(f"{proxy.url}/pods")
    proxy.play(Fault.OLD)
    assert get(f"{proxy.url}/pods").json() == _BODY
    assert len(proxy.played) == 1


def test_watches_end_at_once_or_say_that_they_are_too_old(proxy):
    proxy.play(Fault.WATCH_ENDS, times=1)
    proxy.play(Fault.WATCH_EXPIRED)
    assert get(f"{proxy.url}/pods?watch=true").text == ""
    event = json.loads(get(f"{proxy.url}/pods?watch=true").text)
    assert event["object"]["code"] == 410
    assert get(f"{proxy.url}/pods").json() == _BODY


def test_the_same_seed_plays_the_same():
    servers = {"a": list(Fault), "b": [Fault.CUT]}
    assert spells(7, 600, servers) == spells(7, 600, servers) != spells(8, 600, servers)
    assert all(0 < each.begin < each.end <= 600 for each in spells(7, 600, servers))
