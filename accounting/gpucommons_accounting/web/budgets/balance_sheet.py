"""What is left of all budgets now, read from the records."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_contract import GPU_HOURS, Balance, Balances, SubjectKind

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, of_those_there
from gpucommons_accounting.reckoning.budgets.balances import Balancing, periods_of
from gpucommons_accounting.reckoning.budgets.budget import Subject, in_force
from gpucommons_accounting.reckoning.budgets.spending import (
    Charged,
    Spending,
    identities,
    spending,
    who_is_there,
)
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.report import NOBODY_KNOWN
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.web.site import Site

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All balances, and since when their periods are."""

    balances: Balances
    begins: Mapping[tuple[Subject, str], datetime]
    """By subject and unit."""

    def begin_of(self, balance: Balance) -> datetime:
        """Return when the period of a balance began."""
        own = self.begins.get((Subject(balance.kind, balance.name), balance.unit))
        return own or self.begins[Subject(balance.kind, ""), balance.unit]


class BalanceSheet:
    """Reckons balances from totals. It blocks: call it in a thread."""

    def __init__(
        self, store: Store, site: Site, hold_hours: Decimal, now: Callable[[], datetime]
    ) -> None:
        self._store, self._site, self._now = store, site, now
        self._hold_hours = hold_hours
        self._one_at_a_time = threading.Lock()
        self._begun = 0
        """How many readings have begun."""
        self._last: Sheet | None = None
        """What the last of them found."""

    def read(self) -> Sheet:
        """Return what is left now. Raises StoreUnavailableError.

        Pages, the hub, metrics and mail ask for it, each in a thread. Of those that wait for a
        reading one begins the next, and the others take it over: it began after they asked.
        """
        before = self._begun
        with self._one_at_a_time:
            if self._last is None or self._begun == before:
                self._last = None
                self._begun += 1
                self._last = self._read()
            return self._last

    def _read(self) -> Sheet:
        now, store, calendar = self._now(), self._store, self._site.calendar
        as_of = min(store.last_beat() or now, now)
        budgets = {
            key: budget
            for key, budget in in_force(store.budgets.budgets(), now, calendar).items()
            if budget.unit in (GPU_HOURS, self._site.currency)
        }
        periods = periods_of(budgets, now, calendar)
        charged = store.charges(set(periods.values()), as_of) if periods else {}
        whole = Period(
            min((each.begin for each in periods.values()), default=now),
            max((each.end for each in periods.values()), default=now),
        )
        adjustments = store.budgets.adjustments(whole)
        known = store.people_and_teams.identities() if periods else NOBODY_KNOWN
        newest = self._newest(as_of, known, charged.values(), adjustments) if periods else {}
        spent: dict[Period, Spending] = {
            period: spending(each, newest, known) for period, each in charged.items()
        }
        price_rows = store.prices()
        prices = PriceList(price_rows, self._site.minor_unit)
        currency = self._site.currency
        theirs = list(of_those_there(adjustments, newest, known))
        balancing = Balancing(budgets, periods, spent, theirs, currency, calendar)
        rates = {price.product: prices.rate(price.product, now) for price in price_rows}
        balances = Balances(
            as_of=as_of,
            time_zone=str(calendar.zone),
            currency=currency,
            hold_hours=self._hold_hours,
            rates={product: rate for product, rate in rates.items() if rate is not None},
            balances=tuple(balancing.balances()),
        )
        begins = {(each.subject, each.unit): period.begin for each, period in periods.items()}
        return Sheet(balances, begins)

    def _newest(
        self,
        as_of: datetime,
        known: Identities,
        charged: Iterable[Charged],
        adjustments: Iterable[Adjustment],
    ) -> dict[Subject, str]:
        """Return which person and team of each name there is now.

        Those who are known, and who had a session today; of others their newest session says it.
        """
        calendar = self._site.calendar
        today = Period(calendar.begin_of(calendar.day_of(as_of)), self._now() + _ONE_DAY)
        of_today = {
            subject: own
            for session in self._store.sessions(today)
            for subject, own in identities(session, known).items()
            if own
        }
        there = who_is_there(of_today, known)
        named = {owner.subject for each in charged for owner in each if owner.own}
        named |= {Subject(SubjectKind.PERSON, each.person) for each in adjustments}
        named |= {Subject(SubjectKind.TEAM, each.team) for each in adjustments}
        return {**self._store.budgets.newest(named - there.keys()), **there}
