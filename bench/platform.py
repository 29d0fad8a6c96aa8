"""What the local platform costs: the wait for `up`, and memory when nobody works."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from bench.figure import Figure
from tests.platform import GPUCOMMONS, look_at

_NAME, _PORT = "bench", 18300
_ROOT = Path(__file__).parents[1]
_REST = 30.0
"""Seconds that the platform is left alone before its memory is read."""


def measure() -> list[Figure]:
    """Start a platform, start it again after a stop, and read its idle memory."""
    _run("up")
    try:
        _run("down")
        again = _time_up()
        time.sleep(_REST)
        memory = _memory()
    finally:
        _run("down")
    return [
        Figure("up-again", "make up, second time", again, "s", target=20),
        Figure("idle-memory", "Idle memory of the platform", memory / 2**30, "GiB", target=1.5),
    ]


def measure_first() -> list[Figure]:
    """Run `make up` in a fresh clone with empty caches, as on a new machine."""
    with tempfile.TemporaryDirectory(prefix="first-up-") as name:
        folder = Path(name)
        subprocess.run(["git", "clone", "-q", str(_ROOT), str(folder / "clone")], check=True)
        environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(folder / "cache"),
            "GPUCOMMONS_STATE": str(folder / "state"),
            "GOCACHE": str(folder / "go-build"),
            "GOMODCACHE": str(folder / "go-mod"),
            "GOFLAGS": "-modcacherw",
        }
        command = ["make", "-C", str(folder / "clone")]
        begin = time.perf_counter()
        try:
            subprocess.run([*command, "up", f"PORT={_PORT}"], check=True, env=environment)
            seconds = time.perf_counter() - begin
        finally:
            subprocess.run([*command, "down"], check=True, env=environment)
        shutil.rmtree(folder / "clone")
    return [Figure("up-first", "make up, first time", seconds / 60, "min", target=15)]


def _run(command: str) -> None:
    port = ["--port", str(_PORT)] if command == "up" else []
    subprocess.run([GPUCOMMONS, command, "--name", _NAME, *port], check=True, capture_output=True)


def _time_up() -> float:
    begin = time.perf_counter()
    _run("up")
    return time.perf_counter() - begin


def _memory() -> float:
    """Return bytes of memory of all its processes, shared pages counted once (PSS)."""
    platform = look_at(_NAME)
    # The node's own /proc shows its processes and those of all pods, and no others.
    inside = platform.gpucommons("exec", "sh", "-c", "cat /proc/[0-9]*/smaps_rollup 2>&-; true")
    outside = [part["pid"] for part in platform.status()["parts"].values()]
    outside.append(int((platform.state / "run" / "supervisord.pid").read_text()))
    texts = [inside, *(Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in outside)]
    return float(sum(_proportional_size(text) for text in texts))


def _proportional_size(text: str) -> int:
    lines = [line.split() for line in text.splitlines() if line.startswith("Pss:")]
    return sum(int(kibibytes) * 1024 for _, kibibytes, *_ in lines)
