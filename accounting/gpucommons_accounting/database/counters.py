"""Counters that outlive the program, and never go back.

What sessions add that ended some time ago is settled, and not looked at again. So a scrape reads a
few rows, whatever the number of sessions, and all replicas tell the same.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from gpucommons_upkeep.columns import ExactDecimal, UnboundedText
from gpucommons_upkeep.database import Database
from sqlalchemy import Column, Connection, String, Table, delete, func, insert, select

from gpucommons_accounting.database.statements import alone
from gpucommons_accounting.database.tables import BEATS, METADATA, SESSIONS
from gpucommons_accounting.reckoning.use.counting import Key
from gpucommons_accounting.records.event import Source

COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("labels", UnboundedText, primary_key=True),
    Column("settled", ExactDecimal, nullable=False),
    Column("value", ExactDecimal, nullable=False),
)
"""``labels``: their values, as JSON. ``settled``: of sessions that ended before the beat
``counters``."""
_SETTLED = "counters"
_PLACES = Decimal("0.000001")


class Counters:
    """The counters. It blocks: call it in a thread. Raises StoreUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> dict[Key, Decimal]:
        """Return all of them."""
        with self._database.transaction(reads=True) as connection:
            return {_key(row): row.value for row in connection.execute(select(COUNTERS))}

    def uncertain_ends(self) -> int:
        """Return how many sessions ended unseen."""
        unseen = SESSIONS.c.end_source.in_([str(Source.ACCOUNTING), str(Source.TELEMETRY)])
        with self._database.transaction(reads=True) as connection:
            found: int | None = connection.scalar(
                select(func.count()).select_from(SESSIONS).where(unseen)
            )
            return found or 0

    def settled_until(self) -> datetime | None:
        """Return the moment before which all that ended is settled; None without a session."""
        with self._database.transaction(reads=True) as connection:
            until = select(BEATS.c.at).where(BEATS.c.name == _SETTLED)
            found: datetime | None = connection.scalar(until)
            return found or connection.scalar(select(func.min(SESSIONS.c.requested)))

    def settle(self, more: Mapping[Key, Decimal], until: datetime) -> None:
        """Add what sessions did that ended before a moment; they are not counted again."""
        with self._database.transaction() as connection:
            alone(connection)
            rows = _rows(connection)
            for key, amount in more.items():
                settled, value = rows.get(key, (Decimal(0), Decimal(0)))
                rows[key] = settled + amount, max(value, settled + amount)
            _write(connection, rows)
            connection.execute(delete(BEATS).where(BEATS.c.name == _SETTLED))
            connection.execute(insert(BEATS).values(name=_SETTLED, at=until))

    def raise_to(self, recent: Mapping[Key, Decimal]) -> None:
        """Let the counters be what is settled and this; none is less than it was."""
        with self._database.transaction() as connection:
            alone(connection)
            rows = _rows(connection)
            for key, amount in recent.items():
                settled, value = rows.get(key, (Decimal(0), Decimal(0)))
                rows[key] = settled, max(value, settled + amount)
            _write(connection, rows)


def _rows(connection: Connection) -> dict[Key, tuple[Decimal, Decimal]]:
    rows = connection.execute(select(COUNTERS))
    return {_key(row): (row.settled, row.value) for row in rows}


def _write(connection: Connection, rows: Mapping[Key, tuple[Decimal, Decimal]]) -> None:
    connection.execute(delete(COUNTERS))
    if rows:
        connection.execute(
            insert(COUNTERS),
            [
                {
                    "name": key.name,
                    "labels": json.dumps(key.labels),
                    "settled": settled.quantize(_PLACES),
                    "value": value.quantize(_PLACES),
                }
                for key, (settled, value) in rows.items()
            ],
        )


def _key(row: object) -> Key:
    name, labels = getattr(row, "name", ""), getattr(row, "labels", "[]")
    return Key(name, tuple(json.loads(labels)))
