"""What sessions used in a period and what it cost, by person, team, day and more. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, in_hours
from gpucommons_accounting.reckoning.use.exact import exactly
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.totals import Total
from gpucommons_accounting.reckoning.use.usage import Usage
from gpucommons_accounting.records.identity import Identities, PersonId, TeamId
from gpucommons_accounting.records.session import Flag, Session, State

_NO_PRODUCT = "unknown"
NOBODY_KNOWN = Identities()


class By(StrEnum):
    """What the lines of a report are about."""

    PERSON = "person"
    TEAM = "team"
    SIZE = "size"
    ENVIRONMENT = "environment"
    PRODUCT = "product"
    DAY = "day"
    """A day of the site, such as ``2026-11-30``."""


class About(NamedTuple):
    """What a line is about. Two of one name are two lines."""

    name: str
    title: str
    """How people call it."""
    id: str = ""
    """What makes it this one among those of its name: since when somebody has the account, the uid
    of a team's namespace; empty where names do."""


@dataclass(slots=True)
class Line:
    """What one of them used."""

    about: About
    usage: Usage = field(default_factory=Usage)
    priced: Decimal = Decimal(0)
    """Charged GPU-microseconds, each times its rate."""
    not_priced: Decimal = Decimal(0)
    """GPU-microseconds that are charged, and for which there is no price."""
    uncertain_ends: int = 0

    @property
    def name(self) -> str:
        """What it is about, by the name that records have."""
        return self.about.name

    @property
    def cost(self) -> Decimal:
        """In the site's currency, with all digits; of what has a price."""
        return in_hours(self.priced)

    def add(self, session: Session, period: Period, as_of: datetime, prices: PriceList) -> None:
        """Add what one session did in the period."""
        self.usage.add(session, period, as_of)
        if session.gone and period.has(session.gone):
            self.uncertain_ends += Flag.END_UNCERTAIN in session.flags
        for charge in prices.charges(session, period, as_of):
            self._charge(charge.amount, charge.rate)

    def add_total(self, total: Total, active: int, rate: Decimal | None) -> None:
        """Add what several sessions did, while ``rate`` was the price."""
        for state in State:
            self.usage.by_state[state] += total.units * total[state]
        self.usage.uncertain += total.units * total["uncertain"]
        self.usage.started += total["started"]
        self.usage.active += active
        self.uncertain_ends += total["uncertain_ends"]
        if total.units:
            self._charge(total.units * total[State.CHARGED], rate)

    def _charge(self, amount: Decimal, rate: Decimal | None) -> None:
        if rate is None:
            self.not_priced += amount
        else:
            self.priced += amount * rate


@dataclass(frozen=True, slots=True)
class Report:
    """Lines by name, and their sum."""

    period: Period
    as_of: datetime
    """Until when sessions that run are counted."""
    lines: list[Line]
    total: Line


class Sum:
    """A report in the making. Add to it within `exactly`."""

    def __init__(  # noqa: PLR0917 -- what a report is of
        self,
        period: Period,
        as_of: datetime,
        by: By,
        calendar: Calendar,
        prices: PriceList,
        identities: Identities = NOBODY_KNOWN,
    ) -> None:
        """as_of: until when a running session counts."""
        self.period, self.by = period, by
        self._as_of, self._calendar, self._prices = as_of, calendar, prices
        self._identities = identities
        self._lines: dict[About, Line] = {}
        self._total = Line(About("", ""))

    def add_total(self, part: Period, total: Total) -> None:
        """Add what sessions did that are not added themselves, in a part without a new price."""
        rate = self._prices.rate(total.product, part.begin)
        active = total["begun"] + total.carried
        of_line = total["begun"] + total["continued"] if self.by is By.DAY else active
        about = _about_total(total, part, self.by, self._identities)
        self._total.add_total(total, active, rate)
        self._line(about).add_total(total, of_line, rate)

    def add(self, session: Session) -> None:
        """Add what one session did in the period; nothing of one that was not there."""
        if session.requested >= self.period.end or _was_over(session, self.period):
            return
        self._total.add(session, self.period, self._as_of, self._prices)
        for about, part in parts(
            session,
            self.period,
            self.by,
            self._calendar,
            self._as_of,
            identities=self._identities,
        ):
            self._line(about).add(session, part, self._as_of, self._prices)

    def report(self) -> Report:
        """Return what was added."""
        lines = sorted(self._lines.values(), key=lambda line: line.about)
        return Report(self.period, self._as_of, lines, self._total)

    def _line(self, about: About) -> Line:
        return self._lines.setdefault(about, Line(about))


def report(
    sessions: Iterable[Session],
    period: Period,
    as_of: datetime,
    by: By,
    *,
    calendar: Calendar,
    prices: PriceList,
    identities: Identities = NOBODY_KNOWN,
) -> Report:
    """Sum up sessions. One that runs counts until ``as_of``, and the period until then."""
    found = Sum(period, as_of, by, calendar, prices, identities)
    with exactly():
        for session in sessions:
            found.add(session)
    return found.report()


def _was_over(session: Session, period: Period) -> bool:
    """Whether it ended just as the period began, or before."""
    end = session.gone_by or session.gone
    return end is not None and end <= period.begin and session.requested < period.begin


def product_line(product: str, units: Decimal) -> str:
    """Return the name of the line about a product, if it is known."""
    return product or (_NO_PRODUCT if units else "none")


def parts(
    session: Session,
    period: Period,
    by: By,
    calendar: Calendar,
    as_of: datetime,
    *,
    identities: Identities = NOBODY_KNOWN,
) -> Iterable[tuple[About, Period]]:
    """Return the lines that a session belongs to, each with the part of the period."""
    if by is By.DAY:
        begin = max(period.begin, session.requested)
        # A session without any length still counts as asked for on its day.
        end = max(min(period.end, session.gone_by or as_of), begin + timedelta(microseconds=1))
        if begin < period.end:
            for day, _ in calendar.days(Period(begin, end)):
                whole = calendar.day(day)
                cut = Period(max(whole.begin, period.begin), min(whole.end, period.end))
                yield About(day.isoformat(), day.isoformat()), cut
        return
    yield _about(session, by, identities), period


def about_sum(name: str, own: str, by: By, when: datetime, identities: Identities) -> About:
    """Return what the line of a sum over several sessions is about, of a name and what is known.

    own: the id of `About`; empty where the records do not say it. when: a moment at which they
    were there.
    """
    if by is By.PERSON:
        return _about_person(identities.person(name, own, when), identities)
    if by is By.TEAM:
        return _about_team(identities.team(name, own, when), identities)
    return About(name, name)


def _about(session: Session, by: By, identities: Identities) -> About:
    """Return what a session's only line is about."""
    if by is By.PERSON:
        return _about_person(identities.person_of(session), identities)
    if by is By.TEAM:
        return _about_team(identities.team_of(session), identities)
    names = {
        By.SIZE: session.choice.size,
        By.ENVIRONMENT: session.choice.environment,
        By.PRODUCT: product_line(session.product, session.choice.units),
    }
    return About(names[by], names[by])


def _about_total(total: Total, part: Period, by: By, identities: Identities) -> About:
    """Return what the line of a total is about."""
    name = product_line(total.product, total.units) if by is By.PRODUCT else total.name
    return about_sum(name, total.id, by, part.end, identities)


def _about_person(person: PersonId, identities: Identities) -> About:
    return About(person.name, identities.person_title(person), person.since)


def _about_team(team: TeamId, identities: Identities) -> About:
    return About(team.name, identities.team_title(team), team.uid)
