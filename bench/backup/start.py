"""How long a start on another node waits for the snapshot that has its volume: a real controller.

The test plays scheduler and kubelet; the controller, the pod's program and the store are real.
What the storage takes to move a volume is not in it. BACKUP_FILES says how many files the home has
(50000).
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_contract import Annotation

from bench.backup import home as home_of
from bench.figure import Figure
from bench.kwok_cluster import folder_in_memory
from tests.backup.controller.played_cluster import ADA, IMAGE, POD, TEAM, PlayedCluster, moment
from tests.backup.controller.programs import BackupProgram, RestServer, start_pod
from tests.waiting import until

_ROUNDS = 5
_BYTES = 2_000  # of a file
_SOON_S, _LATER_S = 0.5, 2.5
"""When a start comes after the begin of a snapshot, at the earliest and at the latest."""
_GRACE_S = 5
"""After which the kubelet kills a pod that was told to end, as the controller asks for."""
_LOOK_S = 0.02
_SETTINGS = """\
store: rest:{store}/
credentials: snapshots.yaml
image: {image}
schedule: {{quiet_seconds: 0}}
"""


def measure() -> Iterator[Figure]:
    """Have a session start again and again while a first snapshot is taken."""
    files = int(os.environ.get("BACKUP_FILES", "50000"))
    with folder_in_memory() as folder:
        (folder / "home").mkdir()
        home_of.make_small_files(folder / "home", files, _BYTES)
        store = RestServer(folder, "snapshots", "--append-only")
        settings = folder / "backup.yaml"
        settings.write_text(_SETTINGS.format(store=store.url, image=IMAGE))
        cluster = PlayedCluster(folder)
        cluster.start()
        controller = BackupProgram(folder, cluster, settings)
        try:
            store.start()
            controller.start()
            cluster.add_claim(ADA)
            chance = random.Random(1)
            waits = [
                _wait(cluster, folder, chance.uniform(_SOON_S, _LATER_S)) for _ in range(_ROUNDS)
            ]
        finally:
            for each in (controller, store, cluster):
                each.stop()
    yield Figure(
        "backup-start",
        f"A start on another node waits for a snapshot of {files:,} files, at most",
        *(max(waits), "s"),
        target=5,
        samples=len(waits),
    )


def _wait(cluster: PlayedCluster, folder: Path, after: float) -> float:
    """Return the seconds from a session's pod until the snapshot's program has ended."""
    cluster.annotate(ADA, Annotation.MOUNTED_AT, moment(datetime.now(UTC)))
    until(lambda: POD in cluster.snapshot_pods())
    cluster.place(POD, "one")
    cluster.say(POD, {"phase": "Running"})
    program = start_pod(cluster, folder / "home", folder)
    try:
        time.sleep(after)
        if program.poll() is not None:
            raise RuntimeError("The snapshot was done before the start: give it more files.")
        begin = time.perf_counter()
        cluster.start_session(ADA, node=None)
        _quickly(lambda: "deletionTimestamp" in cluster.snapshot_pods()[POD]["metadata"])
        program.send_signal(signal.SIGTERM)
        try:
            program.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
        program.communicate()
        waited = time.perf_counter() - begin
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
            program.communicate()
    cluster.end_pod(POD, {"exitCode": 143})
    cluster.delete(f"/api/v1/namespaces/{TEAM}/pods/{POD}")
    until(lambda: POD not in cluster.snapshot_pods())
    cluster.end_session(ADA)
    return waited


def _quickly(happened: Callable[[], bool]) -> None:
    """Wait for something whose moment is what is measured."""
    while not happened():
        time.sleep(_LOOK_S)
