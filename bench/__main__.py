"""Run all benchmarks, or those that are named, and show a table."""

import sys

from bench import check, course, idle_replay, platform, quota, removal, spawn
from bench.accounting import accounting
from bench.backup import backup
from bench.backup import claims as backup_claims
from bench.backup import kills as backup_kills
from bench.backup import nightly as backup_nightly
from bench.backup import start as backup_start
from bench.backup import writing as backup_writing
from bench.chaos import chaos
from bench.lab import lab_page, lab_start, notebook_keeping, panel
from bench.pages import availability, interactive, login, picker, viewers
from bench.run import Benchmark, run
from bench.scale import idle_scale, scale

BENCHMARKS: dict[str, Benchmark] = {
    "quota": quota.measure,
    "accounting": accounting.measure,
    "picker": picker.measure,
    "availability": availability.measure,
    "interactive": interactive.measure,
    "viewers": viewers.measure,
    "panel": panel.measure,
    "lab_start": lab_start.measure,
    "lab_page": lab_page.measure,
    "check": check.measure,
    "notebook_keeping": notebook_keeping.measure,
    "login": login.measure,
    "removal": removal.measure,
    "import": course.measure,
    "idle_replay": idle_replay.measure,
    "platform": platform.measure,
    "first-up": platform.measure_first,
    "spawn": spawn.measure,
    "backup": backup.measure,
    "backup_large": backup.measure_large,
    "backup_many": backup.measure_many,
    "backup_claims": backup_claims.measure,
    "backup_start": backup_start.measure,
    "backup_nightly": backup_nightly.measure,
    "backup_writing": backup_writing.measure,
    "backup_kills": backup_kills.measure,
    "scale": scale.measure,
    "idle_scale": idle_scale.measure,
    "chaos": chaos.measure,
}
ON_REQUEST = {
    "accounting",
    "backup",
    "backup_kills",
    "backup_large",
    "backup_many",
    "backup_nightly",
    "backup_writing",
    "chaos",
    "first-up",
    "idle_scale",
    "panel",
    "scale",
}
"""Take a quarter of an hour, so only by name."""


if __name__ == "__main__":
    sys.exit(
        run(BENCHMARKS, sys.argv[1:] or [each for each in BENCHMARKS if each not in ON_REQUEST])
    )
