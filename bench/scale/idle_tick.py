"""One culler in a process of its own, which looks at all sessions each time it is told to.

``python -P idle_tick.py ours|peer API_URL PUBLIC_URL TOKEN``: for each line on its input it does
one tick, and writes what that took as JSON. It imports nothing of this folder: the peer's Python
has not what the project has.
"""

import asyncio
import atexit
import json
import logging
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

Tick = Callable[[], Awaitable[int]]
"""Looks at all sessions once; answers how many it saw, or 0 if it does not say."""
_NEVER_S = 10 * 365 * 86400


def _ours(api_url: str, public_url: str, token: str) -> Tick:
    """Do all of a tick: list, measure, remember, judge, and look into the culler's database.

    The node is played: it says of every session that it works, so that none is asked. Hubs of
    this size have no sessions behind them that could answer.
    """
    from gpucommons_culler.actions.actions import Actions  # noqa: PLC0415
    from gpucommons_culler.clients.hub import HubClient  # noqa: PLC0415
    from gpucommons_culler.core.clock import Clock  # noqa: PLC0415 -- the peer has none of it
    from gpucommons_culler.core.metrics import Metrics  # noqa: PLC0415
    from gpucommons_culler.core.rule import IdleRule  # noqa: PLC0415
    from gpucommons_culler.core.signals import SignalName  # noqa: PLC0415
    from gpucommons_culler.database.store import Store  # noqa: PLC0415
    from gpucommons_culler.service.engine import Engine  # noqa: PLC0415
    from gpucommons_culler.telemetry.collector import Collector  # noqa: PLC0415
    from gpucommons_culler.telemetry.sources.source import Measurement  # noqa: PLC0415

    class Node:
        title, provides = "the node", frozenset({SignalName.PROCESSOR})

        async def read(self, sessions):
            reading = Measurement(
                SignalName.PROCESSOR, active=True, value="processor at 1.00 of a core"
            )
            # The hub's servers have no pods here, so all of them are "" to it.
            return {session.pod: [reading] for session in sessions}, None

    class Rules:
        def of(self, _team, _size, _now):
            return rule

    class Nobody:
        def notify(self, _session, _event) -> None: ...

    rule, metrics = IdleRule("the default"), Metrics()
    folder = tempfile.TemporaryDirectory(prefix="idle-tick-")
    atexit.register(folder.cleanup)
    store = Store(f"sqlite:///{folder.name}/idle.sqlite")
    store.open()
    client = HubClient(api_url, public_url, token)
    engine = Engine(
        hub=client,
        collector=Collector(client, [Node()], metrics),
        rules=Rules(),
        store=store,
        actions=Actions(client, store, Nobody(), metrics),
        metrics=metrics,
        clock=Clock(),
    )

    async def tick() -> int:
        await engine.tick()
        return len(engine.cases)

    return tick


def _peer(api_url: str, _public_url: str, token: str) -> Tick:
    from jupyterhub_idle_culler import cull_idle  # noqa: PLC0415 -- ours has it not

    quiet = logging.getLogger("peer")
    quiet.setLevel(logging.WARNING)

    async def tick() -> int:
        await cull_idle(api_url, token, _NEVER_S, quiet)
        return 0

    return tick


async def _serve(tick: Tick) -> None:
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        cpu, wall = _cpu(), time.perf_counter()
        seen = await tick()
        took = {
            "cpu": _cpu() - cpu,
            "wall": time.perf_counter() - wall,
            "memory_mb": _memory_mb(),
            "seen": seen,
        }
        print(json.dumps(took), flush=True)


def _memory_mb() -> float:
    """Resident now: the most that ever was counts what a process was before it was this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    kind, *where = sys.argv[1:]
    asyncio.run(_serve({"ours": _ours, "peer": _peer}[kind](*where)))
