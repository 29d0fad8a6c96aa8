"""The tables that migrations make are those that the code uses."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from gpucommons_culler.database.store import Store
from gpucommons_culler.database.tables import METADATA
from gpucommons_upkeep.errors import StoreNewerError
from sqlalchemy import Connection, create_engine

from .samples import PATIENCE_S


def differences(connection: Connection) -> list[object]:
    """What a migration would have to change, to reach the tables of the code."""
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, METADATA))


def test_migrations_make_the_tables_of_the_code(store, store_url):
    engine = create_engine(store_url)
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


def test_a_difference_would_be_seen(store, store_url, database_file):
    with closing(sqlite3.connect(database_file)) as other:
        other.execute("ALTER TABLE events DROP COLUMN rule")
        other.execute("DROP INDEX ix_leases_until")
    engine = create_engine(store_url)
    with engine.connect() as connection:
        assert len(differences(connection)) == 2
    engine.dispose()


def test_a_second_start_changes_nothing(store, store_url, database_file):
    def schema() -> list[tuple[str]]:
        with closing(sqlite3.connect(database_file)) as other:
            return other.execute("SELECT sql FROM sqlite_master").fetchall()

    before = schema()
    again = Store(store_url)
    again.open()
    again.close()
    assert schema() == before


def test_replicas_may_start_together(store_url):
    stores = [Store(store_url, patience_seconds=PATIENCE_S) for _ in range(4)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(Store.open, stores))
    assert stores[0].events() == []
    for store in stores:
        store.close()


def test_a_database_of_a_newer_program_is_refused(store, store_url, database_file):
    with closing(sqlite3.connect(database_file)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    older = Store(store_url)
    with pytest.raises(StoreNewerError, match=r"version 9999.*Start the newer program again"):
        older.open()
    older.close()
