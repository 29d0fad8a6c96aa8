"""What the GPU panel costs its session's server, beside jupyterlab-nvdashboard.

Both read the same simulated driver, of which a PCIe counter takes 20 ms as on a real GPU.
Clients open what the pages open: ours one stream for each tab, the peer's one web socket for
each chart, of which the resource chart is open. Each case is measured twice for so long: for
CPU with nothing else, and for how long another request waits, at moments that no tick is in
phase with.
"""

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from gpucommons_local.gpu.driver import DriverRoot, build
from gpucommons_local.gpu.state import GPUState

from bench.figure import Figure, percentile
from bench.panel_server import PEER, Kind, Server, none, ours, peer
from bench.panel_tabs import HEADERS, address, open_tabs

_SECONDS = 60
"""For which CPU, and then latency, is measured in each case."""
_SETTLE_SECONDS = 5
"""From the first frame on: imports and the first reading are no running cost."""
_PROBE_SECONDS = (0.02, 0.08)
"""Between two probes, evenly spread."""
_TABS = 5
_SLOW = 200
"""Milliseconds that one call of NVML takes in the slow cases."""
_TO_MINUTE = 60 / _SECONDS


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of one case: CPU seconds per minute, p99 of another request in ms, MB resident."""

    cpu: float
    latency: float
    memory: float


def measure() -> list[Figure]:
    """Measure all cases one after the other, each on a server of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driver = _one_gpu(folder / "driver")

        def cost(kind: Kind, tabs: int, delay: int = 0) -> _Cost:
            driver.state_file.update(lambda state: state.with_gpu(0, GPUState(delay=delay)))
            home = folder / f"{kind.name}-{tabs}-{delay}"
            with Server(kind, driver, home) as server:
                return _case(server, kind, tabs)

        panel, theirs = ours(), peer()
        bare = cost(none(), 0)
        hidden = cost(panel, 0)
        one, peer_one = cost(panel, 1), cost(theirs, 1)
        many, peer_many = cost(panel, _TABS), cost(theirs, _TABS)
        slow, peer_slow = cost(panel, 1, _SLOW), cost(theirs, 1, _SLOW)
    return [
        _cpu("panel-cpu", "one chart", one, peer_one, 0.2),
        _cpu("panel-cpu-tabs", f"{_TABS} tabs", many, peer_many, 0.1),
        Figure(
            "panel-background",
            f"CPU per minute while nobody looks (no panel: {bare.cpu:.2f} s)",
            hidden.cpu,
            "s",
        ),
        _latency("panel-latency", "one chart", bare, one, peer_one),
        _latency("panel-latency-tabs", f"{_TABS} tabs", bare, many, peer_many),
        _latency("panel-latency-slow", f"an NVML call of {_SLOW} ms", bare, slow, peer_slow),
        Figure(
            "panel-memory",
            f"Memory added to the server, {_TABS} tabs",
            many.memory - bare.memory,
            "MB",
            target=15,
            peer=PEER,
            peer_value=peer_many.memory - bare.memory,
        ),
    ]


def _cpu(name: str, title: str, cost: _Cost, other: _Cost, ratio: float) -> Figure:
    title = f"Server's CPU per minute, {title}"
    return Figure(name, title, cost.cpu, "s", peer=PEER, peer_value=other.cpu, ratio_target=ratio)


def _latency(name: str, title: str, bare: _Cost, cost: _Cost, other: _Cost) -> Figure:
    return Figure(
        name,
        f"Another request waits longer than without a panel ({bare.latency:.1f} ms), {title}, p99",
        cost.latency - bare.latency,
        "ms",
        target=1,
        peer=PEER,
        peer_value=other.latency - bare.latency,
        samples=round(_SECONDS / (sum(_PROBE_SECONDS) / 2)),
    )


def _one_gpu(folder: Path) -> DriverRoot:
    driver = build(folder)
    for node in driver.devices.glob("nvidia[1-9]"):
        node.unlink()
    return driver


def _case(server: Server, kind: Kind, tabs: int) -> _Cost:
    with open_tabs(kind, server.port, tabs):
        time.sleep(_SETTLE_SECONDS)
        before = server.cpu_seconds()
        time.sleep(_SECONDS)
        cpu = (server.cpu_seconds() - before) * _TO_MINUTE
        waits = asyncio.run(_probe(server.port))
        return _Cost(cpu, percentile(waits, 0.99), server.memory_mb())


async def _probe(port: int) -> list[float]:
    """Ask for something small again and again; answers milliseconds."""
    moments = random.Random(6)
    waits: list[float] = []
    end = time.perf_counter() + _SECONDS
    async with httpx.AsyncClient(base_url=address(port), headers=HEADERS, timeout=60) as client:
        while time.perf_counter() < end:
            begin = time.perf_counter()
            (await client.get("/api")).raise_for_status()
            waits.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(moments.uniform(*_PROBE_SECONDS))
    return waits
