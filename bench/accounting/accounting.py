"""What pages, exports and a rebuild of accounting cost with many sessions, on both databases.

``BENCH_SCALE`` says how many sessions, 100,000 by default. The same sessions are counted by the
schemes of others in the same run, each with its error against the true sums.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

from gpucommons_accounting.database.asked import Asked
from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.rows import row_of_event
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.database.tables import ACTIVITY, EVENTS
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.report import By, report
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_contract import read_balances
from gpucommons_spawner.quota.budgets import Budgets
from sqlalchemy import insert

from bench.accounting.peers import Rollup, Sums, sampled, true, worst
from bench.accounting.sessions import (
    BEGIN,
    BUDGETS,
    CALENDAR,
    END,
    NODES,
    PEOPLE,
    PLANNED,
    PRICES,
    SITE,
    TEAMS,
    YEAR,
    quarters,
    sessions,
)
from bench.figure import Figure, percentile
from tests.hub.postgresql import PostgreSQL

_SCALE = int(os.environ.get("BENCH_SCALE", "100000"))
_ROUNDS = 40
_MONTH = CALENDAR.month(2025, 10)
_PLACES = 2000
"""Sessions whose facts are written together."""


def measure() -> Iterator[Figure]:
    """Measure on SQLite, then on PostgreSQL, then the schemes of others."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/accounting.sqlite"
        yield from _on("sqlite", url, beside=Path(folder))
    with PostgreSQL().running() as server:
        yield from _on("postgresql", server.create("accounting", "psycopg2"))


def _on(database: str, url: str, beside: Path | None = None) -> Iterator[Figure]:
    """Measure on a database; beside: a folder for the schemes of others, if they are measured."""
    store = Store(url, calendar=CALENDAR)
    store.open()
    try:
        _fill(store)
        yield from _pages(database, store)
        if beside:
            yield from _others(beside, _ours(store))
        yield _events(database, store)
        yield from _csv(database, url)
    finally:
        store.close()


def _fill(store: Store) -> None:
    begin = time.perf_counter()
    for some in _by(_PLACES, sessions(_SCALE)):
        rows = [row_of_event(event, END) for each in some for event in each.events]
        with store.database.transaction(seconds=600) as connection:
            connection.execute(insert(EVENTS), rows)
        measured = [row for each in some for row in quarters(each)]
        if measured:
            with store.database.transaction(seconds=600) as connection:
                connection.execute(insert(ACTIVITY), measured)
    for price in PRICES:
        store.set_price(price, "bench", END)
    for fact in NODES:
        store.note_node(fact)
    for budget in BUDGETS:
        store.budgets.set_budget(budget, "bench", BEGIN)
    print(f"{_SCALE} sessions made in {time.perf_counter() - begin:.0f} s", flush=True)


def _pages(database: str, store: Store) -> Iterator[Figure]:
    def figure(  # noqa: PLR0917 -- what a figure is made of
        name: str, title: str, value: float, unit: str, target: float, samples: int = 1
    ) -> Figure:
        return Figure(
            f"accounting-{name}-{database}",
            f"{title}, {_SCALE:,} sessions, {database}",
            value,
            unit,
            target=target,
            samples=samples,
        )

    took = _seconds(store.rebuild)
    yield figure("rebuild", "Deriving all sessions and totals anew", took, "s", 600)
    chance = random.Random(1)

    def own_page() -> None:
        person = f"person-{chance.randrange(PEOPLE):04}"
        store.report(_MONTH, END, By.DAY, Whose(person=person))
        store.page(_MONTH, 201, Whose(person=person), newest_first=True)

    def team_month() -> None:
        team = f"team-{chance.randrange(TEAMS):02}"
        store.report(_MONTH, END, By.PERSON, Whose(team=team))

    def year() -> None:
        store.report(YEAR, END, By.TEAM)

    def activity() -> None:
        store.activities.sums(YEAR, By.TEAM)

    def list_page() -> None:
        day = CALENDAR.day(CALENDAR.day_of(YEAR.begin)).begin
        store.page(Period(day + chance.random() * (END - day) / 2, END), 200)

    sheet = BalanceSheet(store, SITE, Decimal(4), lambda: END - timedelta(days=1))
    facts = store.node_facts(END)

    def plan() -> None:
        Asked(store.database).capacity_plan(facts, YEAR, END, PLANNED, 2)

    for name, title, ask, target in (
        ("own-page", "A person's own month, p95", own_page, 150),
        ("team-month", "A team's month by person, p95", team_month, 300),
        ("year", "A year by team, p95", year, 800),
        ("list", "A page of all sessions, p95", list_page, 150),
        ("balances", "Budgets of a year of all people and teams, p95", sheet.read, 1000),
        ("activity", "How busy GPUs were in a year by team, p95", activity, 800),
    ):
        ask()
        taken = [1000 * _seconds(ask) for _ in range(_ROUNDS)]
        yield figure(name, title, percentile(taken, 0.95), "ms", target, _ROUNDS)
    yield figure("replay", "Replaying a year with more GPUs", _seconds(plan), "s", 5)
    yield figure("hub-balances", "The hub takes up what is left", _hub_takes(sheet), "ms", 10)
    wrong = _wrong(store)
    yield figure("wrong", "People whose month differs from their sessions", wrong, "", 0)


