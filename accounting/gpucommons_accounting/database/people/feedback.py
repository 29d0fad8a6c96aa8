"""What people answered when asked how it goes; of whoever has left, without who it was."""

from datetime import datetime
from typing import Any

from gpucommons_upkeep.columns import UnboundedText, UTCDateTime
from gpucommons_upkeep.database import Database
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    exists,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.people.identity_tables import PEOPLE
from gpucommons_accounting.database.tables import METADATA, SESSIONS
from gpucommons_accounting.records.feedback import Answer, Kept, Topic
from gpucommons_accounting.records.identity import PersonId

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("person", UnboundedText),
    Column("person_since", UnboundedText),
    Column("quarter", String(8), nullable=False),
    Column("at", UTCDateTime),
    Column("given", Boolean, nullable=False),
    Column("ratings", JSON, nullable=False),
    Column("text", UnboundedText, nullable=False),
    Index(None, "person", "person_since", "quarter", unique=True),
    Index(None, "quarter"),
)
"""``person`` and ``at``: null of somebody who has left. ``given``: false for *not now*."""
_ONE = ("person", "person_since", "quarter")
_TOPICS = frozenset(Topic)


class Feedback:
    """The record of answers. It blocks: call it in a thread. Raises StoreUnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, person: PersonId, quarter: str, answer: Answer, at: datetime) -> None:
        """Keep an answer in place of what was kept of that person and quarter."""
        row = _row(person, quarter, at) | {"given": True, "text": answer.text}
        row["ratings"] = {str(topic): rating for topic, rating in answer.ratings.items()}
        with self._database.transaction() as connection:
            added = _insert(connection).values(**row)
            changed = {name: value for name, value in row.items() if name not in _ONE}
            connection.execute(added.on_conflict_do_update(index_elements=_ONE, set_=changed))

    def dismiss(self, person: PersonId, quarter: str, at: datetime) -> None:
        """Keep that somebody does not want to be asked; an answer that there is stays."""
        row = _row(person, quarter, at) | {"given": False, "ratings": {}, "text": ""}
        with self._database.transaction() as connection:
            added = _insert(connection).values(**row)
            connection.execute(added.on_conflict_do_nothing(index_elements=_ONE))

    def of(self, person: PersonId) -> list[Kept]:
        """Return what is kept of somebody, the newest quarter first."""
        found = (
            select(FEEDBACK)
            .where(FEEDBACK.c.person == person.name, FEEDBACK.c.person_since == person.since)
            .order_by(FEEDBACK.c.quarter.desc())
        )
        with self._database.transaction(reads=True) as connection:
            return [
                Kept(row.quarter, row.at, _answer(row) if row.given else None)
                for row in connection.execute(found)
            ]

    def answers(self, quarter: str) -> list[Answer]:
        """Return all answers of a quarter, without whose they are."""
        found = select(FEEDBACK.c.ratings, FEEDBACK.c.text)
        found = found.where(FEEDBACK.c.quarter == quarter, FEEDBACK.c.given)
        with self._database.transaction(reads=True) as connection:
            return [_answer(row) for row in connection.execute(found)]

    def has_had(self, person: PersonId, sessions: int) -> bool:
        """Whether somebody has had as many sessions that they could use, and that are over."""
        whose = Whose(person=person.name, since=person.since).conditions()
        over = SESSIONS.c.ready.is_not(None) & SESSIONS.c.gone.is_not(None)
        found = select(SESSIONS.c.uid).where(over, *whose).limit(sessions)
        with self._database.transaction(reads=True) as connection:
            return len(connection.scalars(found).all()) == sessions


def forget_who_left(connection: Connection) -> None:
    """Take from the answers of all who have left who they were, and when they answered."""
    has_left = exists().where(
        PEOPLE.c.name == FEEDBACK.c.person,
        PEOPLE.c.since == FEEDBACK.c.person_since,
        PEOPLE.c.left_at.is_not(None),
    )
    nobody = {"person": None, "person_since": None, "at": None}
    connection.execute(update(FEEDBACK).where(has_left).values(**nobody))


def _insert(connection: Connection) -> Any:  # noqa: ANN401 -- two dialects'
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(FEEDBACK)


def _row(person: PersonId, quarter: str, at: datetime) -> dict[str, Any]:
    return {"person": person.name, "person_since": person.since, "quarter": quarter, "at": at}


def _answer(row: Any) -> Answer:  # noqa: ANN401 -- a row of some of the columns
    ratings = {Topic(name): int(each) for name, each in row.ratings.items() if name in _TOPICS}
    return Answer(ratings, row.text)
