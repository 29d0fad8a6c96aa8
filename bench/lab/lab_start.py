"""What the session's server extension adds to the start of JupyterLab's server, by turns."""

import statistics
import tempfile
import time
from pathlib import Path

from gpucommons_local.gpu.driver import build

from bench.figure import Figure
from bench.lab.panel_server import Server, none, ours

_ROUNDS = 12


def measure() -> list[Figure]:
    """Start a server without and with it, until it answers; medians."""
    kinds = (none(), ours())
    seconds: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    cpu: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as name:
        driver = build(Path(name) / "driver")
        for number in range(_ROUNDS + 1):
            for kind in kinds:
                begin = time.perf_counter()
                home = Path(name) / f"{kind.name}-{number}"
                with Server(kind, driver, home, with_lab=True) as server:
                    if number:  # the first round fills caches
                        seconds[kind.name].append(time.perf_counter() - begin)
                        cpu[kind.name].append(server.cpu_seconds())
    return [
        _figure("lab-start", "Start of JupyterLab's server, until it answers", seconds, 1.05),
        _figure("lab-start-cpu", "CPU of that start", cpu, 1.1),
    ]


def _figure(name: str, title: str, found: dict[str, list[float]], target: float) -> Figure:
    return Figure(
        name,
        title,
        statistics.median(found["ours"]),
        "s",
        peer="the same without it",
        peer_value=statistics.median(found["none"]),
        ratio_target=target,
        samples=_ROUNDS,
    )
