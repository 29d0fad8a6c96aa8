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

from gpucommons_local.cluster.container_runtime import import_image, imported_images
from gpucommons_local.images import Files, Image, build, find
from gpucommons_local.machine.instance import load

from bench.alternate import Outcome
from bench.figure import Figure
from tests.platform import GPUCOMMONS

_NAME, _PORT = "bench", 18300
_ROUNDS = 20
_ENVIRONMENT = "scipy:2026.11"


def measure() -> list[Figure]:
    """Alternate the three, 20 times each."""
    subprocess.run([GPUCOMMONS, "up", "--name", _NAME, "--port", str(_PORT)], check=True)
    try:
        outcome = _alternate()
    finally:
        subprocess.run([GPUCOMMONS, "down", "--name", _NAME], check=True)
    peer = f"KubeSpawner {version('jupyterhub-kubespawner')}"
    return [
        _figure(
            "spawn-same-image",
            "Start to ready, same image, p50",
            outcome,
            "same",
            peer=peer,
            ratio_target=1.05,
        ),
        _figure(
            "spawn-stock",
            "Start to ready, p50",
            outcome,
            "stock",
            peer=f"{peer}, stock image",
            ratio_target=0.6,
        ),
    ]


def _figure(
    name: str, title: str, outcome: Outcome, other: str, *, peer: str, ratio_target: float
) -> Figure:
    failed = outcome.failed.get(other, "")
    return Figure(
        name,
        title,
        statistics.median(outcome.seconds["ours"]),
        "s",
        peer=peer,
        peer_value=None if failed else statistics.median(outcome.seconds[other]),
        peer_failed=failed,
        ratio_target=ratio_target,
        samples=_ROUNDS,
    )


def _alternate() -> Outcome:
    """Run `bench.alternate` inside the node, where both hubs can be reached."""
    command = [GPUCOMMONS, "exec", "--name", _NAME, sys.executable, "-m", "bench.alternate"]
    result = subprocess.run(
        [*command, _NAME, _stock_image(), str(_ROUNDS)], check=True, stdout=subprocess.PIPE
    )
    return Outcome(**json.loads(result.stdout.splitlines()[-1]))


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
