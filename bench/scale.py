"""A hub with 1,000 and 2,000 sessions, beside plain KubeSpawner: what starts and idling cost.

KWOK plays the nodes, so that the hub is what is measured. Each hub has a cluster of its own,
one after the other.
"""

import asyncio
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import aiohttp
from aiohttp import web
from gpucommons_contract import Label, team_namespace

from bench.figure import Figure, percentile
from bench.kwok_cluster import KwokCluster, folder_in_memory, kwok_cluster
from bench.scale_hub import ALONE, OURS, PEER, TEAM, TOKEN, ScaleHub

_STEP, _STEPS = 1000, 2
_NODES = 100
_PER_SECOND = 20
"""Starts asked for; a course of 1,000 is there within a minute."""
_IDLE_S = 60
_PAUSE_S = 5
"""After a failure; JupyterHub needs a moment to clear it away."""
_PATIENCE = 3
"""Failures of one person's start after which the benchmark gives up."""
_SETTLE_S = 15
_AMOUNTS = {"cpu": "640", "memory": "2560Gi", "pods": "250", "nvidia.com/gpu": "64"}
_PEER_NAME = f"KubeSpawner {version('jupyterhub-kubespawner')}"


@dataclass(slots=True)
class _Load:
    """What a hub took for one more step of sessions."""

    cpu_per_spawn_ms: float
    seconds: list[float]
    turned_away: int
    failed: int
    idle_cpu_s: float
    memory_mb: float


@dataclass(slots=True)
class _Start:
    """How one start went."""

    seconds: float = 0
    turned_away: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Outcome:
    steps: list[_Load]
    pods_deleted: int


def measure() -> list[Figure]:
    """Grow both hubs to 1,000 and to 2,000 sessions, idling for a minute after each step.

    JupyterHub with a spawner that does nothing goes to 1,000: its cost of a start is the least
    that any spawner's hub can have.
    """
    alone = _outcome(ALONE, steps=1)
    ours, peer = (_outcome(settings, _STEPS) for settings in (OURS, PEER))
    return [*_figures(ours, peer), *_spawner_figures(ours.steps[0], peer.steps[0], alone.steps[0])]


def _outcome(settings: str, steps: int) -> _Outcome:
    with folder_in_memory() as folder, kwok_cluster(folder / "cluster", _NODES, _AMOUNTS) as api:
        namespace = {"name": team_namespace(TEAM), "labels": {Label.TEAM: TEAM}}
        api.post("/api/v1/namespaces", {"metadata": namespace})
        return asyncio.run(_grown(folder, settings, api, steps))


async def _grown(folder: Path, settings: str, api: KwokCluster, steps: int) -> _Outcome:
    sessions, port = await _sessions()
    hub = ScaleHub(folder, settings, api, port, _people(0, _STEPS * _STEP))
    hub.start()
    try:
        async with _client(hub, await _token(hub)) as client:
            loads = []
            for step in range(steps):
                people = _people(step * _STEP, (step + 1) * _STEP)
                loads.append(await _step(hub, client, people))
            return _Outcome(loads, api.requests("pods", "DELETE"))
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


async def _step(hub: ScaleHub, client: aiohttp.ClientSession, people: list[str]) -> _Load:
    async with client.post("users", json={"usernames": people}) as answer:
        if answer.status not in (201, 409):  # those of a group are there already
            raise RuntimeError(await answer.text())
    await asyncio.sleep(_SETTLE_S)
    before = hub.cpu_seconds()
    tasks = []
    for person in people:
        tasks.append(asyncio.create_task(_start(client, person)))
        await asyncio.sleep(1 / _PER_SECOND)
    done = await asyncio.gather(*tasks)
    spent = hub.cpu_seconds() - before
    await asyncio.sleep(_SETTLE_S)
    before = hub.cpu_seconds()
    await asyncio.sleep(_IDLE_S)
    return _Load(
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
    while not await _ready(client, person, start):
        if start.failed == _PATIENCE:
            raise RuntimeError(f"the session of {person} failed to start {_PATIENCE} times")
    start.seconds = time.monotonic() - begin
    return start


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


def _spawner_figures(ours: _Load, peer: _Load, alone: _Load) -> list[Figure]:
    """Tell JupyterHub's own part of a start from the spawners'."""
    core = alone.cpu_per_spawn_ms
    whole = peer.cpu_per_spawn_ms
    mine, theirs = ours.cpu_per_spawn_ms - core, whole - core
    title = f"of a start, up to {_STEP}"
    return [
        Figure(
            "scale-spawn-floor",
            f"JupyterHub's own CPU {title}",
            core,
            "ms",
            None,
            _PEER_NAME,
            whole,
        ),
        Figure(
            "scale-spawn-own", f"The spawner's CPU {title}", mine, "ms", None, _PEER_NAME, theirs
        ),
    ]


def _figures(ours: _Outcome, peer: _Outcome) -> list[Figure]:
    figures = []

    def add(short: str, title: str, values: tuple[float, float], unit: str, **more: float) -> None:
        figures.append(
            Figure(short, title, values[0], unit, peer=_PEER_NAME, peer_value=values[1], **more)
        )

    for step, (mine, theirs) in enumerate(zip(ours.steps, peer.steps, strict=True), start=1):
        total = step * _STEP
        costs = (mine.cpu_per_spawn_ms, theirs.cpu_per_spawn_ms)
        add(
            f"scale-spawn-cpu-{total}",
            f"Hub CPU of a start, up to {total}",
            costs,
            "ms",
            ratio_target=0.6,
        )
        idle = (mine.idle_cpu_s, theirs.idle_cpu_s)
        add(
            f"scale-idle-cpu-{total}",
            f"Hub CPU of a minute idle, {total} run",
            idle,
            "s",
            ratio_target=0.3,
        )
        waits = (percentile(mine.seconds, 0.95), percentile(theirs.seconds, 0.95))
        add(f"scale-start-{total}", f"Start to ready at 20/s, up to {total}, p95", waits, "s")
        memory = (mine.memory_mb, theirs.memory_mb)
        add(f"scale-memory-{total}", f"Hub memory, {total} run", memory, "MB")
        refused = (float(mine.turned_away), float(theirs.turned_away))
        add(
            f"scale-refused-{total}",
            f"Starts told to come back, up to {total}",
            refused,
            "",
            target=0,
        )
        failed = (float(mine.failed), float(theirs.failed))
        add(f"scale-failed-{total}", f"Starts that failed, up to {total}", failed, "", target=0)
    killed = (float(ours.pods_deleted), float(peer.pods_deleted))
    add("scale-killed", f"Pods deleted by who made them, of {_STEPS * _STEP}", killed, "", target=0)
    return figures
