"""The culler's store on PostgreSQL, as in production."""

from collections.abc import Iterator
from itertools import count

import psycopg
import pytest
from gpucommons_culler.database.store import Store
from gpucommons_upkeep.errors import StoreUnavailableError
from sqlalchemy import create_engine

from tests.faults.database_proxy import DatabaseProxy
from tests.faults.fault import DatabaseFault
from tests.faults.loop_thread import LoopThread
from tests.hub.postgresql import PostgreSQL
from tests.unit.culler.samples import a_countdown, an_event
from tests.unit.culler.store_behaviour import StoreBehaviour
from tests.unit.culler.test_store_migrations import differences

_NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with PostgreSQL().running() as server:
        yield server


@pytest.fixture
def database(server: PostgreSQL) -> str:
    return f"idle-{next(_NUMBERS)}"


@pytest.fixture
def store_url(server: PostgreSQL, database: str) -> str:
    return server.create(database)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = Store(store_url, patience_seconds=10)
    store.open()
    yield store
    store.close()


class TestOnPostgresql(StoreBehaviour):
    pass


def test_migrations_make_the_tables_of_the_code(store, store_url):
    engine = create_engine(store_url)
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


def test_a_locked_table_is_told_and_nothing_is_written(store, server, database):
    with server.connect(database) as other, other.transaction():
        other.execute("LOCK TABLE events")
        with pytest.raises(StoreUnavailableError, match="lock timeout"):
            store.begin(a_countdown(), an_event())
    assert store.countdowns() == []
    assert store.events() == []


def test_a_server_that_is_away_is_told_and_found_again(store, server):
    store.begin(a_countdown(), an_event())
    server.stop()
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        store.end(a_countdown().session, an_event())
    server.start()
    assert store.countdowns() == [a_countdown()]
    assert len(store.events()) == 1


def test_a_server_that_comes_back_meanwhile_is_not_noticed(store, server):
    store.record(an_event())
    server.stop()
    server.start()
    store.record(an_event())
    assert len(store.events()) == 2


def test_a_server_that_never_answers_is_not_waited_for_without_end(server, database, store_url):
    thread = LoopThread()
    thread.start()
    proxy = DatabaseProxy("database", server.socket, thread)
    proxy.start()
    try:
        url = f"postgresql+psycopg://postgres@127.0.0.1:{proxy.port}/{database}"
        store = Store(url, patience_seconds=5)
        store.open()
        for before_anything in (False, True):
            proxy.play(DatabaseFault.STALL)
            if before_anything:
                store.close()
            with pytest.raises(StoreUnavailableError, match="does not answer"):
                store.record(an_event())
            proxy.heal()
            store.record(an_event())
        assert len(store.events()) == 2
        store.close()
    finally:
        proxy.stop()
        thread.stop()


def test_a_connection_that_breaks_in_the_middle_leaves_no_half(store, server, database):
    with server.connect(database) as other:
        other.execute(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
        )
        other.execute("CREATE TRIGGER cut BEFORE INSERT ON events EXECUTE FUNCTION cut()")
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        store.begin(a_countdown(), an_event())
    assert store.countdowns() == []


def test_a_password_is_not_told(server):
    url = f"postgresql+psycopg://postgres:secret@/missing?host={server.folder}"
    store = Store(url, patience_seconds=0)
    with pytest.raises(StoreUnavailableError, match='"missing" does not exist') as refused:
        store.open()
    assert "secret" not in str(refused.value)
    assert isinstance(refused.value.__cause__.orig, psycopg.OperationalError)
