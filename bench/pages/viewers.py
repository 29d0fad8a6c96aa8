"""What 200 people who look at the picker cost the hub while nothing changes."""

import asyncio
from dataclasses import dataclass

import httpx

from bench.figure import Figure
from bench.pages.picker_hub import picker_hub
from tests.hub.spawner.spawn_hub import SpawnHub

_VIEWERS = 200
_SECONDS = 60
_POLL_SECONDS = 10
"""How often a page asked before there was a stream."""


@dataclass(frozen=True, slots=True)
class _Viewer:
    name: str
    token: str

    def headers(self, accept: str) -> dict[str, str]:
        return {"Authorization": f"token {self.token}", "Accept": accept}


def measure() -> list[Figure]:
    """Let the same people look for a minute, by polling and by a stream each."""
    with picker_hub() as hub:
        viewers = [_join(hub, f"viewer-{number}") for number in range(_VIEWERS)]
        idle = _share(hub, asyncio.sleep(_SECONDS))
        polled = _share(hub, _poll(hub, viewers))
        streamed = asyncio.run(_streamed(hub, viewers))
    return [
        Figure(
            "picker-viewers",
            f"{_VIEWERS} viewers, nothing changes, share of a CPU",
            streamed,
            "%",
            target=1,
            peer=f"polling each {_POLL_SECONDS} s (hub alone: {idle:.2f} %)",
            peer_value=polled,
            samples=_SECONDS,
        )
    ]


def _join(hub: SpawnHub, name: str) -> _Viewer:
    hub.join(name, "vision")
    answer = hub.api("POST", f"users/{name}/tokens", json={"expires_in": 3600})
    return _Viewer(name, answer.json()["token"])


def _share(hub: SpawnHub, work) -> float:
    """Run something that takes a minute; answer the CPU that the hub used, in percent."""
    before = hub.cpu_seconds()
    asyncio.run(_within(work))
    return (hub.cpu_seconds() - before) / _SECONDS * 100


async def _within(work) -> None:
    try:
        async with asyncio.timeout(_SECONDS):
            await work
    except TimeoutError:
        pass


def _client(hub: SpawnHub) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=_VIEWERS, max_keepalive_connections=_VIEWERS)
    return httpx.AsyncClient(base_url=hub.url, timeout=None, limits=limits)


async def _poll(hub: SpawnHub, viewers: list[_Viewer]) -> None:
    async with _client(hub) as client:

        async def look(viewer: _Viewer, number: int) -> None:
            await asyncio.sleep(_POLL_SECONDS * number / _VIEWERS)
            while True:
                headers = viewer.headers("application/json")
                answer = await client.get("/hub/api/gpucommons/availability", headers=headers)
                answer.raise_for_status()
                await asyncio.sleep(_POLL_SECONDS)

        await asyncio.gather(*(look(each, number) for number, each in enumerate(viewers)))


async def _streamed(hub: SpawnHub, viewers: list[_Viewer]) -> float:
    """Open all streams, wait until each has told something, and only then begin to measure."""
    async with _client(hub) as client:
        opened = asyncio.Semaphore(0)

        async def look(viewer: _Viewer) -> None:
            headers = viewer.headers("text/event-stream")
            address = "/hub/api/gpucommons/availability"
            async with client.stream("GET", address, headers=headers) as answer:
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        opened.release()

        looking = [asyncio.create_task(look(viewer)) for viewer in viewers]
        for _ in viewers:
            await opened.acquire()
        before = hub.cpu_seconds()
        await asyncio.sleep(_SECONDS)
        used = hub.cpu_seconds() - before
        assert not any(task.done() for task in looking)
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
    return used / _SECONDS * 100