def _hub_takes(sheet: BalanceSheet) -> float:
    """Return in how many milliseconds the hub reads and takes an answer of accounting's."""
    text = sheet.read().balances.to_json()
    budgets = Budgets()
    budgets.begin(closes=True, patience=timedelta(days=1))
    return 1000 * _seconds(lambda: budgets.take(read_balances(text)))


def _wrong(store: Store) -> int:
    """Compare totals with the sum of the sessions, to the last digit."""
    summed = store.report(_MONTH, END, By.PERSON)
    directly = report(
        store.sessions(_MONTH),
        _MONTH,
        END,
        By.PERSON,
        calendar=CALENDAR,
        prices=PriceList(store.prices()),
    )
    one, other = (
        {each.name: (each.usage.allocated, each.priced) for each in said.lines}
        for said in (summed, directly)
    )
    return sum(one.get(name) != other.get(name) for name in one.keys() | other.keys())


def _events(database: str, store: Store) -> Figure:
    """Write facts of new sessions as a recorder does: some of them each time."""
    new = [event for each in sessions(500, seed=99) for event in each.events]
    begin = time.perf_counter()
    for some in _by(20, new):
        store.add(list(some), END)
    rate = len(new) / (time.perf_counter() - begin)
    title = f"A fact recorded, 20 at a time, {_SCALE:,} sessions, {database}"
    return Figure(
        f"accounting-fact-{database}", title, 1000 / rate, "ms", target=10, samples=len(new)
    )


def _csv(database: str, url: str) -> Iterator[Figure]:
    script = Path(__file__).with_name("csv_export.py")
    run = subprocess.run(
        [sys.executable, "-P", script, url], capture_output=True, text=True, check=True
    )
    first, whole, memory = map(float, run.stdout.split())
    print(f"CSV of all on {database}: {whole:.0f} s", flush=True)
    for name, title, value, unit, target in (
        ("csv-first", "First line of a CSV of all", first, "s", 1),
        ("csv-memory", "Memory while a CSV of all is sent", memory, "MB", 150),
    ):
        yield Figure(
            f"accounting-{name}-{database}",
            f"{title}, {_SCALE:,} sessions, {database}",
            value,
            unit,
            target=target,
        )


def _ours(store: Store) -> Sums:
    lines = store.report(_MONTH, END, By.PERSON).lines
    return {line.name: float(line.usage.allocated) / 1e6 for line in lines}


def _others(folder: Path, ours: Sums) -> Iterator[Figure]:
    begin, end = _MONTH.begin, _MONTH.end
    near = [each for each in sessions(_SCALE) if each.bound < end and each.gone > begin]
    right = true(near, begin, end)
    schemes: list[tuple[str, str, Callable[[], Sums]]] = [
        ("sampling-60", "samples of a minute", lambda: sampled(near, begin, end, 60)),
        ("sampling-300", "samples of five minutes", lambda: sampled(near, begin, end, 300)),
    ]
    rollup = Rollup(folder / "rollup.sqlite")
    took = _seconds(lambda: rollup.add(sessions(_SCALE)))
    print(f"Hourly rollups of all took {took:.0f} s", flush=True)
    schemes.append(("rollup", "hourly rollups", lambda: rollup.by("user", begin, end)))
    for name, title, ask in schemes:
        yield Figure(
            f"accounting-error-{name}",
            "Largest error of a person's month",
            round(worst(ours, right), 9),  # the true sums are of floats
            "%",
            target=0,
            peer=title,
            peer_value=worst(ask(), right),
            samples=len(right),
        )
    yield Figure(
        "accounting-year-rollup",
        "A year by team of hourly rollups",
        1000 * _seconds(lambda: rollup.by("account", YEAR.begin, YEAR.end)),
        "ms",
    )


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _by(size: int, given: Iterable) -> Iterator[list]:
    rest = iter(given)
    while some := list(islice(rest, size)):
        yield some
