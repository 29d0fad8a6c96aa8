"""How long the hub waits for a PostgreSQL that hangs, and how it finds one that is back."""

import time
from collections.abc import Iterator

import pytest
from gpucommons_config.database import timeouts
from gpucommons_config.database.timeouts import DatabaseTimeouts, bound_waits, waiting_at_most
from gpucommons_sessions.hub_database import answers
from psycopg2.extensions import set_wait_callback
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from traitlets.config import Config

from tests.hub.postgresql import PostgreSQL
from tests.waiting import until

from .database_proxy import DatabaseProxy
from .fault import DatabaseFault

_SECONDS = 0.5
"""In the place of those of a hub, so that nobody waits for long."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with PostgreSQL().running() as server:
        yield server


@pytest.fixture
def proxy(server, thread) -> Iterator[DatabaseProxy]:
    proxy = DatabaseProxy("database", server.socket, thread)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def db(proxy, monkeypatch) -> Iterator[Session]:
    """A session as the hub has it, with the options that its configuration makes."""
    for name in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(timeouts, name, _SECONDS)
    c = Config()
    c.JupyterHub.db_url = f"postgresql+psycopg2://postgres@127.0.0.1:{proxy.port}/postgres"
    bound_waits(c)
    engine = create_engine(c.JupyterHub.db_url, **c.JupyterHub.db_kwargs)
    with Session(engine) as session:
        yield session
    engine.dispose()
    set_wait_callback(None)


def test_a_statement_is_waited_for_no_longer_than_its_bound(db, proxy):
    db.execute(text("SELECT 1"))
    with pytest.raises(OperationalError, match=f"no answer within {_SECONDS} s"):
        db.execute(text("SELECT pg_sleep(60)"))
    db.rollback()
    assert answers(db)


@pytest.mark.parametrize("fault", DatabaseFault)
@pytest.mark.parametrize("amid", [True, False], ids=["in a transaction", "between two"])
def test_a_database_that_is_away_is_known_to_be_and_found_again(db, proxy, fault, amid):
    assert answers(db)
    if not amid:
        db.commit()
    proxy.play(fault)
    assert not answers(db)
    proxy.heal()
    until(lambda: answers(db))


@pytest.mark.parametrize("amid", [True, False], ids=["in a transaction", "between two"])
def test_a_database_that_was_away_meanwhile_is_not_noticed(db, proxy, amid):
    assert answers(db)
    if not amid:
        db.commit()
    proxy.play(DatabaseFault.CUT)
    proxy.heal()
    assert answers(db)


def test_one_that_hangs_takes_a_part_of_the_time_only(db, proxy):
    """The waits are counted, and not their length: the pauses between them answer at once."""
    assert answers(db)
    proxy.play(DatabaseFault.STALL)
    assert not answers(db)
    waits = []
    set_wait_callback(
        lambda connection: (waits.append(1), waiting_at_most(_SECONDS, _SECONDS)(connection))
    )
    asked, end = 0, time.monotonic() + 8 * _SECONDS
    while time.monotonic() < end:
        assert not answers(db)
        asked += 1
        time.sleep(_SECONDS / 50)
    assert asked > 5 * len(waits)


def test_what_the_installation_says_goes_first():
    c = Config()
    c.JupyterHub.db_url = "postgresql+psycopg2://hub@db/hub?connect_timeout=30&sslmode=require"
    c.JupyterHub.db_kwargs = {"pool_size": 7, "connect_args": {"keepalives_idle": 60}}
    bound_waits(c)
    kept = c.JupyterHub.db_kwargs
    assert kept["pool_size"] == 7
    assert kept["connect_args"]["keepalives_idle"] == 60
    assert "connect_timeout" not in kept["connect_args"]
    assert kept["connect_args"]["tcp_user_timeout"] == 10_000
    before = dict(kept)
    bound_waits(c)
    assert c.JupyterHub.db_kwargs == before


@pytest.mark.parametrize("url", ["sqlite:///jupyterhub.sqlite", "mysql+pymysql://hub@db/hub", ""])
def test_another_database_is_left_alone(url):
    c = Config()
    if url:
        c.JupyterHub.db_url = url
    bound_waits(c)
    assert "db_kwargs" not in c.JupyterHub
    assert DatabaseTimeouts.__name__ not in str(c)
