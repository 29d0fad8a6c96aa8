"""Accounting's memory. Each method is one transaction, and none is half done."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from gpucommons_upkeep.database import PATIENCE_SECONDS, Database
from sqlalchemy import Connection, Row, delete, insert, select

from gpucommons_accounting.database.activities import Activities
from gpucommons_accounting.database.budget_mails import BudgetMails
from gpucommons_accounting.database.budgets import BudgetBook
from gpucommons_accounting.database.counters import Counters
from gpucommons_accounting.database.derived import derive_anew, forget_without_facts
from gpucommons_accounting.database.late_finds import LateFinds
from gpucommons_accounting.database.listing import EVERYBODY, Mark, Whose, all_of, page
from gpucommons_accounting.database.people.feedback import Feedback
from gpucommons_accounting.database.people.identities import IdentityStore, identities_in
from gpucommons_accounting.database.people.looks import Looks
from gpucommons_accounting.database.people.named_facts import without_names
from gpucommons_accounting.database.people.pseudonyms import Pseudonyms
from gpucommons_accounting.database.rows import row_of_event
from gpucommons_accounting.database.starts import Starts
from gpucommons_accounting.database.statements import alone, parts, unless_there
from gpucommons_accounting.database.sums import totals
from gpucommons_accounting.database.sums.charges import charges_in
from gpucommons_accounting.database.sums.reports import Wanted, reports_of
from gpucommons_accounting.database.tables import BEATS, EVENTS, NODE_FACTS, PRICES, SESSIONS
from gpucommons_accounting.reckoning.budgets.spending import Charged
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.prices import Price, PriceList
from gpucommons_accounting.reckoning.use.report import By, Report
from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.session import Session

_MIGRATIONS = Path(__file__).with_name("migrations")
_REBUILT = 2000
"""Sessions that are derived anew in one transaction."""
_LONG = 3600.0
"""Seconds that a transaction may take which nobody waits for."""
_WATCH = "watch"
_PODS = (Source.KUBELET, Source.API_SERVER)
"""Whose facts are of pods that were seen."""
_UNSEEN = (Source.ACCOUNTING, Source.TELEMETRY)
"""Whose word an end is that nobody saw."""


class Store:
    """Facts, the sessions that follow, nodes and prices. It blocks: call it in a thread.

    Every method raises StoreUnavailableError where the database is locked or away for longer than
    a few seconds. Facts that are written again change nothing, so that a caller who does not know
    whether they were written writes them again.
    """

    def __init__(
        self,
        url: str,
        patience_seconds: float = PATIENCE_SECONDS,
        calendar: Calendar | None = None,
    ) -> None:
        """url: SQLAlchemy's, such as ``sqlite:///accounting.sqlite``.

        calendar: the site's, of whose days totals are kept; UTC's by default.
        """
        self.calendar = calendar or Calendar("UTC")
        self._database = Database(url, "accounting service", _MIGRATIONS, patience_seconds)
        self.budgets = BudgetBook(self._database)
        self.budget_mails = BudgetMails(self._database)
        self.late_finds = LateFinds(self._database)
        self.starts = Starts(self._database)
        self.people_and_teams = IdentityStore(self._database)
        self.looks = Looks(self._database)
        self.counters = Counters(self._database)
        self.feedback = Feedback(self._database)
        self.pseudonyms = Pseudonyms(self._database, self.calendar)
        self.activities = Activities(self._database, self.calendar)

    @property
    def database(self) -> Database:
        """What it is kept in, for what else is kept there."""
        return self._database

    def open(self) -> None:
        """Bring the tables up to date; raises StoreNewerError for a database of a newer program."""
        self._database.open()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def add(self, events: Sequence[Event], observed_at: datetime) -> None:
        """Keep facts, and derive anew the sessions of which something new was learnt."""
        if not events:
            return
        rows = {event.key: row_of_event(event, observed_at) for event in events}
        with self._database.transaction() as connection:
            alone(connection)
            known: set[str] = set()
            for some in parts(sorted(rows)):
                found = select(EVENTS.c.key).where(EVENTS.c.key.in_(some))
                known.update(connection.scalars(found))
            new = [row for key, row in rows.items() if key not in known]
            new = without_names(connection, new)
            if new:
                connection.execute(insert(EVENTS), new)
                derive_anew(connection, self.calendar, {row["uid"] for row in new})

    def facts_of(self, uids: Iterable[str]) -> dict[str, set[str]]:
        """Return the keys of all facts of some sessions, by uid; nothing of those without any."""
        found: dict[str, set[str]] = {}
        with self._database.transaction(reads=True) as connection:
            for some in parts(sorted(set(uids))):
                query = select(EVENTS.c.uid, EVENTS.c.key).where(EVENTS.c.uid.in_(some))
                for row in connection.execute(query):
                    found.setdefault(row.uid, set()).add(row.key)
        return found

    def rebuild(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Derive all sessions anew from the facts, and all totals; returns how many there are.

        Some are derived in each transaction: others may write meanwhile, and what is stopped in
        the middle leaves nothing wrong. progress: told how many are done.
        """
        done, last = 0, ""
        while True:
            with self._database.transaction(seconds=_LONG) as connection:
                alone(connection)
                facts = select(EVENTS.c.uid).distinct().where(EVENTS.c.uid > last)
                uids = connection.scalars(facts.order_by(EVENTS.c.uid).limit(_REBUILT)).all()
                end = uids[-1] if len(uids) == _REBUILT else None
                forget_without_facts(connection, self.calendar, last, end, set(uids))
                derive_anew(connection, self.calendar, uids)
            done += len(uids)
            progress(done)
            if end is None:
                break
            last = end
        self.make_totals()
        return done

    def totals_are_made(self) -> bool:
        """Whether reports can be made from totals: fast, and of the site's days."""
        with self._database.transaction(reads=True) as connection:
            return totals.are_of(connection, self.calendar)

    def make_totals(self) -> None:
        """Make all totals anew from the sessions, a month at a time. Reports are slow meanwhile."""
        with self._database.transaction(seconds=_LONG) as connection:
            alone(connection)
            totals.begin_anew(connection)
        with self._database.transaction(reads=True, seconds=_LONG) as connection:
            months = list(totals.months(connection, self.calendar))
        for month in months:
            with self._database.transaction(seconds=_LONG) as connection:
                alone(connection)
                totals.make(connection, self.calendar, month)
        with self._database.transaction() as connection:
            alone(connection)
            totals.complete(connection, self.calendar)

    def report(self, period: Period, as_of: datetime, by: By, whose: Whose = EVERYBODY) -> Report:
        """Sum up what was used in a period, from one state of the database."""
        wanted = Wanted(period, by)
        return self.reports([wanted], as_of, whose)[wanted]

    def reports(
        self, wanted: Iterable[Wanted], as_of: datetime, whose: Whose = EVERYBODY
    ) -> dict[Wanted, Report]:
        """Sum up several periods, or one in several ways, from one state of the database."""
        with self._database.transaction(reads=True, seconds=_LONG) as connection:
            return reports_of(
                connection,
                wanted,
                whose,
                as_of,
                calendar=self.calendar,
                prices=PriceList(_prices(connection)),
                identities=identities_in(connection, whose.person),
            )

    def charges(self, periods: Iterable[Period], as_of: datetime) -> dict[Period, Charged]:
        """Return what people and teams were charged for, from one state of the database."""
        with self._database.transaction(reads=True, seconds=_LONG) as connection:
            return charges_in(
                connection,
                periods,
                as_of,
                calendar=self.calendar,
                prices=PriceList(_prices(connection)),
                identities=identities_in(connection),
            )

    def page(
        self,
        period: Period,
        limit: int,
        whose: Whose = EVERYBODY,
        *,
        after: Mark | None = None,
        newest_first: bool = False,
    ) -> list[Session]:
        """Return the next sessions that were there in a period, by when they were asked for."""
        with self._database.transaction(reads=True) as connection:
            return page(connection, period, whose, limit, after=after, newest_first=newest_first)

    def sessions(self, period: Period, whose: Whose = EVERYBODY) -> list[Session]:
        """Return all sessions that were there in a period: for where they are few."""
        with self._database.transaction(reads=True) as connection:
            return list(all_of(connection, period, whose))

    def running(self) -> frozenset[str]:
        """Return the uids of sessions that have not ended, as far as is known."""
        with self._database.transaction(reads=True) as connection:
            found = select(SESSIONS.c.uid).where(SESSIONS.c.gone.is_(None))
            return frozenset(connection.scalars(found))

    def missing(self, of: Iterable[str]) -> dict[str, datetime]:
        """Return which of some uids ended while nobody looked, and by when they had."""
        with self._database.transaction(reads=True) as connection:
            found = select(SESSIONS.c.uid, SESSIONS.c.gone_by)
            found = found.where(SESSIONS.c.end_source.in_(_UNSEEN))
            return {
                row.uid: row.gone_by
                for some in parts(sorted(of))
                for row in connection.execute(found.where(SESSIONS.c.uid.in_(some)))
            }

    def told_alone(self, of: Iterable[str]) -> dict[str, datetime]:
        """Return which of some uids nobody saw as pods, and when the hub last said they were."""
        told: dict[str, datetime] = {}
        seen: set[str] = set()
        with self._database.transaction(reads=True) as connection:
            facts = select(EVENTS.c.uid, EVENTS.c.source, EVENTS.c.kind, EVENTS.c.at)
            facts = facts.where(EVENTS.c.source.in_((*_PODS, Source.HUB))).order_by(EVENTS.c.at)
            for some in parts(sorted(of)):
                for row in connection.execute(facts.where(EVENTS.c.uid.in_(some))):
                    if row.source in _PODS:
                        seen.add(row.uid)
                    elif row.kind != EventKind.REASON:
                        told[row.uid] = row.at
                    else:
                        told.setdefault(row.uid, row.at)
        return {uid: at for uid, at in told.items() if uid not in seen}

    def note_node(self, fact: NodeFact) -> None:
        """Keep how a node is from a moment on."""
        with self._database.transaction() as connection:
            row = {"node": fact.node, "at": fact.at, "state": str(fact.state)}
            row |= {"product": fact.product, "gpus": fact.gpus}
            connection.execute(unless_there(connection, NODE_FACTS), [row])

    def nodes(self) -> dict[str, NodeFact]:
        """Return how each node was last, by name."""
        with self._database.transaction(reads=True) as connection:
            rows = connection.execute(select(NODE_FACTS).order_by(NODE_FACTS.c.at))
            return {row.node: _node_fact(row) for row in rows}

    def node_facts(self, until: datetime) -> list[NodeFact]:
        """Return all that is known of nodes up to a moment."""
        with self._database.transaction(reads=True) as connection:
            rows = connection.execute(select(NODE_FACTS).where(NODE_FACTS.c.at < until))
            return [_node_fact(row) for row in rows]

    def set_price(self, price: Price, by: str, made_at: datetime) -> None:
        """Keep a price. One for the same product and moment that was there before gives way."""
        row = {"product": price.product, "valid_from": price.valid_from, "rate": price.rate}
        with self._database.transaction() as connection:
            connection.execute(insert(PRICES).values(**row, by=by, made_at=made_at))

    def prices(self) -> list[Price]:
        """Return the prices that count, by when they begin."""
        with self._database.transaction(reads=True) as connection:
            return _prices(connection)

    def beat(self, at: datetime) -> None:
        """Say that at that moment it was known which sessions there are."""
        with self._database.transaction() as connection:
            connection.execute(delete(BEATS).where(BEATS.c.name == _WATCH))
            connection.execute(insert(BEATS).values(name=_WATCH, at=at))

    def last_beat(self) -> datetime | None:
        """Return when it was last known which sessions there are."""
        with self._database.transaction(reads=True) as connection:
            found: datetime | None = connection.scalar(
                select(BEATS.c.at).where(BEATS.c.name == _WATCH)
            )
            return found


def _node_fact(row: Row[Any]) -> NodeFact:
    return NodeFact(row.node, row.at, NodeState(row.state), row.product, row.gpus)


def _prices(connection: Connection) -> list[Price]:
    rows = connection.execute(
        select(PRICES).order_by(PRICES.c.valid_from, PRICES.c.product, PRICES.c.made_at.desc())
    ).all()
    newest = (next(rows) for _, rows in groupby(rows, lambda row: (row.valid_from, row.product)))
    return [Price(row.product, row.rate, row.valid_from) for row in newest]
