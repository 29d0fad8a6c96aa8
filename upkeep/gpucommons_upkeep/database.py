"""A service's connection to its database: opened, migrated, one transaction at a time."""

import math
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gpucommons_upkeep.errors import StoreError, StoreNewerError, StoreUnavailableError

PATIENCE_SECONDS = 4.0
"""How long a call waits for a database that is locked or away: less than a tick lasts."""
_PAUSE_SECONDS = 0.25
_STATEMENT = 5
"""How many times the patience one statement may take; a transaction takes one time more."""
_MIGRATION_SECONDS = 3600.0
_MIGRATION_LOCK = 0x6770756964
"""Any number that no other program takes: of two that start, one migrates and one waits."""
_READS = "gpucommons_reads"


class Database:
    """One database by SQLAlchemy's URL, such as ``sqlite:///idle.sqlite``."""

    def __init__(
        self, url: str, owner: str, migrations: Path, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Raise StoreError for a URL of no database that this program can talk to.

        owner: whose it is, for messages, such as ``idle culler``. migrations: Alembic's folder,
        whose ``env.py`` takes the connection from the attributes.
        """
        self._owner, self._migrations = owner, migrations
        self._patience = patience_seconds
        self._answers_within = max(2, round(patience_seconds))
        """Seconds for what a server does at once, such as to let us connect."""
        try:
            self._engine = _engine(url, patience_seconds, self._answers_within)
        except (ArgumentError, ImportError) as error:
            raise StoreError(
                f"The {owner}'s database cannot be reached by its URL: {error}"
            ) from error

    def open(self) -> None:
        """Bring the tables up to date; raises StoreNewerError and StoreUnavailableError."""
        with self.transaction(seconds=_MIGRATION_SECONDS) as connection:
            if connection.dialect.name == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:lock)")
                connection.execute(lock, {"lock": _MIGRATION_LOCK})
            self._migrate(connection)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def transaction(
        self, *, reads: bool = False, seconds: float | None = None
    ) -> Iterator[Connection]:
        """Run a block in one transaction; ``reads`` for one that only reads, and sees one state.

        ``seconds``: how long it may take, and each statement of it, where that is not a few times
        our patience.

        Raises StoreUnavailableError. Nothing was written then, unless the connection broke during
        the commit: then the next read shows whether it was.
        """
        try:
            longest = seconds or (_STATEMENT + 1) * self._answers_within
            with self._connected(reads) as connection, cut_after(connection, longest):
                if seconds and connection.dialect.name == "postgresql":
                    milliseconds = math.ceil(seconds * 1000)
                    connection.execute(text(f"SET LOCAL statement_timeout = {milliseconds}"))
                yield connection
                connection.commit()
        except (DBAPIError, PoolTimeoutError) as error:
            raise self._unavailable(error) from error

    def _connected(self, reads: bool) -> Connection:
        """Connect and begin. Only this is tried again: what was begun may have been done."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._begun(reads)
            except DBAPIError:
                if time.monotonic() + _PAUSE_SECONDS >= deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)

    def _begun(self, reads: bool) -> Connection:
        connection = self._engine.connect().execution_options(**{_READS: reads})
        if reads and connection.dialect.name == "postgresql":
            # As SQLite does: each statement would see what was committed since the one before.
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        try:
            connection.begin()
            with cut_after(connection, self._answers_within):
                connection.execute(text("SELECT 1"))
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(self._migrations).replace("%", "%%"))
        config.attributes["connection"] = connection
        script = ScriptDirectory.from_config(config)
        for revision in MigrationContext.configure(connection).get_current_heads():
            try:
                script.get_revision(revision)
            except CommandError as error:
                raise StoreNewerError(
                    f"The {self._owner}'s database is at version {revision}, and this program "
                    f"knows versions up to {script.get_current_head()}. Start the newer program "
                    "again, or restore the copy of the database from before the update."
                ) from error
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(f"The {self._owner}'s database cannot be migrated: {error}") from error

    def _unavailable(self, error: DBAPIError | PoolTimeoutError) -> StoreUnavailableError:
        cause = (error.orig if isinstance(error, DBAPIError) else None) or error
        said = f"The {self._owner}'s database does not answer: {cause}"
        return StoreUnavailableError(said.rstrip())


def _engine(url: str, patience_seconds: float, seconds: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        # Without the pool's own ping: it would wait without an end. See _begun.
        return create_engine(parsed, pool_timeout=seconds, connect_args=_timeouts(seconds))
    engine = create_engine(parsed, connect_args={"timeout": patience_seconds})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _timeouts(seconds: int) -> dict[str, object]:
    """Bounds for PostgreSQL: for connecting, for a lock, for an answer."""
    milliseconds = seconds * 1000
    options = f"-c lock_timeout={milliseconds} -c statement_timeout={_STATEMENT * milliseconds}"
    return {"connect_timeout": seconds, "options": options}


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Let readers and one writer work at the same time; transactions begin where we say."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: taken later it could fail in the middle."""
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def cut_after(connection: Connection, seconds: float) -> Iterator[None]:
    """Break a connection if the block takes longer: what waits in it fails then, at once.

    A server's ``statement_timeout`` ends what it works on; nothing of PostgreSQL's client ends
    the wait for a server, or a pool of connections before it, that hangs. A database without a
    socket, such as SQLite, is left alone.
    """
    fileno = getattr(connection.connection.driver_connection, "fileno", None)
    if fileno is None:
        yield
        return
    with socket.socket(fileno=os.dup(fileno())) as ours:
        timer = threading.Timer(seconds, _cut, [ours])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
