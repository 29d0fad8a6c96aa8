"""Open tabs of a panel, in a process of their own: what they read must not delay the probe."""

import asyncio
import json
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event

import httpx
from gpucommons_contract import Endpoint
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from bench.lab.panel_server import TOKEN, Kind

HEADERS = {"Authorization": f"token {TOKEN}"}
_PATIENCE = 30
"""Seconds that a tab may take until it shows its first figures."""
_PEER_TICK = 100
"""Milliseconds between two messages of the peer's chart, as its page asks for by default."""

_Began = Callable[[], None]


def address(port: int) -> str:
    """Answer where the server of that port listens."""
    return f"http://127.0.0.1:{port}"


@contextmanager
def open_tabs(kind: Kind, port: int, count: int) -> Iterator[None]:
    """Hold ``count`` tabs open; each has got something when this begins, and none may end."""
    if not count:
        yield
        return
    spawn = multiprocessing.get_context("spawn")
    shown = [spawn.Event() for _ in range(count)]
    process = spawn.Process(target=_follow_all, args=(kind.name, port, shown), daemon=True)
    process.start()
    try:
        if not all(each.wait(_PATIENCE) for each in shown):
            raise RuntimeError("A tab did not begin")
        yield
        if not process.is_alive():
            raise RuntimeError("A tab was cut off while it was measured")
    finally:
        process.terminate()
        process.join()


def _follow_all(kind: str, port: int, shown: list[Event]) -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as tabs:
            for each in shown:
                tabs.create_task(_cut_off(_PAGES[kind](port, each.set)))

    asyncio.run(run())


async def _cut_off(page: Awaitable[None]) -> None:
    await page
    raise RuntimeError("The server ended a tab's stream")


async def _our_page(port: int, began: _Began) -> None:
    """Ask for the past, then follow the stream, as a tab with an open panel does."""
    async with httpx.AsyncClient(base_url=address(port), headers=HEADERS, timeout=60) as client:
        (await client.get(f"/{Endpoint.SESSION_GPU_HISTORY}?span=60")).raise_for_status()
        headers = {"Accept": "text/event-stream"}
        async with client.stream("GET", f"/{Endpoint.SESSION_GPUS}", headers=headers) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    began()


async def _peer_page(port: int, began: _Began) -> None:
    """Open the resource chart's socket and ask for its default pace."""
    url = f"ws://127.0.0.1:{port}/nvdashboard/gpu_resource"
    socket = await websocket_connect(HTTPRequest(url, headers=HEADERS))
    await socket.write_message(json.dumps({"updateFrequency": _PEER_TICK, "isPaused": False}))
    while (message := await socket.read_message()) is not None:
        if "gpu_utilization_total" in json.loads(message):
            began()


_PAGES: dict[str, Callable[[int, _Began], Awaitable[None]]] = {
    "none": _our_page,
    "ours": _our_page,
    "nvdashboard": _peer_page,
}
