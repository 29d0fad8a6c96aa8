"""Names of people who left, replaced by pseudonyms wherever they stand.

That somebody is to be forgotten is written down first, with the pseudonym: then each step takes a
few sessions or rows in one transaction. What was stopped is gone on with, and nothing is done
twice. At the end the row goes that has both, and nobody can say any more who it was.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from gpucommons_upkeep.database import Database
from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    delete,
    func,
    insert,
    select,
    true,
    update,
)

from gpucommons_accounting.database.people.feedback import forget_who_left
from gpucommons_accounting.database.people.identities import identities_in
from gpucommons_accounting.database.people.identity_tables import ERASURES, LOOKS, PEOPLE
from gpucommons_accounting.database.people.named_facts import NamedFacts
from gpucommons_accounting.database.people.named_rows import PLACES, NamedRows
from gpucommons_accounting.database.statements import alone, parts, unless_there
from gpucommons_accounting.database.tables import SESSIONS, STARTS
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.records.pseudonym import Hidden, is_pseudonym, new_pseudonym

_LONG = 3600.0
"""Seconds that a transaction may take which nobody waits for: it looks through all facts."""

_AT_ONCE = 100
"""Sessions whose facts are written anew in one transaction: about half a second."""
_PAUSE_SECONDS = 0.2
"""Between two of these. Whoever waits to write to SQLite looks ten times a second whether it can,
and would find no gap.
"""
_AT_SOME_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""When whoever has a pseudonym left: the true moment would tell who it was."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """That somebody was to be forgotten: who said so, and why; not who it was."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who seems to have left, and when they were last there."""

    person: PersonId
    last: datetime


class Pseudonyms:
    """It blocks: call it in a thread. Raises StoreUnavailableError as the store does."""

    def __init__(self, database: Database, calendar: Calendar) -> None:
        """calendar: the site's, of whose days totals are kept."""
        self._database, self._calendar = database, calendar

    def gone(self, before: datetime) -> list[Gone]:
        """Return who left before a moment and still has their name.

        Of whom it is not known since when they had an account, nobody says either when they left:
        these are taken as gone who asked for nothing since.
        """
        left = select(PEOPLE).where(PEOPLE.c.left_at < before, PEOPLE.c.pseudonym.is_(None))
        with self._database.transaction(reads=True, seconds=_LONG) as connection:
            found = [
                Gone(PersonId(row.name, row.since), row.left_at)
                for row in connection.execute(left)
                if not is_pseudonym(row.name)
            ]
            return found + _unknown(connection, before)

    def pending(self) -> list[PersonId]:
        """Return those whose names are being replaced."""
        wanted = select(PEOPLE.c.name, PEOPLE.c.since).where(PEOPLE.c.pseudonym.is_not(None))
        with self._database.transaction(reads=True) as connection:
            return [PersonId(*row) for row in connection.execute(wanted)]

    def begin(
        self, people: Iterable[PersonId], left_at: datetime, erasure: Erasure | None = None
    ) -> None:
        """Write down that people are to be forgotten, and who wants it if anybody does.

        left_at: when they did, if that is not known. Asked for again, it is on record again, and
        they keep their pseudonyms.
        """
        with self._database.transaction() as connection:
            if erasure:
                row = {"at": erasure.at, "by": erasure.by, "reason": erasure.reason}
                connection.execute(insert(ERASURES).values(**row))
            for person in sorted(people):
                own = {"name": person.name, "since": person.since}
                connection.execute(unless_there(connection, PEOPLE), [own])
                # Locked, or two who begin at once would give two pseudonyms.
                theirs = select(PEOPLE).where(*_is(person)).with_for_update()
                known = connection.execute(theirs).one_or_none()
                if known and known.pseudonym is None:
                    left, pseudonym = known.left_at or left_at, new_pseudonym()
                    connection.execute(_of(person).values(pseudonym=pseudonym, left_at=left))
                    named = {"name": pseudonym, "since": "", "left_at": _AT_SOME_TIME}
                    connection.execute(insert(PEOPLE).values(**named))
            forget_who_left(connection)

    def count(self, person: PersonId) -> dict[str, int]:
        """Return how many sessions, and rows of which tables, name somebody."""
        with self._database.transaction(reads=True, seconds=_LONG) as connection:
            return _Standing(connection, person, "").counts()

    def replace(self, person: PersonId) -> bool:
        """Replace the name of somebody who is to be forgotten; returns whether it is done.

        It is not while one of their sessions runs.
        """
        with self._database.transaction(reads=True, seconds=_LONG) as connection:
            pseudonym = _pseudonym(connection, person)
            if pseudonym is None:
                return True
            standing = _Standing(connection, person, pseudonym)
        ended = [uid for uid, is_over in standing.sessions.items() if is_over]
        for number, uids in enumerate(parts(ended, _AT_ONCE)):
            if number:
                time.sleep(_PAUSE_SECONDS)
            with self._database.transaction(seconds=_LONG) as connection:
                alone(connection)
                standing.facts.hide(connection, self._calendar, uids)
        for place, changes in standing.changes:
            for some in parts(changes):
                with self._database.transaction() as connection:
                    standing.rows.change(connection, place, some)
        with self._database.transaction() as connection:
            standing.rows.change_budgets(connection, standing.budgets)
            standing.rows.forget_mails(connection)
        with self._database.transaction(reads=True, seconds=_LONG) as connection:
            if _Standing(connection, person, pseudonym).counts():
                return False
        with self._database.transaction() as connection:
            connection.execute(delete(PEOPLE).where(*_is(person)))
        return True

    def erasures(self) -> list[Erasure]:
        """Return who had somebody forgotten, the last first."""
        wanted = select(ERASURES).order_by(ERASURES.c.number.desc())
        with self._database.transaction(reads=True) as connection:
            return [Erasure(row.at, row.by, row.reason) for row in connection.execute(wanted)]


