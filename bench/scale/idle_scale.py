"""What one look of the idle culler at all sessions costs the hub, beside jupyterhub-idle-culler.

Both look at the same hub in the same run. CPU is measured while nobody else asks; how long
another request is held up, in looks of their own, at moments that nothing is in phase with.
"""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from gpucommons_local.machine.cache import checkout

from bench.attempt import attempt
from bench.figure import Figure, percentile
from bench.kwok_cluster import folder_in_memory
from bench.scale.idle_hub import OURS_TOKEN, PEER_TOKEN, IdleHub

PEER = "jupyterhub-idle-culler==2.0.0"
_SIZES = (1_000, 10_000)
_TICKS = {"ours": {1_000: 40, 10_000: 8}, "peer": {1_000: 5, 10_000: 2}}
"""Of which CPU is measured: the fewer, the longer each takes."""
_PROBED = {"ours": {1_000: 20, 10_000: 5}, "peer": {1_000: 3, 10_000: 1}}
_PROBE_SECONDS = (0.005, 0.025)
"""Between two probes, evenly spread."""


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of one tick: CPU of hub and culler and wall time in seconds; the culler's memory in MB;
    the longest that another request took, in ms.
    """

    hub_cpu: float
    own_cpu: float
    wall: float
    memory: float
    held_up: float


def measure() -> Iterator[Figure]:
    """Measure both on a hub of each size."""
    hub_cpu = []
    with folder_in_memory() as folder:
        for size in _SIZES:
            hub = IdleHub(folder / str(size), size)
            hub.start()
            try:
                usual = _waits(hub, 5)
                print(f"{size}: another request takes {max(usual):.1f} ms at most", flush=True)
                peer, failed = attempt(lambda hub=hub, size=size: _cost("peer", size, hub))
                ours = _cost("ours", size, hub)
            finally:
                hub.stop()
            hub_cpu.append(ours.hub_cpu)
            yield from _figures(size, ours, peer, failed)
    few, many = hub_cpu
    growth = many / few / (_SIZES[1] / _SIZES[0])
    title = "Hub CPU of a look at 10,000 sessions, by ten times that at 1,000"
    yield Figure("idle-growth", title, growth, "", target=1.2)


def _figures(size: int, ours: _Cost, peer: _Cost | None, failed: str) -> list[Figure]:
    def figure(name: str, title: str, unit: str, field: str, **target: float) -> Figure:
        return Figure(
            f"idle-{name}-{size}",
            f"{title}, {size:,} sessions",
            getattr(ours, field),
            unit,
            peer=PEER,
            peer_value=getattr(peer, field) if peer else None,
            samples=_TICKS["ours"][size],
            peer_failed=failed,
            **target,
        )

    return [
        figure("hub-cpu", "Hub CPU of a look at all", "s", "hub_cpu", ratio_target=0.1),
        figure("own-cpu", "The culler's CPU of a look at all", "s", "own_cpu", ratio_target=0.5),
        figure("wall", "A look at all takes", "s", "wall"),
        figure("memory", "The culler's memory", "MB", "memory"),
        figure("held-up", "Another request takes at most", "ms", "held_up", target=50),
    ]


class _Culler:
    """A culler's process, told by a line to look at all sessions."""

    def __init__(self, process: "subprocess.Popen[str]"):
        self._process = process

    def tick(self) -> dict[str, float]:
        assert self._process.stdin
        assert self._process.stdout
        print(file=self._process.stdin, flush=True)
        took: dict[str, float] = json.loads(self._process.stdout.readline())
        return took


@contextmanager
def _culler(kind: str, hub: IdleHub, token: str) -> Iterator[_Culler]:
    python = _peer_python() if kind == "peer" else Path(sys.executable)
    script = Path(__file__).with_name("idle_tick.py")
    command = [python, "-P", script, kind, hub.api_url, hub.url, token]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield _Culler(process)
        process.terminate()


def _peer_python() -> Path:
    """Make the peer's environment once, with the tornado that ours runs with."""
    folder = checkout() / "build" / "bench-idle-culler"
    python, complete = folder / "bin" / "python", folder / PEER
    if not complete.exists():
        uv = [sys.executable, "-m", "uv"]
        same = f"tornado=={version('tornado')}"
        subprocess.run([*uv, "venv", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run([*uv, "pip", "install", "--python", python, PEER, same], check=True)
        complete.touch()
    return python


def _cost(kind: str, size: int, hub: IdleHub) -> _Cost:
    token = PEER_TOKEN if kind == "peer" else OURS_TOKEN
    with _culler(kind, hub, token) as culler:
        cost = _cost_of(kind, size, hub, culler)
    print(f"{size} {kind}: {cost}", flush=True)
    return cost


def _cost_of(kind: str, size: int, hub: IdleHub, culler: _Culler) -> _Cost:
    seen = culler.tick()["seen"]  # fills caches, and opens the connection
    if seen not in {0, size}:
        raise RuntimeError(f"{seen} sessions were seen, of {size}")
    count = _TICKS[kind][size]
    before = hub.cpu_seconds()
    took = [culler.tick() for _ in range(count)]
    hub_cpu = (hub.cpu_seconds() - before) / count
    with _probing(hub) as waits:
        for _ in range(_PROBED[kind][size]):
            culler.tick()
    print(f"p50 {percentile(waits, 0.5):.1f}, p99 {percentile(waits, 0.99):.1f} ms", flush=True)
    return _Cost(
        hub_cpu=hub_cpu,
        own_cpu=sum(each["cpu"] for each in took) / count,
        wall=sum(each["wall"] for each in took) / count,
        memory=max(each["memory_mb"] for each in took),
        held_up=max(waits),
    )


def _waits(hub: IdleHub, seconds: float) -> list[float]:
    with _probing(hub) as waits:
        time.sleep(seconds)
    return waits


@contextmanager
def _probing(hub: IdleHub) -> Iterator[list[float]]:
    """Ask the hub something small again and again; gives how long that took each time, in ms."""
    waits: list[float] = []
    over = threading.Event()
    thread = threading.Thread(target=_probe, args=(hub.api_url, waits, over))
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


def _probe(api_url: str, waits: list[float], over: threading.Event) -> None:
    address = urlsplit(api_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    while not over.wait(random.uniform(*_PROBE_SECONDS)):
        begin = time.perf_counter()
        connection.request("GET", f"{address.path}/")
        connection.getresponse().read()
        waits.append(1000 * (time.perf_counter() - begin))
    connection.close()
