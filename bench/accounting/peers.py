"""What other schemes make of the same sessions: each person's allocated GPU-seconds in a month.

Own implementations of what is documented, at their best: nothing is restarted and no sample lost.

Sampling: a pod counts for a whole step at each sample that sees it, as sums over
``kube_pod_container_resource_requests`` in Prometheus do; two minutes and five are usual.

Hourly rollups, after Slurm's ``sreport`` (https://slurm.schedmd.com/sreport.html): jobs have whole
seconds, and each hour has a row for each account and user, which reports sum up. A row's count of
GPUs is a whole number there; here it keeps fractions, which Slurm would leave out.
"""

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from bench.accounting.sessions import Made

Sums = dict[str, float]
"""GPU-seconds by person."""


def true(sessions: Iterable[Made], begin: datetime, end: datetime) -> Sums:
    """Sum up exactly: what was held between two moments."""
    sums: Sums = defaultdict(float)
    for each in sessions:
        held = (min(each.gone, end) - max(each.bound, begin)).total_seconds()
        if held > 0:
            sums[each.person] += float(each.units) * held
    return dict(sums)


def sampled(sessions: Iterable[Made], begin: datetime, end: datetime, step: int) -> Sums:
    """Sum up samples, ``step`` seconds apart, between two moments."""
    sums: Sums = defaultdict(float)
    first, last = begin.timestamp(), end.timestamp()
    for each in sessions:
        since, until = max(each.bound.timestamp(), first), min(each.gone.timestamp(), last)
        seen = math.ceil(until / step) - math.ceil(since / step)
        if seen > 0:
            sums[each.person] += float(each.units) * seen * step
    return dict(sums)


class Rollup:
    """Hourly rows in SQLite."""

    def __init__(self, file: Path) -> None:
        """file: a new one."""
        self._database = sqlite3.connect(file)
        self._database.execute(
            "CREATE TABLE hours (hour INTEGER, account TEXT, user TEXT, seconds REAL,"
            " PRIMARY KEY (hour, account, user)) WITHOUT ROWID"
        )

    def add(self, sessions: Iterable[Made]) -> None:
        """Roll up."""
        sums: dict[tuple[int, str, str], float] = defaultdict(float)
        for each in sessions:
            for hour, seconds in _hours(int(each.bound.timestamp()), int(each.gone.timestamp())):
                sums[hour, each.team, each.person] += float(each.units) * seconds
        rows = ((*key, seconds) for key, seconds in sums.items())
        self._database.executemany("INSERT INTO hours VALUES (?, ?, ?, ?)", rows)
        self._database.commit()

    def by(self, what: str, begin: datetime, end: datetime) -> Sums:
        """Sum up whole hours by ``account`` or ``user``."""
        wanted = (begin.timestamp() // 3600, end.timestamp() // 3600)
        found = self._database.execute(
            f"SELECT {what}, sum(seconds) FROM hours WHERE hour >= ? AND hour < ? GROUP BY 1",
            wanted,
        )
        return dict(found.fetchall())


def _hours(begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end:
        until = min((begin // 3600 + 1) * 3600, end)
        yield begin // 3600, until - begin
        begin = until


def worst(found: Sums, right: Sums) -> float:
    """Return the largest error of a person's sum in percent, of those with an hour or more."""
    return max(
        100 * abs(found.get(name, 0.0) - sum_) / sum_
        for name, sum_ in right.items()
        if sum_ >= 3600
    )