class _Standing:
    """Where somebody's name stands."""

    def __init__(self, connection: Connection, person: PersonId, pseudonym: str) -> None:
        known, hidden = identities_in(connection, person.name), Hidden(person.name, pseudonym)
        self.facts = NamedFacts(person, known, hidden)
        self.rows = NamedRows(person, known, hidden)
        self.sessions = self.facts.sessions(connection)
        """By uid: whether it has ended."""
        self.changes = [(place, self.rows.in_place(connection, place)) for place in PLACES]
        self.budgets = self.rows.budgets(connection)

    def counts(self) -> dict[str, int]:
        """Return how many sessions and rows those are, by what they are of."""
        found = Counter({"sessions": len(self.sessions), "budgets": len(self.budgets)})
        for place, changes in self.changes:
            found[place.table.name] += len(changes)
        return dict(+found)


def _unknown(connection: Connection, before: datetime) -> list[Gone]:
    named = (
        (SESSIONS.c.person, SESSIONS.c.requested, SESSIONS.c.person_since == ""),
        (STARTS.c.person, STARTS.c.asked, true()),
        (LOOKS.c.person, LOOKS.c.at, LOOKS.c.person_since == ""),
    )
    last: dict[str, datetime] = {}
    for name, at, which in named:
        for found, moment in connection.execute(
            select(name, func.max(at)).where(which).group_by(name)
        ):
            last[found] = max(last.get(found, moment), moment)
    known = identities_in(connection)
    return [
        Gone(PersonId(name, ""), moment)
        for name, moment in sorted(last.items())
        if name and moment < before and not is_pseudonym(name)
        if known.person(name, "", moment) == PersonId(name, "")
        if not known.has(PersonId(name, ""))
    ]


def _pseudonym(connection: Connection, person: PersonId) -> str | None:
    found: str | None = connection.scalar(select(PEOPLE.c.pseudonym).where(*_is(person)))
    return found


def _of(person: PersonId) -> Update:
    return update(PEOPLE).where(*_is(person))


def _is(person: PersonId) -> tuple[ColumnElement[bool], ...]:
    return PEOPLE.c.name == person.name, PEOPLE.c.since == person.since
