"""Who looked at what one person used: on record, for that person to see."""

from dataclasses import dataclass
from datetime import datetime

from gpucommons_upkeep.database import Database
from sqlalchemy import insert, select

from gpucommons_accounting.database.people.identity_tables import LOOKS
from gpucommons_accounting.records.identity import PersonId


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one person's usage."""

    at: datetime
    by: str
    person: PersonId
    what: str
    """What was seen: a word for the audit, such as ``sessions``."""


class Looks:
    """The record of looks. It blocks: call it in a thread. Raises StoreUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, look: Look) -> None:
        """Write one down."""
        row = {"at": look.at, "by": look.by, "what": look.what}
        row |= {"person": look.person.name, "person_since": look.person.since}
        with self._database.transaction() as connection:
            connection.execute(insert(LOOKS).values(**row))

    def at(self, person: PersonId, most: int) -> list[Look]:
        """Return who looked at somebody, the last first."""
        found = (
            select(LOOKS)
            .where(LOOKS.c.person == person.name, LOOKS.c.person_since == person.since)
            .order_by(LOOKS.c.at.desc(), LOOKS.c.number.desc())
            .limit(most)
        )
        with self._database.transaction(reads=True) as connection:
            return [Look(row.at, row.by, person, row.what) for row in connection.execute(found)]
