"""What all people and teams were charged for in periods, from totals where there are some."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gpucommons_contract import SubjectKind
from sqlalchemy import Connection

from gpucommons_accounting.database.sums import totals
from gpucommons_accounting.database.sums.reports import sessions_beside_totals
from gpucommons_accounting.reckoning.budgets.budget import Subject
from gpucommons_accounting.reckoning.budgets.spending import Charged, Owner, Spent, charged_by
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.exact import EXACT
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.totals import in_spans, whole_days
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.records.session import Session

_NOTHING = Decimal(0)


def charges_in(
    connection: Connection,
    periods: Iterable[Period],
    as_of: datetime,
    *,
    calendar: Calendar,
    prices: PriceList,
    identities: Identities,
) -> dict[Period, Charged]:
    """Sum up, in one transaction that sees one state of the database, as `reports_of` does."""
    made = totals.are_of(connection, calendar)
    found: dict[Period, _Charges] = {}
    for period in periods:
        each = found[period] = _Charges(period, prices, identities)
        spans = prices.spans(period)
        if made and all(whole_days(span, calendar) for span in spans):
            each.add_totals(connection, spans, calendar)
    from_totals = all(each.from_totals for each in found.values())
    people = frozenset().union(*(each.unsaid[SubjectKind.PERSON] for each in found.values()))
    teams = frozenset().union(*(each.unsaid[SubjectKind.TEAM] for each in found.values()))
    for session in sessions_beside_totals(
        connection, found, from_totals=from_totals, people=people, teams=teams
    ):
        for each in found.values():
            each.add(session, as_of)
    return {period: dict(each.sums()) for period, each in found.items()}


@dataclass(slots=True)
class _Charges:
    """Those of one period."""

    period: Period
    _prices: PriceList
    _known: Identities
    from_totals: bool = False
    unsaid: dict[SubjectKind, set[str]] = field(
        default_factory=lambda: {kind: set() for kind in SubjectKind}
    )
    """Names by which several may be meant: totals that do not say whom are left out."""
    _sums: dict[Owner, list[Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: [_NOTHING, _NOTHING])
    )
    """GPU-microseconds, and these times their rates."""

    def add_totals(
        self, connection: Connection, spans: Iterable[Period], calendar: Calendar
    ) -> None:
        """Add what ended sessions were charged for. spans: parts in which no price changes."""
        self.from_totals = True
        for span in spans:
            rates: dict[str, Decimal | None] = {}
            first, end = calendar.day_of(span.begin), calendar.day_of(span.end)
            for days in in_spans(first, end):
                for row in totals.charged(connection, days):
                    if not row.units:
                        continue
                    if row.product not in rates:
                        rates[row.product] = self._prices.rate(row.product, span.begin)
                    amount = EXACT.multiply(row.units, Decimal(row.charged))
                    for owner in (
                        Owner(Subject(SubjectKind.PERSON, row.person), row.person_since),
                        Owner(Subject(SubjectKind.TEAM, row.team), row.team_uid),
                    ):
                        if self._is_certain(owner):
                            self._add(owner, amount, rates[row.product])

    def add(self, session: Session, as_of: datetime) -> None:
        """Add what one session was charged for, unless that is among the totals."""
        if self.from_totals and not session.runs:
            owners = [
                each for each in charged_by(session, self._known) if self._is_unsaid(session, each)
            ]
        else:
            owners = charged_by(session, self._known)
        if not owners:
            return
        for charge in self._prices.charges(session, self.period, as_of):
            for owner in owners:
                self._add(owner, charge.amount, charge.rate)

    def sums(self) -> Iterator[tuple[Owner, Spent]]:
        """Yield what was added."""
        for owner, amounts in self._sums.items():
            yield owner, Spent(*amounts)

    def _add(self, owner: Owner, amount: Decimal, rate: Decimal | None) -> None:
        sums = self._sums[owner]
        sums[0] = EXACT.add(sums[0], amount)
        if rate is not None:
            sums[1] = EXACT.add(sums[1], EXACT.multiply(amount, rate))

    def _is_certain(self, owner: Owner) -> bool:
        """Whether it is known who is meant; otherwise the name is noted."""
        kind, name = owner.subject
        if owner.own or not self._known.has_name(name, of_team=kind is SubjectKind.TEAM):
            return True
        self.unsaid[kind].add(name)
        return False

    def _is_unsaid(self, session: Session, owner: Owner) -> bool:
        """Whether totals left a session out for one of those whom it is charged to."""
        choice = session.choice
        if owner.subject.kind is SubjectKind.TEAM:
            said, name = choice.team_uid, choice.team
        else:
            said, name = choice.person_since, choice.person
        return not said and name in self.unsaid[owner.subject.kind]
