"""Who was told by mail how far a budget is used, so that nobody is told twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_contract import SubjectKind
from gpucommons_upkeep.columns import UnboundedText, UTCDateTime
from gpucommons_upkeep.database import Database
from sqlalchemy import Column, Integer, String, Table, delete, insert, select

from gpucommons_accounting.database.tables import METADATA
from gpucommons_accounting.records.identity import PersonId

BUDGET_MAILS = Table(
    "budget_mails",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("name", UnboundedText, primary_key=True),
    Column("own_id", String(64), primary_key=True),
    Column("unit", String(16), primary_key=True),
    Column("resets_at", UTCDateTime, primary_key=True),
    Column("receiver", UnboundedText, primary_key=True),
    Column("receiver_since", String(64), primary_key=True),
    Column("percent", Integer, nullable=False),
    Column("at", UTCDateTime, nullable=False),
)
"""``percent``: the highest that the receiver was told in the period that ends at ``resets_at``."""
_KEPT_FOR = timedelta(days=31)
"""After the end of the period; a clock may go back."""


@dataclass(frozen=True, slots=True)
class Told:
    """A budget in one of its periods, and somebody who is told of it."""

    kind: SubjectKind
    name: str
    """Of the person or the team."""
    own_id: str
    """By which it is this person or team, and none of the same name."""
    unit: str
    resets_at: datetime
    receiver: PersonId


class BudgetMails:
    """The record of mails. It blocks: call it in a thread. Raises StoreUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self) -> dict[Told, int]:
        """Return the highest percent that each was told."""
        with self._database.transaction(reads=True) as connection:
            return {
                Told(
                    SubjectKind(row.kind),
                    row.name,
                    row.own_id,
                    row.unit,
                    row.resets_at,
                    PersonId(row.receiver, row.receiver_since),
                ): row.percent
                for row in connection.execute(select(BUDGET_MAILS))
            }

    def note(self, told: Told, percent: int, at: datetime) -> None:
        """Note that somebody was told, and forget what is long over."""
        key = {
            "kind": str(told.kind),
            "name": told.name,
            "own_id": told.own_id,
            "unit": told.unit,
            "resets_at": told.resets_at,
            "receiver": told.receiver.name,
            "receiver_since": told.receiver.since,
        }
        before = (BUDGET_MAILS.c[column] == value for column, value in key.items())
        with self._database.transaction() as connection:
            connection.execute(delete(BUDGET_MAILS).where(*before))
            connection.execute(insert(BUDGET_MAILS).values(**key, percent=percent, at=at))
            over = BUDGET_MAILS.c.resets_at < at - _KEPT_FOR
            connection.execute(delete(BUDGET_MAILS).where(over))
