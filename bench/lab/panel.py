"""What the GPU panel costs its session's server, beside jupyterlab-nvdashboard.

Both read the same simulated driver, of which a PCIe counter takes 20 ms as on a real GPU.
Clients open what the pages open: ours one stream for each tab, the peer's one web socket for
each chart, of which the resource chart is open. Each case is measured twice for so long: for
CPU with nothing else, and for how long another request waits, at moments that no tick is in
phase with. A server without a panel is asked in turn with the one that is measured, so that
what else the machine does counts for both.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
from gpucommons_local.gpu.driver import DriverRoot, build
from gpucommons_local.gpu.state import GPUState

from bench.attempt import attempt
from bench.figure import Figure, percentile
from bench.lab.panel_server import PEER, Kind, Server, none, ours, peer
from bench.lab.panel_tabs import HEADERS, address, open_tabs

_SECONDS = 60
"""For which CPU, and then latency, is measured in each case."""
_SETTLE_SECONDS = 5
"""From the first frame on: imports and the first reading are no running cost."""
_PROBE_SECONDS = (0.005, 0.015)
"""Between two probes, evenly spread."""
_TABS = 5
_SLOW = 200
"""Milliseconds that one call of NVML takes in the slow cases."""
_TO_MINUTE = 60 / _SECONDS


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of one case: CPU seconds per minute, MB resident, and p99 in ms of another request: to the
    server with the panel, and in the same minute to the one without.
    """

    cpu: float
    memory: float
    wait: float
    bare_wait: float
    probes: int

    @property
    def later(self) -> float:
        return self.wait - self.bare_wait


@dataclass(frozen=True, slots=True)
class _Case:
    """Ours beside the peer's; no cost and why, if the peer failed."""

    ours: _Cost
    peer: _Cost | None
    failed: str


def measure() -> Iterator[Figure]:
    """Measure all cases one after the other, each on a server of its own."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        folder = Path(name)
        driver = _one_gpu(folder / "driver")
        bare = stack.enter_context(Server(none(), driver, folder / "none"))

        def cost(kind: Kind, tabs: int, delay: int = 0) -> _Cost:
            driver.state_file.update(lambda state: state.with_gpu(0, GPUState(delay=delay)))
            home = folder / f"{kind.name}-{tabs}-{delay}"
            with Server(kind, driver, home) as server:
                found = _case(server, bare, kind, tabs)
            print(f"{kind.name}, {tabs} tabs, NVML takes {delay} ms: {found}", flush=True)
            return found

        def case(tabs: int, delay: int = 0) -> _Case:
            return _Case(cost(panel, tabs, delay), *attempt(lambda: cost(theirs, tabs, delay)))

        panel, theirs = ours(), peer()
        yield Figure(
            "panel-background",
            "CPU per minute while nobody looks",
            cost(panel, 0).cpu,
            "s",
        )
        bare_memory = bare.memory_mb()  # asked as often as the others are
        one = case(1)
        yield _cpu("panel-cpu", "one chart", one, 0.2)
        yield _latency("panel-latency", "one chart", one)
        many = case(_TABS)
        yield _cpu("panel-cpu-tabs", f"{_TABS} tabs", many, 0.1)
        yield _latency("panel-latency-tabs", f"{_TABS} tabs", many)
        yield Figure(
            "panel-memory",
            f"Memory added to the server, {_TABS} tabs",
            many.ours.memory - bare_memory,
            "MB",
            target=15,
            peer=PEER,
            peer_value=many.peer.memory - bare_memory if many.peer else None,
            peer_failed=many.failed,
        )
        yield _latency("panel-latency-slow", f"an NVML call of {_SLOW} ms", case(1, _SLOW))


def _cpu(name: str, title: str, case: _Case, ratio: float) -> Figure:
    return Figure(
        name,
        f"Server's CPU per minute, {title}",
        case.ours.cpu,
        "s",
        peer=PEER,
        peer_value=case.peer.cpu if case.peer else None,
        ratio_target=ratio,
        peer_failed=case.failed,
    )


def _latency(name: str, title: str, case: _Case) -> Figure:
    usual = f"without a panel ({case.ours.bare_wait:.1f} ms)"
    return Figure(
        name,
        f"Another request waits longer than {usual}, {title}, p99",
        case.ours.later,
        "ms",
        target=1,
        peer=PEER,
        peer_value=case.peer.later if case.peer else None,
        samples=case.ours.probes,
        peer_failed=case.failed,
    )


def _one_gpu(folder: Path) -> DriverRoot:
    driver = build(folder)
    for node in driver.devices.glob("nvidia[1-9]"):
        node.unlink()
    return driver


def _case(server: Server, bare: Server, kind: Kind, tabs: int) -> _Cost:
    with open_tabs(kind, server.port, tabs):
        time.sleep(_SETTLE_SECONDS)
        before = server.cpu_seconds()
        time.sleep(_SECONDS)
        cpu = (server.cpu_seconds() - before) * _TO_MINUTE
        waits, bare_waits = _probe(server, bare)
        return _Cost(
            cpu=cpu,
            memory=server.memory_mb(),
            wait=percentile(waits, 0.99),
            bare_wait=percentile(bare_waits, 0.99),
            probes=len(waits),
        )


def _probe(*servers: Server) -> list[list[float]]:
    """Ask each for something small again and again, in turn; answers milliseconds for each."""
    moments = random.Random(6)
    waits: list[list[float]] = [[] for _ in servers]
    end = time.perf_counter() + _SECONDS
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                httpx.Client(base_url=address(each.port), headers=HEADERS, timeout=60)
            )
            for each in servers
        ]
        while time.perf_counter() < end:
            for client, found in zip(clients, waits, strict=True):
                time.sleep(moments.uniform(*_PROBE_SECONDS))
                begin = time.perf_counter()
                client.get("/api").raise_for_status()
                found.append((time.perf_counter() - begin) * 1000)
    return waits
