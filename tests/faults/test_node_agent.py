"""The node agent while the API server goes wrong: it knows its pods, or says that it does not."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.request import ProxyHandler, build_opener

import httpx
import pytest
from aiohttp import web
from gpucommons_node import watch
from gpucommons_node.pods import PodTable
from gpucommons_node.processes import ProcessScan
from gpucommons_node.server import AgentServer
from gpucommons_node.watch import follow
from gpucommons_upkeep.api_server import APIServer

from tests.waiting import until

from .fault import Fault
from .measured import serve
from .proxy import FaultsProxy

_CONTAINER = "0" * 64
_NODE = "node-1"
_WATCH_S, _PAUSE_S = 1.0, 0.1


class _Over(BaseException):
    """Ends what no error ends."""


_POD = {
    "metadata": {"uid": "uid", "name": "jupyter-ada"},
    "spec": {"nodeName": _NODE, "containers": [{"name": "notebook"}]},
    "status": {
        "podIPs": [{"ip": "127.0.0.1"}],
        "containerStatuses": [{"name": "notebook", "containerID": f"containerd://{_CONTAINER}"}],
    },
}
_LISTED = {"kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": [_POD]}


@pytest.fixture(scope="module")
def proxy(thread) -> Iterator[FaultsProxy]:
    async def pods(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response(_LISTED)
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(TimeoutError):
            async with asyncio.timeout(_WATCH_S):
                await asyncio.Event().wait()  # nothing changes
        return response

    application = web.Application()
    application.router.add_get("/api/v1/pods", pods)
    proxy = FaultsProxy("API server", serve(application, thread), thread)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def agent(proxy, tmp_path_factory, module_patch) -> Iterator[str]:
    """The address of an agent that follows the pods, and never waits for long."""
    token = tmp_path_factory.mktemp("agent") / "token"
    token.write_text("token")
    server = APIServer(proxy.url, build_opener(ProxyHandler({})), token)
    table = PodTable()
    over = threading.Event()

    def pause(_seconds: float) -> None:
        if over.wait(_PAUSE_S):
            raise _Over

    def follow_until_over() -> None:
        with suppress(_Over):
            follow(server, _NODE, table, pause=pause)

    follower = threading.Thread(target=follow_until_over, daemon=True)
    follower.start()
    agent = AgentServer(("127.0.0.1", 0), table, ProcessScan(lambda: {_CONTAINER: {100: 1}}))
    thread = threading.Thread(target=agent.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{agent.server_address[1]}"
    agent.shutdown()
    agent.server_close()
    thread.join()
    over.set()
    follower.join(60)


@pytest.fixture(scope="module")
def module_patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "_TIMEOUT", 2 * _WATCH_S)
        yield patch


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=60)


@pytest.mark.parametrize("fault", Fault)
def test_it_says_nothing_untrue_meanwhile_and_knows_its_pods_again_afterwards(agent, proxy, fault):
    proxy.played.clear()
    proxy.play(fault)
    until(lambda: proxy.played)
    for _ in range(5):
        assert _get(f"{agent}/processes").status_code in {200, 503, 404}
    proxy.heal()
    until(
        lambda: _get(f"{agent}/healthz").status_code == 200,
        instead=lambda: _get(f"{agent}/healthz").text,
    )
    until(
        lambda: _get(f"{agent}/processes").status_code == 200,
        instead=lambda: _get(f"{agent}/processes").text,
    )
