"""The presses of *Start* that the hub has told of."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from gpucommons_contract.told import StartFault, StartOutcome
from gpucommons_upkeep.database import Database
from sqlalchemy import Connection, Row, case, func, select

from gpucommons_accounting.database.statements import unless_there
from gpucommons_accounting.database.tables import STARTS
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.pilot.pilot import Newcomer
from gpucommons_accounting.records.start import Start

_AT_ONCE = 1000
_NAMES = tuple(Start.__slots__)


class Starts:
    """Their table. It blocks, and raises, as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, starts: Sequence[Start]) -> None:
        """Keep them. One that is there already stays as it is."""
        if not starts:
            return
        with self._database.transaction() as connection:
            connection.execute(unless_there(connection, STARTS), [_row(start) for start in starts])

    def of(self, period: Period) -> list[Start]:
        """Return those that were asked for in a period, the earliest first: where they are few."""
        with self._database.transaction(reads=True) as connection:
            return list(starts_of(connection, period))

    def refusals(self) -> dict[str, int]:
        """Return how many starts were refused ever, by the word that says why."""
        refused = STARTS.c.outcome == str(StartOutcome.REFUSED)
        counted = select(STARTS.c.why, func.count().label("starts")).where(refused)
        with self._database.transaction(reads=True) as connection:
            return {
                row.why: row.starts for row in connection.execute(counted.group_by(STARTS.c.why))
            }


def starts_of(connection: Connection, period: Period) -> Iterator[Start]:
    """Yield those that were asked for in a period, the earliest first: a few are in memory."""
    asked = (STARTS.c.asked >= period.begin) & (STARTS.c.asked < period.end)
    query = select(STARTS).where(asked).order_by(STARTS.c.asked, STARTS.c.start)
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield _start(row)


def newcomers_of(connection: Connection, period: Period, *, but_of: str = "") -> Iterator[Newcomer]:
    """Yield who pressed *Start* in a period for the first time on record, by name.

    but_of: a team whose starts are left out.
    """
    first = func.min(STARTS.c.asked)
    got_in = func.min(case((STARTS.c.outcome == str(StartOutcome.READY), STARTS.c.at)))
    query = select(first.label("asked"), got_in.label("ready")).group_by(STARTS.c.person)
    if but_of:
        query = query.where(STARTS.c.team != but_of)
    for row in connection.execute(query.having(first >= period.begin, first < period.end)):
        yield Newcomer(row.asked, row.ready)


def _row(start: Start) -> dict[str, Any]:
    return {**asdict(start), "outcome": str(start.outcome), "fault": str(start.fault)}


def _start(row: Row[Any]) -> Start:
    values = {name: getattr(row, name) for name in _NAMES}
    values |= {"outcome": StartOutcome(row.outcome), "fault": StartFault(row.fault)}
    return Start(**values)
