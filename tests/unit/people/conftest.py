"""A world in memory with two teams."""

from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from .memory import World


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[[], World]:
    """Make a fresh world with the teams vision and robots."""
    numbers = count()

    def make() -> World:
        folder = tmp_path / f"world{next(numbers)}"
        folder.mkdir()
        world = World(folder)
        world.add_team("vision")
        world.add_team("robots")
        return world

    return make


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> date:
    """The day that it is for accounts until the test ends: midnight may come meanwhile."""
    day = date.today()

    class Day(date):
        @classmethod
        def today(cls) -> date:
            return day

    for module in ("accounts.move", "accounts.removal", "workspaces.retention"):
        monkeypatch.setattr(f"gpucommons_people.{module}.date", Day)
    return day


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """bcrypt at its lowest cost: what these tests look at does not depend on it."""
    monkeypatch.setattr("gpucommons_people.accounts.passwords._COST", 4)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpucommons_people.accounts.removal._POLL_S", 0)
