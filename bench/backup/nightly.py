"""A night of snapshots: many workspaces, some files changed in each, a few pods at a time.

BACKUP_WORKSPACES says how many (200), BACKUP_FILES of how many files each (20000). All are of one
home, with a repository each: restic and our walk do as much as for a home each, but read it from
memory.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from gpucommons_backup.controller.settings import Schedule

from bench.backup import home as home_of
from bench.backup.runs import Ours, measured
from bench.figure import Figure, percentile
from bench.kwok_cluster import folder_in_memory
from tests.backup.store import Store

_BYTES = 500  # of a file
_CHANGED = 0.01


def measure() -> Iterator[Figure]:
    """Take a first snapshot of each, change the files, and measure the next ones."""
    count = int(os.environ.get("BACKUP_WORKSPACES", "200"))
    files = int(os.environ.get("BACKUP_FILES", "20000"))
    at_once = Schedule().at_once
    with folder_in_memory() as folder:
        home = folder / "home"
        home_of.make_small_files(home / home_of.MANY, files, _BYTES)
        (folder / "store").mkdir()
        store = Store(folder / "store")
        store.start()
        try:
            workspaces = [Ours(store, home) for _ in range(count)]
            with ThreadPoolExecutor(at_once) as pods:
                list(pods.map(Ours.first, workspaces))
                home_of.change(home, _CHANGED, 1)
                each: list[float] = []
                night = measured(
                    lambda: each.extend(one.seconds for one in pods.map(Ours.again, workspaces))
                )
        finally:
            store.stop()
    what = f"{count} workspaces of {files:,} files, 1 % changed, {at_once} at a time"
    yield Figure("backup-night", f"A night, {what}", night.seconds / 60, "min", samples=count)
    cpu = night.cpu / count
    yield Figure("backup-night-cpu", f"CPU of one of {what}", cpu, "s", samples=count)
    slow = percentile(each, 0.95)
    yield Figure("backup-night-p95", f"Slowest of twenty, {what}", slow, "s", samples=count)
    yield Figure(
        *("backup-night-memory", f"Memory of all pods together, {what}", night.memory, "MiB"),
        target=512 * at_once,
    )
