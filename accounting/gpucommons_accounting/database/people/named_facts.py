"""Facts that name somebody: found, and written anew with a pseudonym.

All else of a fact stays as it is, the order of facts included: so what is derived of them is the
same but for the name.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select

from gpucommons_accounting.database.derived import derive_anew
from gpucommons_accounting.database.statements import parts
from gpucommons_accounting.database.tables import EVENTS, SESSION_PODS, SESSIONS
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.records.event import EventKind
from gpucommons_accounting.records.identity import Identities, PersonId
from gpucommons_accounting.records.pseudonym import Hidden, is_pseudonym

_NAMING = (str(EventKind.CREATED), str(EventKind.REASON))
"""Kinds of facts that have names."""
_WHOSE = (
    SESSIONS.c.person.label("its_person"),
    SESSIONS.c.person_since.label("its_since"),
    SESSIONS.c.requested.label("its_requested"),
    SESSIONS.c.gone.label("its_gone"),
)


class NamedFacts:
    """Facts that name one person. They are those of who had the name then, and of nobody else."""

    def __init__(self, person: PersonId, known: Identities, hidden: Hidden) -> None:
        """known: of all who have or had the name. hidden: of the pseudonym that replaces it."""
        self._person, self._known, self._hidden = person, known, hidden

    def sessions(self, connection: Connection) -> dict[str, bool]:
        """Return the sessions whose facts name them, and whether each has ended."""
        said = (EVENTS.c.payload[word].as_string() for word in ("person", "by"))
        named = or_(*(each == self._person.name for each in said))
        query = select(EVENTS, *_WHOSE).join(SESSIONS, SESSIONS.c.uid == EVENTS.c.uid)
        rows = connection.execute(query.where(EVENTS.c.kind.in_(_NAMING), named))
        return {
            row.uid: row.its_gone is not None
            for row in rows
            if self._describes(row) or self._is_by(row)
        }

    def hide(self, connection: Connection, calendar: Calendar, uids: list[str]) -> None:
        """Write the facts of a few sessions anew, and the sessions and totals that follow."""
        query = select(EVENTS, *_WHOSE).join(SESSIONS, SESSIONS.c.uid == EVENTS.c.uid)
        query = query.where(EVENTS.c.uid.in_(uids)).order_by(EVENTS.c.uid)
        for uid, facts in groupby(connection.execute(query).all(), lambda row: row.uid):
            rows = list(facts)
            theirs = any(map(self._describes, rows))
            changed = {row.key: said for row in rows if (said := self._said(row, theirs=theirs))}
            _rewrite(connection, rows, changed)
            if theirs:  # a pod is called by its person's name
                connection.execute(delete(SESSION_PODS).where(SESSION_PODS.c.uid == uid))
        derive_anew(connection, calendar, uids)

    def _said(self, row: Row[Any], *, theirs: bool) -> dict[str, str] | None:
        """Return what a fact says without the name; None where it stays as it is."""
        if self._describes(row):
            return self._hidden.described(row.payload)
        if row.kind == EventKind.REASON:
            by = self._is_by(row) or (theirs and row.payload.get("by") == self._person.name)
            said = self._hidden.reason(row.payload, theirs=by)
            if (theirs or by) and said != row.payload:
                return said
        return None

    def _describes(self, row: Row[Any]) -> bool:
        """Whether a fact says that a session is theirs."""
        if row.kind != EventKind.CREATED or row.payload.get("person") != self._person.name:
            return False
        since = row.payload.get("person_since", "")
        if not since and row.its_person == self._person.name:
            since = row.its_since
        meant = self._known.person(self._person.name, since, row.its_requested)
        return meant == self._person

    def _is_by(self, row: Row[Any]) -> bool:
        """Whether a fact says that they ended a session."""
        name = self._person.name
        if row.kind != EventKind.REASON or row.payload.get("by") != name:
            return False
        return self._known.person(name, "", row.at) == self._person


def without_names(connection: Connection, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out facts with names that come too late: of sessions whose person is forgotten, and
    those that are told again and were written anew, as who ended the session is forgotten.
    """
    rows = list(rows)
    named = [row for row in rows if row["kind"] in _NAMING]
    closed: set[str] = set()
    for some in parts(sorted({row["uid"] for row in named})):
        found = select(SESSIONS.c.uid, SESSIONS.c.person).where(SESSIONS.c.uid.in_(some))
        closed |= {row.uid for row in connection.execute(found) if is_pseudonym(row.person)}
    anew: set[str] = set()
    for some in parts(sorted({_placed(row["key"], 0) for row in named})):
        anew.update(connection.scalars(select(EVENTS.c.key).where(EVENTS.c.key.in_(some))))
    return [
        row
        for row in rows
        if row["kind"] not in _NAMING
        or not (row["uid"] in closed or _placed(row["key"], 0) in anew)
    ]


def _rewrite(
    connection: Connection, rows: list[Row[Any]], changed: dict[str, dict[str, str]]
) -> None:
    """Put facts in the place of those with the same keys, under keys that say nothing of names.

    A key ends with a hash of what the fact said, which tells a name to whoever tries it. In its
    place comes the fact's place among those that differ in nothing else: so their order stays.
    """
    for _, alike in groupby(sorted(rows, key=lambda row: row.key), lambda row: _stem(row.key)):
        group = list(alike)
        if not any(row.key in changed for row in group):
            continue
        connection.execute(delete(EVENTS).where(EVENTS.c.key.in_([row.key for row in group])))
        written = [
            {
                **{column.name: getattr(row, column.name) for column in EVENTS.columns},
                "key": _placed(row.key, place),
                "payload": changed.get(row.key, row.payload),
            }
            for place, row in enumerate(group)
        ]
        connection.execute(insert(EVENTS), written)


def _stem(key: str) -> str:
    return key.rpartition("/")[0]


def _placed(key: str, place: int) -> str:
    return f"{_stem(key)}/{place:04}"
