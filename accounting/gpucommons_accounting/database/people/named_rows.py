"""Where names stand besides facts and what follows from them, and how they are replaced there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gpucommons_contract import SubjectKind
from sqlalchemy import Column, Connection, Row, Table, bindparam, delete, literal, select, update

from gpucommons_accounting.database.budget_mails import BUDGET_MAILS
from gpucommons_accounting.database.people.identity_tables import ERASURES, LOOKS
from gpucommons_accounting.database.tables import ADJUSTMENTS, BUDGETS, PRICES, SESSIONS, STARTS
from gpucommons_accounting.records.identity import Identities, PersonId
from gpucommons_accounting.records.pseudonym import Hidden


@dataclass(frozen=True, slots=True)
class Place:
    """A column with names, and what belongs to it."""

    table: Table
    column: str
    at: str
    """Column of the moment at which the name meant somebody."""
    since: str = ""
    """Column of when their account was made; empty where the table has none."""
    session: str = ""
    """Column of the uid of a session that is theirs."""
    texts: tuple[str, ...] = ()
    """Columns with sentences about them."""
    emptied: tuple[str, ...] = ()
    """Columns with what they made up, or that tell them apart."""


PLACES = (
    Place(STARTS, "person", "asked", session="uid", texts=("sentence",), emptied=("server",)),
    Place(LOOKS, "person", "at", since="person_since", emptied=("person_since",)),
    Place(ADJUSTMENTS, "person", "made_at", session="session", texts=("reason",)),
    *(
        Place(table, "by", at)
        for table, at in (
            (LOOKS, "at"),
            (ADJUSTMENTS, "made_at"),
            (BUDGETS, "made_at"),
            (PRICES, "made_at"),
            (ERASURES, "at"),
        )
    ),
)
"""Rows of all of these are only added. Budgets of a person, and mail, are looked after apart."""
_KEY, _NEW = "key_", "new_"
"""Prefixes of parameters."""


class NamedRows:
    """Rows that name one person: of those that have the name, what is of who had it then."""

    def __init__(self, person: PersonId, known: Identities, hidden: Hidden) -> None:
        """known: of all who have or had the name. hidden: of the pseudonym that replaces it."""
        self._person, self._known, self._hidden = person, known, hidden

    def in_place(self, connection: Connection, place: Place) -> list[dict[str, Any]]:
        """Return the changes of one place, as `change` takes them."""
        table, columns = place.table, [*place.table.columns]
        linked = [literal("").label(name) for name in ("its_person", "its_since", "its_requested")]
        query = select(*columns, *linked)
        if place.session:
            linked = [
                SESSIONS.c[name].label(f"its_{name.removeprefix('person_')}")
                for name in ("person", "person_since", "requested")
            ]
            query = select(*columns, *linked).outerjoin(
                SESSIONS, SESSIONS.c.uid == table.c[place.session]
            )
        rows = connection.execute(query.where(table.c[place.column] == self._person.name))
        return [self._changed(place, row) for row in rows if self._is_theirs(place, row)]

    def change(self, connection: Connection, place: Place, changes: list[dict[str, Any]]) -> None:
        """Write a few changes."""
        keys = (
            column == bindparam(f"{_KEY}{column.name}")
            for column in place.table.primary_key.columns
        )
        names = (place.column, *place.texts, *place.emptied)
        values: dict[str, Any] = {name: bindparam(f"{_NEW}{name}") for name in names}
        connection.execute(update(place.table).where(*keys).values(**values), changes)

    def budgets(self, connection: Connection) -> list[int]:
        """Return the numbers of their budgets; none where another account has the name.

        Budgets are of whoever has a name: they would be that one's.
        """
        others = set(self._known.people_called(self._person.name)) - {self._person}
        if any(each.since for each in others):
            return []
        kind, name = str(SubjectKind.PERSON), self._person.name
        theirs = select(BUDGETS.c.number).where(BUDGETS.c.kind == kind, BUDGETS.c.name == name)
        return [*connection.scalars(theirs)]

    def change_budgets(self, connection: Connection, numbers: list[int]) -> None:
        """Replace the name in a few of their budgets."""
        rows = connection.execute(select(BUDGETS).where(BUDGETS.c.number.in_(numbers))).all()
        for row in rows:
            said = {"name": self._hidden.pseudonym, "reason": self._hidden.text(row.reason)}
            one = update(BUDGETS).where(BUDGETS.c.number == row.number)
            connection.execute(one.values(**said))

    def forget_mails(self, connection: Connection) -> None:
        """Forget what they were told by mail, and what others were told of their budgets."""
        for row in connection.execute(select(BUDGET_MAILS)).all():
            subject = PersonId(row.name, row.own_id) if row.kind == SubjectKind.PERSON else None
            named = (subject, PersonId(row.receiver, row.receiver_since))
            if any(each and self._means(each.name, each.since, row.at) for each in named):
                same = (column == getattr(row, column.name) for column in _keys(BUDGET_MAILS))
                connection.execute(delete(BUDGET_MAILS).where(*same))

    def _is_theirs(self, place: Place, row: Row[Any]) -> bool:
        if place.session and row.its_person:
            if row.its_person == self._hidden.pseudonym:
                return True
            if row.its_person == self._person.name:
                return self._means(row.its_person, row.its_since, row.its_requested)
        since = getattr(row, place.since) if place.since else ""
        return self._means(self._person.name, since, getattr(row, place.at))

    def _means(self, name: str, since: str, at: Any) -> bool:  # noqa: ANN401 -- of a row
        return name == self._person.name and self._known.person(name, since, at) == self._person

    def _changed(self, place: Place, row: Row[Any]) -> dict[str, Any]:
        new = {place.column: self._hidden.pseudonym}
        new |= {name: self._hidden.text(getattr(row, name)) for name in place.texts}
        new |= dict.fromkeys(place.emptied, "")
        keys = {f"{_KEY}{column.name}": getattr(row, column.name) for column in _keys(place.table)}
        return keys | {f"{_NEW}{name}": value for name, value in new.items()}


def _keys(table: Table) -> Iterator[Column[Any]]:
    yield from table.primary_key.columns
