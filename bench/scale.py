"""A hub with 1,000 and 2,000 sessions, beside plain KubeSpawner: what starts and idling cost.

KWOK plays the nodes, so that the hub is what is measured. Each hub has a cluster of its own,
one after the other.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import aiohttp
from aiohttp import web
from gpucommons_contract import Label, team_namespace

from bench.attempt import reason
from bench.figure import Figure, percentile
from bench.kwok_cluster import KwokCluster, folder_in_memory, kwok_cluster
from bench.scale_hub import ALONE, OURS, PEER, TEAM, TOKEN, ScaleHub

_STEP, _STEPS = 1000, 2
_NODES = 100
_PER_SECOND = 20
"""Starts asked for; a course of 1,000 is there within a minute."""
_IDLE_S = 300
"""As long as it takes until each session was looked at once: `PromptKubeSpawner.poll_interval`."""
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
    """What was measured of a hub until its end, or until it failed."""

    steps: list[_Load] = field(default_factory=list)
    pods_deleted: int = 0
    failure: str = ""

    def step(self, number: int) -> _Load | None:
        return self.steps[number] if number < len(self.steps) else None


def measure() -> Iterator[Figure]:
    """Grow both hubs to 1,000 and to 2,000 sessions, idling for five minutes after each step.

    JupyterHub with a spawner that does nothing goes to 1,000: its cost of a start is the least
    that any spawner's hub can have. Ours is given at once, and again with the peer's beside it.
    Raises RuntimeError, after all that was measured, if our hub failed.
    """
    ours = _outcome(OURS, _STEPS)
    yield from _figures(ours, _Outcome())
    peer = _outcome(PEER, _STEPS)
    yield from _figures(ours, peer)
    alone = _outcome(ALONE, steps=1)
    if ours.steps and alone.steps:
        yield from _spawner_figures(ours.steps[0], peer, alone.steps[0])
    if ours.failure or alone.failure:
        raise RuntimeError(ours.failure or alone.failure)


def _outcome(settings: str, steps: int) -> _Outcome:
    outcome = _Outcome()
    with folder_in_memory() as folder, kwok_cluster(folder / "cluster", _NODES, _AMOUNTS) as api:
        namespace = {"name": team_namespace(TEAM), "labels": {Label.TEAM: TEAM}}
        api.post("/api/v1/namespaces", {"metadata": namespace})
        try:
            asyncio.run(_grow(outcome, folder, settings, api, steps))
        except Exception as error:
            outcome.failure = reason(error)
            print(f"{settings}: {outcome.failure}", flush=True)
        outcome.pods_deleted = api.requests("pods", "DELETE")
    return outcome


async def _grow(
    outcome: _Outcome, folder: Path, settings: str, api: KwokCluster, steps: int
) -> None:
    sessions, port = await _sessions()
    hub = ScaleHub(folder, settings, api, port, _people(0, _STEPS * _STEP))
    hub.start()
    try:
        async with _client(hub, await _token(hub)) as client:
            for step in range(steps):
                people = _people(step * _STEP, (step + 1) * _STEP)
                outcome.steps.append(await _step(hub, client, people))
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


def _spawner_figures(ours: _Load, peer: _Outcome, alone: _Load) -> Iterator[Figure]:
    """Separate JupyterHub's own part of a start from the spawners'."""
    core = alone.cpu_per_spawn_ms
    theirs = peer.step(0)
    whole = theirs.cpu_per_spawn_ms if theirs else None
    own = whole - core if whole is not None else None
    title = f"of a start, up to {_STEP}"
    for name, what, value, peer_value in (
        ("floor", "JupyterHub's own CPU", core, whole),
        ("own", "The spawner's CPU", ours.cpu_per_spawn_ms - core, own),
    ):
        yield Figure(
            f"scale-spawn-{name}",
            f"{what} {title}",
            value,
            "ms",
            peer=_PEER_NAME,
            peer_value=peer_value,
            peer_failed="" if theirs else peer.failure,
        )


def _figures(ours: _Outcome, peer: _Outcome) -> Iterator[Figure]:
    """Give what was measured of ours, each beside the peer's or why that has none."""
    for number, mine in enumerate(ours.steps):
        theirs = peer.step(number)
        others = _of_step(theirs, number) if theirs else []
        for index, figure in enumerate(_of_step(mine, number)):
            yield replace(
                figure,
                peer=_PEER_NAME,
                peer_value=others[index].value if others else None,
                peer_failed="" if others else peer.failure,
            )
    if len(ours.steps) == _STEPS:
        yield Figure(
            "scale-killed",
            f"Pods deleted by who made them, of {_STEPS * _STEP}",
            ours.pods_deleted,
            "",
            target=0,
            peer=_PEER_NAME,
            peer_value=peer.pods_deleted if len(peer.steps) == _STEPS else None,
            peer_failed=peer.failure,
        )


def _of_step(load: _Load, number: int) -> list[Figure]:
    total = (number + 1) * _STEP
    return [
        Figure(
            f"scale-spawn-cpu-{total}",
            f"Hub CPU of a start, up to {total}",
            load.cpu_per_spawn_ms,
            "ms",
            ratio_target=0.6,
        ),
        Figure(
            f"scale-idle-cpu-{total}",
            f"Hub CPU of a minute idle, {total} run",
            load.idle_cpu_s,
            "s",
            ratio_target=0.3,
        ),
        Figure(
            f"scale-start-{total}",
            f"Start to ready at {_PER_SECOND}/s, up to {total}, p95",
            percentile(load.seconds, 0.95),
            "s",
        ),
        Figure(f"scale-memory-{total}", f"Hub memory, {total} run", load.memory_mb, "MB"),
        Figure(
            f"scale-refused-{total}",
            f"Starts told to come back, up to {total}",
            load.turned_away,
            "",
            target=0,
        ),
        Figure(
            f"scale-failed-{total}", f"Starts that failed, up to {total}", load.failed, "", target=0
        ),
    ]
