"""Two people and two teams, each with snapshots of their own."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from .files_hub import FilesHub
from .store import Store

NOW = datetime.now(UTC).replace(microsecond=0)
YESTERDAY, EARLIER, LATER = (NOW - timedelta(hours=each) for each in (24, 3, 2))
NASTY = (b"caf\xe9.txt", b"two\nlines.txt", b"[a]*", b"-rf", b"back\\slash?", b"%20+&=#.txt")
"""Names of files. What each contains is its name, doubled."""


@dataclass(frozen=True)
class World:
    """What there is: snapshots by whose they are."""

    hub: FilesHub
    store: Store
    snapshots: dict[tuple[str, str], list[str]]


@pytest.fixture(scope="package")
def hub_folder(tmp_path_factory) -> Path:
    """For one hub that all modules here share."""
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="package")
def store(tmp_path_factory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("store"))
    store.server.start()
    yield store
    store.server.stop()


@pytest.fixture(scope="package")
def world(store: Store, hub_folder: Path) -> Iterator[World]:
    """Ada has a workspace in vision and in speech, bob one in vision."""
    hub = FilesHub(hub_folder, store)
    snapshots: dict[tuple[str, str], list[str]] = {}
    for team, person in (("vision", "ada"), ("vision", "bob"), ("speech", "ada")):
        home = hub.home(person) if team == "vision" else hub_folder / "elsewhere"
        snapshots[team, person] = list(_history(store, team, person, home))
    hub.start()
    hub.service.start()
    yield World(hub, store, snapshots)
    hub.stop_sessions()
    hub.service.stop()
    hub.stop()
    print(hub.service.text()[-10_000:], hub.tail())  # noqa: T201 -- shown if the last test failed


def _history(store: Store, team: str, person: str, home: Path) -> Iterator[str]:
    """Three snapshots: a first version, a second one, and one in which another file changed."""
    (home / "work").mkdir(parents=True, exist_ok=True)
    notes = home / "work" / "notes.txt"
    notes.write_text(f"yesterday's words of {person} in {team}")
    for name in NASTY:
        with open(os.path.join(os.fsencode(home), b"work", name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(name * 2)
    (home / "work" / "__pycache__").mkdir(exist_ok=True)
    (home / "work" / "__pycache__" / "a.pyc").write_text("bytes")
    yield store.take(team, person, home, YESTERDAY)
    notes.write_text(f"today's words of {person} in {team}")
    yield store.take(team, person, home, EARLIER)
    (home / "other.txt").write_text("other")
    os.utime(notes)  # saved again without a change
    yield store.take(team, person, home, LATER)
