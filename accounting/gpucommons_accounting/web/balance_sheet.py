"""What is left of all budgets now, read from the records."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_contract import GPU_HOURS, Balance, Balances

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.adjustments import of_those_there
from gpucommons_accounting.reckoning.balances import Balancing, periods_of
from gpucommons_accounting.reckoning.budgets import Subject, in_force
from gpucommons_accounting.reckoning.calendar import Period
from gpucommons_accounting.reckoning.prices import Price, PriceList
from gpucommons_accounting.reckoning.report import NOBODY_KNOWN
from gpucommons_accounting.reckoning.spending import (
    Spending,
    identities,
    spending,
    together,
    who_is_there,
)
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.web.asking import Site

_ONE_DAY = timedelta(days=1)
_KEPT_FOR = timedelta(hours=1)
"""How long sums of sessions that ended before today are kept: later facts may correct them."""


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


@dataclass(frozen=True, slots=True)
class _Settled:
    """What was charged for sessions that ended before a day."""

    before: datetime
    count: int
    prices: tuple[Price, ...]
    read_at: datetime
    spending: Spending
    newest: Mapping[Subject, str]

    def is_of(self, subject: Subject, own: str) -> bool:
        """Whether it was summed up for this person or team, if it has anything of that name."""
        if subject in self.newest:
            return self.newest[subject] == own
        return subject not in self.spending


class BalanceSheet:
    """Reckons balances. It blocks: call it in a thread.

    What ended before today is summed up once an hour, and again when more of it becomes known.
    """

    def __init__(
        self, store: Store, site: Site, hold_hours: Decimal, now: Callable[[], datetime]
    ) -> None:
        self._store, self._site, self._now = store, site, now
        self._hold_hours = hold_hours
        self._settled: dict[Period, _Settled] = {}
        self._one_at_a_time = threading.Lock()

    def read(self) -> Sheet:
        """Return what is left now. Raises StoreUnavailableError.

        Pages, the hub, metrics and mail ask for it, each in a thread: sums of a whole period are
        made by one of them, and the others take them over.
        """
        with self._one_at_a_time:
            return self._read()

    def _read(self) -> Sheet:
        now, store, calendar = self._now(), self._store, self._site.calendar
        as_of = min(store.last_beat() or now, now)
        budgets = {
            key: budget
            for key, budget in in_force(store.budgets.budgets(), now, calendar).items()
            if budget.unit in (GPU_HOURS, self._site.currency)
        }
        periods = periods_of(budgets, now, calendar)
        price_rows = tuple(store.prices())
        prices = PriceList(price_rows, self._site.minor_unit)
        today = calendar.begin_of(calendar.day_of(as_of))
        spent: dict[Period, Spending] = {}
        newest: dict[Subject, str] = {}
        known = store.people_and_teams.identities() if periods else NOBODY_KNOWN
        if periods:
            there = store.sessions(Period(today, now + _ONE_DAY))
            of_today = {
                subject: own
                for session in there
                for subject, own in identities(session, known).items()
                if own
            }
            of_now = who_is_there(of_today, known)
            for period in set(periods.values()):
                settled = self._before(period, today, price_rows, of_now, known)
                newest |= {**settled.newest, **of_now}
                since = spending(there, period, as_of, prices, newest, known=known)
                spent[period] = together([settled.spending, since])
        self._settled = {each: kept for each, kept in self._settled.items() if each in spent}
        whole = Period(
            min((each.begin for each in spent), default=now),
            max((each.end for each in spent), default=now),
        )
        adjustments = list(of_those_there(store.budgets.adjustments(whole), newest, known))
        currency = self._site.currency
        balancing = Balancing(budgets, periods, spent, adjustments, currency, calendar)
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

    def _before(
        self,
        period: Period,
        day: datetime,
        price_rows: tuple[Price, ...],
        of_now: Mapping[Subject, str],
        known: Identities,
    ) -> _Settled:
        """Sum up what ended before a day. Sessions that were there on that day are not in it.

        of_now: who is there, as far as that is known.
        """
        now, kept = self._now(), self._settled.get(period)
        before = Period(min(period.begin, day), day)
        count = self._store.budgets.settled(before)
        if (
            kept
            and (kept.before, kept.count, kept.prices) == (day, count, price_rows)
            and all(kept.is_of(subject, own) for subject, own in of_now.items())
            and timedelta() <= now - kept.read_at < _KEPT_FOR
        ):
            return kept
        newest = {**self._store.budgets.newest(), **of_now}
        sessions = (
            each for each in self._store.sessions(before) if each.gone_by and each.gone_by < day
        )
        prices = PriceList(price_rows, self._site.minor_unit)
        spent = spending(sessions, period, day, prices, newest, known=known)
        found = _Settled(day, count, price_rows, now, spent, newest)
        self._settled[period] = found
        return found
