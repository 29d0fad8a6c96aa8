"""A hub with 1,000 to 5,000 sessions, beside plain KubeSpawner: what starts and idling cost.

KWOK plays the nodes, so that the hub is what is measured. Each hub has a cluster of its own,
one after the other.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import aiohttp
from aiohttp import web

from bench.attempt import reason
from bench.figure import Figure
from bench.kwok_cluster import KwokCluster, folder_in_memory, kwok_cluster
from bench.scale.figures import (
    PEER_TOTALS,
    PER_SECOND,
    TOTALS,
    Load,
    Outcome,
    figures,
    spawner_figures,
)
from bench.scale.hub import ALONE, OURS, PEER, TEAM, TOKEN, ScaleHub

_NODES = 100
_IDLE_S = 300
"""As long as it takes until each session was looked at once: `GPUSpawner.poll_interval`."""
_PAUSE_S = 5
"""After a failure; JupyterHub needs a moment to clear it away."""
_PATIENCE = 3
"""Failures of one person's start after which the benchmark gives up."""
_SETTLE_S = 15
_AMOUNTS = {"cpu": "640", "memory": "2560Gi", "pods": "250", "nvidia.com/gpu": "64"}


@dataclass(slots=True)
class _Start:
    """How one start went."""

    seconds: float = 0
    turned_away: int = 0
    failed: int = 0


def measure() -> Iterator[Figure]:
    """Grow both hubs step by step, idling for five minutes after each.

    JupyterHub with a spawner that does nothing takes the first step: its cost of a start is the
    least that any spawner's hub can have. Ours is given at once, and again with the peer's beside
    it. Raises RuntimeError, after all that was measured, if our hub failed.
    """
    ours = _outcome(OURS, TOTALS)
    yield from figures(ours, Outcome())
    peer = _outcome(PEER, PEER_TOTALS)
    yield from figures(ours, peer)
    alone = _outcome(ALONE, TOTALS[:1])
    if ours.steps and alone.steps:
        yield from spawner_figures(ours.steps[0], peer, alone.steps[0])
    if ours.failure or alone.failure:
        raise RuntimeError(ours.failure or alone.failure)


def _outcome(settings: str, totals: Sequence[int]) -> Outcome:
    outcome = Outcome()
    with folder_in_memory() as folder, kwok_cluster(folder / "cluster", _NODES, _AMOUNTS) as api:
        api.add_team(TEAM)
        try:
            asyncio.run(_grow(outcome, folder, settings, api, totals))
        except Exception as error:
            outcome.failure = reason(error)
            print(f"{settings}: {outcome.failure}", flush=True)
        outcome.pods_deleted = api.requests("pods", "DELETE")
    return outcome


async def _grow(
    outcome: Outcome, folder: Path, settings: str, api: KwokCluster, totals: Sequence[int]
) -> None:
    sessions, port = await _sessions()
    hub = ScaleHub(folder, settings, api, port, _people(0, totals[-1]))
    hub.start()
    try:
        async with _client(hub, await _token(hub)) as client:
            for before, total in pairwise((0, *totals)):
                outcome.steps.append(await _step(hub, client, _people(before, total)))
                if settings == OURS:  # what is there outlives a run that is ended
                    for figure in figures(outcome, Outcome()):
                        figure.save()
    finally:
        hub.stop()
        await sessions.cleanup()


async def _token(hub: ScaleHub) -> str:
    """Let the hub make a token: one of its configuration it hashes 16,384 times a request."""
    async with _client(hub, TOKEN) as client, client.post("users/bench/tokens") as answer:
        return str((await answer.json())["token"])


def _client(hub: ScaleHub, token: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        f"{hub.url}/hub/api/",
        headers={"Authorization": f"token {token}"},
        timeout=aiohttp.ClientTimeout(total=None),
        connector=aiohttp.TCPConnector(limit=0),
    )


async def _step(hub: ScaleHub, client: aiohttp.ClientSession, people: list[str]) -> Load:
    async with client.post("users", json={"usernames": people}) as answer:
        if answer.status not in (201, 409):  # those of a group are there already
            raise RuntimeError(await answer.text())
    await asyncio.sleep(_SETTLE_S)
    before = hub.cpu_seconds()
    tasks = []
    for person in people:
        tasks.append(asyncio.create_task(_start(client, person)))
        await asyncio.sleep(1 / PER_SECOND)
    done = await asyncio.gather(*tasks)
    spent = hub.cpu_seconds() - before
    await asyncio.sleep(_SETTLE_S)
    before = hub.cpu_seconds()
    await asyncio.sleep(_IDLE_S)
    return Load(
        cpu_per_spawn_ms=1000 * spent / len(people),
        seconds=[each.seconds for each in done],
        turned_away=sum(each.turned_away for each in done),
        failed=sum(each.failed for each in done),
        idle_cpu_s=(hub.cpu_seconds() - before) * 60 / _IDLE_S,
        memory_mb=hub.memory_mb(),
    )


async def _start(client: aiohttp.ClientSession, person: str) -> _Start:
    """Start a session as a patient client does: come back when told to, try again when it failed.

    Raises RuntimeError after three failures.
    """
    begin, start = time.monotonic(), _Start()
    while not await _tried(client, person, start):
        if start.failed == _PATIENCE:
            raise RuntimeError(f"the session of {person} failed to start {_PATIENCE} times")
    start.seconds = time.monotonic() - begin
    return start


async def _tried(client: aiohttp.ClientSession, person: str, start: _Start) -> bool:
    """Try once; a hub that drops the connection has failed to start the session."""
    try:
        return await _ready(client, person, start)
    except aiohttp.ClientError:
        start.failed += 1
        await asyncio.sleep(_PAUSE_S)
        return False


async def _ready(client: aiohttp.ClientSession, person: str, start: _Start) -> bool:
    """Try once. Tells whether the session is ready, and notes why it is not."""
    async with client.post(f"users/{person}/server", json={}) as answer:
        if answer.status == 429:
            start.turned_away += 1
            await asyncio.sleep(float(answer.headers["Retry-After"]))
            return False
        if answer.status == 201:
            return True
        began = answer.status == 202
    if not (began and await _came_up(client, person)):
        start.failed += 1
        await asyncio.sleep(_PAUSE_S)
        return False
    return True


async def _came_up(client: aiohttp.ClientSession, person: str) -> bool:
    """Follow a slow start as the hub's page does."""
    async with client.get(f"users/{person}/server/progress") as answer:
        async for line in answer.content:
            if b'"ready": true' in line:
                return True
            if b'"failed": true' in line:
                return False
    return False


async def _sessions() -> tuple[web.AppRunner, int]:
    """Answer for all sessions, as a single-user server does."""

    async def hello(_request: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, runner.addresses[0][1]


def _people(first: int, end: int) -> list[str]:
    return [f"person-{number}" for number in range(first, end)]
