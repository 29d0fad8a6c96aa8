"""A store of its own for each test."""

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


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = Store(store_url, patience_seconds=PATIENCE_S)
    store.open()
    yield store
    store.close()
