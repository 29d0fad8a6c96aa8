"""The records on PostgreSQL, as in production."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from gpucommons_accounting.database.people.identity_tables import PEOPLE
from gpucommons_accounting.database.statements import alone
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.records.pseudonym import is_pseudonym
from sqlalchemy import select, text

from tests.unit.accounting.activity_behaviour import ActivityBehaviour, quarter
from tests.unit.accounting.feedback_behaviour import FeedbackBehaviour
from tests.unit.accounting.forgetting_behaviour import ADA, LEFT, ForgettingBehaviour
from tests.unit.accounting.identity_behaviour import IdentityBehaviour
from tests.unit.accounting.pilot_behaviour import PilotBehaviour
from tests.unit.accounting.sessions import BERLIN, at
from tests.unit.accounting.store_behaviour import StoreBehaviour
from tests.unit.accounting.totals_behaviour import TotalsBehaviour
from tests.waiting import until

from ..postgresql import PostgreSQL

_NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with PostgreSQL().running() as server:
        yield server


@pytest.fixture
def store_url(server: PostgreSQL) -> str:
    return server.create(f"accounting-{next(_NUMBERS)}")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = Store(store_url, patience_seconds=10)
    store.open()
    yield store
    store.close()


@pytest.fixture
def berlin_store(store_url: str, store: Store) -> Iterator[Store]:
    berlin = Store(store_url, patience_seconds=10, calendar=Calendar(BERLIN))
    yield berlin
    berlin.close()


def _waiting(store: Store) -> int:
    """Return how many wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with store.database.transaction(reads=True) as connection:
        return connection.scalar(waiting)


class TestOnPostgresql(StoreBehaviour, TotalsBehaviour):
    pass


class TestActivityOnPostgresql(ActivityBehaviour):
    def test_it_is_forgotten_once_another_has_derived_its_sessions(self, kept, store):
        """Totals have it, too: they are those of the session as it is then."""
        kept.keep([quarter()])
        with ThreadPoolExecutor(1) as threads:
            with store.database.transaction() as connection:
                alone(connection)
                forgetting = threads.submit(kept.forget, at("2026-12-01"))
                until(lambda: _waiting(store) == 1, seconds=8)  # it waits a little longer
            assert forgetting.result() == 1


class TestForgettingOnPostgresql(ForgettingBehaviour):
    def test_two_who_begin_at_once_give_one_pseudonym(self, store):
        store.people_and_teams.meet([ADA])
        with ThreadPoolExecutor(2) as threads:
            with store.database.transaction() as connection:
                connection.execute(select(PEOPLE).with_for_update())
                begun = [threads.submit(store.pseudonyms.begin, [ADA], LEFT) for _ in range(2)]
                until(
                    lambda: _waiting(store) == 2, seconds=8
                )  # the lock is waited for a little longer
            for each in begun:
                each.result()
        known = store.people_and_teams.identities().newest_people()
        assert len([each for each in known if is_pseudonym(each.name)]) == 1


class TestIdentitiesOnPostgresql(IdentityBehaviour):
    pass


class TestFeedbackOnPostgresql(FeedbackBehaviour, PilotBehaviour):
    pass


def test_what_may_take_long_is_not_cut_short_and_all_else_is(store):
    with store.database.transaction(seconds=90) as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "90s"
    with store.database.transaction() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "50s"
