"""What the controller does for 2,000 workspaces of which 200 were used: a real API server.

The test plays the kubelets: each snapshot's pod is over as soon as it is looked at.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gpucommons_backup.controller.watching.cluster import API

from bench.figure import Figure, percentile
from bench.kwok_cluster import folder_in_memory
from tests.backup.controller.conftest import SteppedController
from tests.backup.controller.played_cluster import (
    AN_HOUR_AGO,
    BACKUP,
    LOGIN,
    REPORT,
    SETTINGS,
    PlayedCluster,
)

_ALL, _USED = 2_000, 200
_IDLE_STEPS = 20
_AT_ONCE = 16  # requests of the test, to make what is measured


@dataclass(frozen=True, slots=True)
class _Seen:
    others: int
    """Pods of workspaces that nobody had used."""
    taken: int
    busy_cpu: float  # seconds, of all steps until all were taken
    idle_cpu: list[float]  # seconds, each of a step with nothing to do


def measure() -> Iterator[Figure]:
    """Have all snapshots taken that are due, and look on when none is."""
    with folder_in_memory() as folder:
        cluster = PlayedCluster(folder)
        cluster.start()
        try:
            seen = asyncio.run(_seen(cluster, folder))
        finally:
            cluster.stop()
    if seen.taken != _USED:
        raise RuntimeError(f"{seen.taken} workspaces got a snapshot, of {_USED}")
    what = f"{_ALL:,} workspaces, {_USED} of them used"
    yield Figure(
        "backup-others", f"Pods for workspaces that nobody used, {what}", seen.others, "", target=0
    )
    each = seen.busy_cpu / _USED * 1000
    yield Figure(
        *("backup-controller-snapshot", f"Controller's CPU for a snapshot, {what}", each, "ms"),
        samples=_USED,
    )
    idle = percentile(seen.idle_cpu, 0.5) * 1000
    yield Figure(
        *("backup-controller-step", f"Controller's CPU of a step with nothing due, {what}"),
        *(idle, "ms"),
        target=100,  # a hundredth of a core: it looks every ten seconds
        samples=_IDLE_STEPS,
    )


async def _seen(cluster: PlayedCluster, folder: Path) -> _Seen:
    used = {f"used-{number}" for number in range(_USED)}
    others = {f"other-{number}" for number in range(_ALL - _USED)}
    settings = folder / "backup.yaml"
    settings.write_text(SETTINGS.replace("quiet_seconds: 0", f"quiet_seconds: 0, at_once: {_USED}"))
    (folder / "login.yaml").write_text(LOGIN)
    os.environ["KUBECONFIG"] = str(cluster.kubeconfig_of(BACKUP))
    with ThreadPoolExecutor(_AT_ONCE) as requests:
        list(requests.map(lambda name: cluster.add_claim(name, mounted_at=AN_HOUR_AGO), used))
        list(requests.map(cluster.add_claim, others))
        async with API.open() as api:
            backup = SteppedController(api, settings)
            made: set[str] = set()
            busy = 0.0
            while True:
                busy += await _cpu_of_a_step(backup)
                pods = cluster.snapshot_pods()
                if not pods:
                    break
                made |= {
                    pod["metadata"]["annotations"]["gpucommons.io/snapshot-of"]
                    for pod in pods.values()
                }
                list(requests.map(lambda pod: cluster.finish(pod, REPORT), pods))
            idle = [await _cpu_of_a_step(backup) for _ in range(_IDLE_STEPS)]
    return _Seen(len(made - used), len(made & used), busy, idle)


async def _cpu_of_a_step(backup: SteppedController) -> float:
    """Seconds of the step alone: an installation follows a watch, and lists nothing anew."""
    await backup.look()
    begin = time.process_time()
    await backup.controller.step()
    return time.process_time() - begin
