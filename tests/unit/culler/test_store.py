"""The store on SQLite: as on any database, and where SQLite is special."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gpucommons_culler.database.store import Store
from gpucommons_upkeep.errors import StoreUnavailableError

from .samples import a_countdown, an_event
from .store_behaviour import StoreBehaviour


class TestOnSqlite(StoreBehaviour):
    pass


@pytest.fixture
def hasty_store(store: Store, store_url: str) -> Iterator[Store]:
    """A store that waits for hardly any time."""
    hasty = Store(store_url, patience_seconds=0.3)
    yield hasty
    hasty.close()


@pytest.fixture
def locked(store: Store, database_file: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else's connection that holds the write lock."""
    with closing(sqlite3.connect(database_file, check_same_thread=False)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_locked_database_is_told_and_nothing_is_written(hasty_store, locked):
    with pytest.raises(StoreUnavailableError, match="database is locked"):
        hasty_store.begin(a_countdown(), an_event())
    locked.execute("ROLLBACK")
    assert hasty_store.countdowns() == []
    assert hasty_store.events() == []


def test_a_locked_database_can_be_read(store, hasty_store, locked):
    assert hasty_store.events() == []


def test_a_lock_of_a_moment_is_waited_for(store, locked):
    unlocking = threading.Timer(0.5, locked.execute, ["ROLLBACK"])
    unlocking.start()
    try:
        store.record(an_event())
    finally:
        unlocking.join()  # before its connection is closed
    assert len(store.events()) == 1


def test_a_locked_database_is_told_at_the_start(database_file):
    with closing(sqlite3.connect(database_file)) as other:
        other.isolation_level = None
        other.execute("BEGIN EXCLUSIVE")
        store = Store(f"sqlite:///{database_file}", patience_seconds=0.3)
        with pytest.raises(StoreUnavailableError, match="locked"):
            store.open()
        store.close()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/missing/idle.sqlite", patience_seconds=0.3)
    with pytest.raises(StoreUnavailableError, match="unable to open database file"):
        store.open()


def test_a_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "idle.sqlite"
    file.write_text("not a database" * 100)
    store = Store(f"sqlite:///{file}", patience_seconds=0.3)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        store.open()
    store.close()


def test_a_failure_in_the_middle_leaves_no_half(store, database_file):
    with closing(sqlite3.connect(database_file)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'full'); END"
        )
    with pytest.raises(StoreUnavailableError, match="full"):
        store.begin(a_countdown(), an_event())
    assert store.countdowns() == []
