"""The copy of the databases that docs/how-to/upgrade.md makes, on a real PostgreSQL.

The page's own blocks run, in bash.
"""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from jupyterhub import dbutil, orm
from reference_pages.project import ROOT

from .postgresql import PostgreSQL

_PAGE = ROOT / "docs" / "how-to" / "upgrade.md"
_BLOCK = re.compile(r"^```sh\n(for name in hub idle; do\n.*?)^```", re.MULTILINE | re.DOTALL)
_NEWER = "ffffffffffff"
"""A version of the tables that no release of JupyterHub has."""


@pytest.fixture
def server():
    with PostgreSQL().running() as server:
        yield server


@pytest.fixture
def urls(server):
    """The databases, each owned by a role of its name, as cluster/database makes them."""
    return {name: server.create_owned(name) for name in ("hub", "idle")}


@contextmanager
def _opened(url):
    engine = sqlalchemy.create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _change(url, *statements):
    with _opened(url) as engine, engine.begin() as connection:
        for each in statements:
            connection.execute(sqlalchemy.text(each))


def _tables(url):
    with _opened(url) as engine:
        return set(sqlalchemy.inspect(engine).get_table_names())


def _column(url, query):
    with _opened(url) as engine, engine.connect() as connection:
        return connection.scalars(sqlalchemy.text(query)).all()


def _look_as_the_hub_does(url):
    """Look, before anything else, whether the tables are those of this JupyterHub."""
    with _opened(url) as engine:
        orm.check_db_revision(engine)


def test_a_copy_brings_back_what_the_older_hub_can_use(server, urls, tmp_path, monkeypatch):
    # JupyterHub starts alembic by its name.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    copy, bring_back = _BLOCK.findall(_PAGE.read_text())
    hub, idle = urls["hub"], urls["idle"]
    _look_as_the_hub_does(hub)  # of a new database it notes which tables that is to have
    with _opened(hub) as engine:
        orm.Base.metadata.create_all(engine)
    _change(hub, "INSERT INTO users (name, admin, cookie_id) VALUES ('ada', false, 'a')")
    _change(idle, "CREATE TABLE history (what text)", "INSERT INTO history VALUES ('kept')")
    before = _tables(hub)
    server.run_in_pod(copy, tmp_path)

    _change(
        hub,
        f"UPDATE alembic_version SET version_num = '{_NEWER}'",
        "DELETE FROM users",
        "CREATE TABLE newer (what text)",
    )
    _change(idle, "DROP TABLE history")
    with pytest.raises(orm.DatabaseSchemaMismatch, match="Found database schema version"):
        _look_as_the_hub_does(hub)
    with pytest.raises(subprocess.CalledProcessError):  # with hub.db.upgrade
        dbutil.upgrade(hub)

    server.run_in_pod(bring_back, tmp_path)
    _look_as_the_hub_does(hub)
    assert _tables(hub) == before
    assert _column(hub, "SELECT name FROM users") == ["ada"]
    assert _column(idle, "SELECT what FROM history") == ["kept"]
    _change(hub, "UPDATE users SET admin = true")  # the tables are the hub's, as before
