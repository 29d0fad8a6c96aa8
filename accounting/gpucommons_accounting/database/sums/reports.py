"""Reports, from totals where there are some, and otherwise from sessions one by one.

However many are wanted, they are of one state of the database, and sessions are read once.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_

from gpucommons_accounting.database.listing import EVERYBODY, Whose, all_of
from gpucommons_accounting.database.sums import totals
from gpucommons_accounting.database.tables import IDS, SESSIONS
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.exact import exactly
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.report import By, Report, Sum
from gpucommons_accounting.reckoning.use.totals import Days, Span, Total, in_spans, whole_days
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.records.session import Session

_NOBODY: frozenset[str] = frozenset()


class Wanted(NamedTuple):
    """A report that is wanted."""

    period: Period
    by: By


def reports_of(
    connection: Connection,
    wanted: Iterable[Wanted],
    whose: Whose,
    as_of: datetime,
    *,
    calendar: Calendar,
    prices: PriceList,
    identities: Identities,
) -> dict[Wanted, Report]:
    """Sum up, in one transaction that sees one state of the database.

    What runs is no part of totals, and one person's sessions are few: these are read one by one.
    So are those that do not say whose they are, where several may be meant by a name.
    """
    made = whose.person is None and totals.are_of(connection, calendar)
    found: dict[Wanted, _Part] = {}
    with exactly():
        for each in wanted:
            part = _Part(Sum(each.period, as_of, each.by, calendar, prices, identities))
            spans = prices.spans(each.period)
            if made and all(whole_days(span, calendar) for span in spans):
                summed = _totals(connection, spans, each.by, whose.team, calendar)
                part.add_totals(summed, identities)
            found[each] = part
        unsaid = {
            by: {name for part in found.values() if part.sum.by is by for name in part.unsaid}
            for by in (By.PERSON, By.TEAM)
        }
        for session in sessions_beside_totals(
            connection,
            [each.period for each in found],
            whose,
            from_totals=all(part.from_totals for part in found.values()),
            people=unsaid[By.PERSON],
            teams=unsaid[By.TEAM],
        ):
            for part in found.values():
                part.add(session)
    return {each: part.sum.report() for each, part in found.items()}


@dataclass(slots=True)
class _Part:
    """One of several sums."""

    sum: Sum
    from_totals: bool = False
    unsaid: frozenset[str] = _NOBODY
    """Names by which several may be meant: what totals have of them is not added, unless they say
    whose it is.
    """

    def add_totals(self, summed: Iterable[tuple[Period, Total]], identities: Identities) -> None:
        """Add those of which it is certain whose they are."""
        self.from_totals = True
        unsaid: set[str] = set()
        by = self.sum.by
        for period, total in summed:
            if (
                by in IDS
                and not total.id
                and identities.has_name(total.name, of_team=by is By.TEAM)
            ):
                unsaid.add(total.name)
            else:
                self.sum.add_total(period, total)
        self.unsaid = frozenset(unsaid)

    def add(self, session: Session) -> None:
        """Add a session, unless it is among the totals."""
        if not self.from_totals or session.runs or self._is_unsaid(session):
            self.sum.add(session)

    def _is_unsaid(self, session: Session) -> bool:
        choice = session.choice
        if not self.unsaid:
            return False
        if self.sum.by is By.TEAM:
            return not choice.team_uid and choice.team in self.unsaid
        return not choice.person_since and choice.person in self.unsaid


def sessions_beside_totals(
    connection: Connection,
    periods: Collection[Period],
    whose: Whose = EVERYBODY,
    *,
    from_totals: bool,
    people: Collection[str],
    teams: Collection[str],
) -> Iterator[Session]:
    """Yield what is to be read one by one: all, or what is in no totals.

    people, teams: names of which totals have left out what does not say who is meant.
    """
    if not periods:
        return
    whole = Period(min(each.begin for each in periods), max(each.end for each in periods))
    if not from_totals:
        yield from all_of(connection, whole, whose)
        return
    yield from all_of(connection, whole, Whose(team=whose.team, running=True))
    if people or teams:
        wanted = _Unsaid(team=whose.team, people=frozenset(people), teams=frozenset(teams))
        yield from all_of(connection, whole, wanted)


@dataclass(frozen=True, slots=True)
class _Unsaid(Whose):
    """Sessions that have ended, of names that do not say who is meant."""

    people: frozenset[str] = _NOBODY
    teams: frozenset[str] = _NOBODY

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what a session must be."""
        yield from Whose.conditions(self)
        yield SESSIONS.c.gone.is_not(None)
        yield or_(
            and_(SESSIONS.c.person_since == "", SESSIONS.c.person.in_(sorted(self.people))),
            and_(SESSIONS.c.team_uid == "", SESSIONS.c.team.in_(sorted(self.teams))),
        )


def _totals(
    connection: Connection, parts: list[Period], by: By, team: str | None, calendar: Calendar
) -> Iterator[tuple[Period, Total]]:
    first = calendar.day_of(parts[0].begin)
    for part in parts:
        begin, end = calendar.day_of(part.begin), calendar.day_of(part.end)
        spans = [Days(Span.DAY, begin, end)] if by is By.DAY else in_spans(begin, end)
        for days in spans:
            for total in totals.read(connection, days, str(by), team, first):
                yield part, total
