"""A database of accounting."""

from collections.abc import Iterator

import pytest
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Calendar

from .sessions import BERLIN


@pytest.fixture
def store_url(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'accounting.sqlite'}"


@pytest.fixture
def store(store_url) -> Iterator[Store]:
    store = Store(store_url)
    store.open()
    yield store
    store.close()


@pytest.fixture
def berlin_store(store_url, store) -> Iterator[Store]:
    """The same database, of a site in Berlin."""
    berlin = Store(store_url, patience_seconds=10, calendar=Calendar(BERLIN))
    yield berlin
    berlin.close()
