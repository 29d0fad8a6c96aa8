"""Statements that several of accounting's tables need, on either database."""

from collections.abc import Iterator
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite

_AT_ONCE = 500
"""Sessions, or rows, that are asked for by one statement; databases bound its parameters."""
_Each = TypeVar("_Each")
_WRITING = 0x67707561
"""Any number that no other program takes."""


def alone(connection: Connection) -> None:
    """Wait until nobody else writes: who derives a session must have all facts of it.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITING})


def unless_there(connection: Connection, table: Table) -> Any:  # noqa: ANN401 -- two dialects'
    """Insert what is not there yet, by the table's primary key."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def parts(each: list[_Each], at_once: int = _AT_ONCE) -> Iterator[list[_Each]]:
    """Yield as many as one statement may name, or fewer, until all are named."""
    for first in range(0, len(each), at_once):
        yield each[first : first + at_once]
