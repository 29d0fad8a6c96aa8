"""Lists of sessions, a page at a time, however many there are.

A page begins after the last session of the one before, so that each costs the same. Sessions that
were asked for before a period and reached into it are found by their ``reach``: within it only
those that are long enough are looked at, and not all that ever were.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, literal, or_, select, tuple_

from gpucommons_accounting.database.rows import session_of
from gpucommons_accounting.database.tables import SESSIONS
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.records.identity import moment_of
from gpucommons_accounting.records.session import LONGEST_REACH, Session

AT_ONCE = 1000
"""Sessions that are read together where all are read."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a list: just behind a session."""

    requested: datetime
    uid: str

    @classmethod
    def of(cls, session: Session) -> "Mark":
        """Return the place behind a session."""
        return cls(session.requested, session.uid)


@dataclass(frozen=True, slots=True)
class Whose:
    """Sessions of one person, of one team, on one node, or of all."""

    person: str | None = None
    team: str | None = None
    node: str | None = None
    since: str | None = None
    """When the person's account was made: of nobody who had the name before, or has it later."""
    running: bool = False
    """Those alone that have not ended."""

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what a session must be."""
        for column in (SESSIONS.c.person, SESSIONS.c.team, SESSIONS.c.node):
            wanted = getattr(self, column.name)
            if wanted is not None:
                yield column == wanted
        if self.since is not None:
            own = SESSIONS.c.person_since == self.since
            if begun := moment_of(self.since):
                own |= (SESSIONS.c.person_since == "") & (SESSIONS.c.requested >= begun)
            yield own
        if self.running:
            yield SESSIONS.c.gone.is_(None)


EVERYBODY = Whose()


def page(
    connection: Connection,
    period: Period,
    whose: Whose,
    limit: int,
    *,
    after: Mark | None = None,
    newest_first: bool = False,
) -> list[Session]:
    """Return the next sessions that were there in a period, by when they were asked for."""
    found: list[Session] = []
    parts = there_in(period)
    for part in reversed(parts) if newest_first else parts:
        order = [SESSIONS.c.requested, SESSIONS.c.uid]
        query = select(SESSIONS).where(part, *whose.conditions())
        if after:
            query = query.where(_beyond(after, backwards=newest_first))
        query = query.order_by(*(each.desc() if newest_first else each for each in order))
        rows = connection.execute(query.limit(limit - len(found)))
        found += [session_of(row) for row in rows]
        if len(found) >= limit:
            break
    return found


def all_of(connection: Connection, period: Period, whose: Whose) -> Iterator[Session]:
    """Yield all sessions that were there in a period, a few at a time in memory."""
    after = None
    while found := page(connection, period, whose, AT_ONCE, after=after):
        yield from found
        if len(found) < AT_ONCE:
            return
        after = Mark.of(found[-1])


def there_in(period: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions of sessions that were there in a period.

    Those that were asked for before it come first; no session meets both.
    """
    return _reaching_into(period), _asked_for_in(period)


def _asked_for_in(period: Period) -> ColumnElement[bool]:
    return and_(SESSIONS.c.requested >= period.begin, SESSIONS.c.requested < period.end)


def _reaching_into(period: Period) -> ColumnElement[bool]:
    """Those that were asked for before it, and there in it."""
    long_enough = (
        and_(
            SESSIONS.c.reach == reach,
            SESSIONS.c.requested >= period.begin - 2**reach * _HOUR,
            SESSIONS.c.requested < period.begin,
            SESSIONS.c.gone_by >= period.begin,
        )
        for reach in range(LONGEST_REACH + 1)
    )
    run = and_(SESSIONS.c.gone.is_(None), SESSIONS.c.requested < period.begin)
    return or_(run, *long_enough)


def _beyond(mark: Mark, *, backwards: bool) -> ColumnElement[bool]:
    columns = tuple_(SESSIONS.c.requested, SESSIONS.c.uid)
    place = tuple_(
        literal(mark.requested, SESSIONS.c.requested.type), literal(mark.uid, SESSIONS.c.uid.type)
    )
    return columns < place if backwards else columns > place
