"""A store of its own for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_culler.database.store import Store

from .samples import PATIENCE_S


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    return tmp_path / "idle 100%.sqlite"


@pytest.fixture
def store_url(database_file: Path) -> str:
    return f"sqlite:///{database_file}"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in them: to make them takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "idle.sqlite"
    store = Store(f"sqlite:///{file}", patience_seconds=PATIENCE_S)
    store.open()
    store.close()
    return file


@pytest.fixture
def store(store_url: str, database_file: Path, migrated: Path) -> Iterator[Store]:
    shutil.copy(migrated, database_file)
    store = Store(store_url, patience_seconds=PATIENCE_S)
    store.open()
    yield store
    store.close()
