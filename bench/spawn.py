"""From Start pressed to server ready: ours, plain KubeSpawner, and a stock image.

All three run on one cluster, one after the other, so that each meets the same
load of the machine.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from gpucommons_local.container_runtime import import_image, imported_images
from gpucommons_local.images import Files, Image, build, find
from gpucommons_local.instance import load

from bench.figure import Figure
from tests.platform import GPUCOMMONS

_NAME, _PORT = "bench", 18300
_ROUNDS = 20
_ENVIRONMENT = "scipy:2026.11"


def measure() -> list[Figure]:
    """Alternate the three, 20 times each."""
    subprocess.run([GPUCOMMONS, "up", "--name", _NAME, "--port", str(_PORT)], check=True)
    try:
        seconds = _alternate()
    finally:
        subprocess.run([GPUCOMMONS, "down", "--name", _NAME], check=True)
    ours, same, stock = (statistics.median(seconds[each]) for each in ("ours", "same", "stock"))
    peer = f"KubeSpawner {version('jupyterhub-kubespawner')}"
    common = {"value": ours, "unit": "s", "samples": _ROUNDS}
    return [
        Figure(
            "spawn-same-image",
            "Start to ready, same image, p50",
            **common,
            peer=peer,
            peer_value=same,
            ratio_target=1.05,
        ),
        Figure(
            "spawn-stock",
            "Start to ready, p50",
            **common,
            peer=f"{peer}, stock image",
            peer_value=stock,
            ratio_target=0.6,
        ),
    ]


def _alternate() -> dict[str, list[float]]:
    """Run `bench.alternate` inside the node, where both hubs can be reached."""
    command = [GPUCOMMONS, "exec", "--name", _NAME, sys.executable, "-m", "bench.alternate"]
    result = subprocess.run(
        [*command, _NAME, _stock_image(), str(_ROUNDS)], check=True, stdout=subprocess.PIPE
    )
    seconds: dict[str, list[float]] = json.loads(result.stdout.splitlines()[-1])
    return seconds


def _stock_image() -> str:
    image = Image(
        name="stock",
        version="2026.11",
        containerfile="stock.Containerfile",
        context=(Files(Path(__file__).parent, ("stock.Containerfile",)),),
        parent=find(_ENVIRONMENT),
    )
    built = build(image, Path(tempfile.gettempdir()) / "bench-stock.log")
    if built.reference not in imported_images(load(_NAME)):
        import_image(load(_NAME), built.archive)
    return built.reference
