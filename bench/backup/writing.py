"""Snapshots while somebody works: a notebook saved each second, a log, and a database of SQLite.

BACKUP_MINUTES says for how long (10). Each snapshot is put back and looked at: notebooks must be
whole, and what was in motion must be named in its notes.
"""

import itertools
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_backup import BackupError, Repository
from gpucommons_backup.notes import ABOUT, notes_on
from gpucommons_backup.taking import Occasion

from bench.backup import home as home_of
from bench.figure import Figure
from bench.kwok_cluster import folder_in_memory
from tests.backup.store import Store, new_name
from tests.backup.takings import Takings

_APART_S = 10
"""Between the end of a snapshot and the next."""
_STILL = 5_000  # files that nobody writes to
_CELLS, _WORDS = 200, "x" * 5_000  # a notebook of 1 MB
_NOTEBOOKS = 10
_DATABASE, _LOG = "results.sqlite", "train.log"
_ROWS = 200  # of a transaction


@dataclass
class _Seen:
    taken: int = 0
    not_whole: list[str] = field(default_factory=list)
    """Snapshots that failed, or had a notebook that is not whole, or differ from their list."""
    unmarked: list[str] = field(default_factory=list)
    """Files that are not as they ever were, and are not named in the notes."""
    torn: int = 0
    """Databases that cannot be read."""


def measure() -> Iterator[Figure]:
    """Take snapshots until the time is over."""
    minutes = float(os.environ.get("BACKUP_MINUTES", "10"))
    with folder_in_memory() as folder:
        (folder / "home").mkdir()
        (folder / "store").mkdir()
        home_of.make_small_files(folder / "home" / home_of.MANY, _STILL, 500)
        store = Store(folder / "store")
        store.start()
        try:
            repository = store.repository(new_name())
            repository.create()
            takings = Takings(repository, folder / "home", folder)
            with closing(_Person(folder / "home")):
                seen = _look(takings, minutes * 60)
        finally:
            store.stop()
    for each in (*seen.not_whole, *seen.unmarked):
        print(each, flush=True)
    what = f"of those taken in {minutes:g} minutes of work"
    many = seen.taken
    yield Figure(
        *("backup-writing", f"Snapshots that failed or are not whole, {what}"),
        *(len(seen.not_whole), ""),
        target=0,
        samples=many,
    )
    yield Figure(
        *("backup-writing-unmarked", f"Files that changed meanwhile and are not marked, {what}"),
        *(len(seen.unmarked), ""),
        target=0,
        samples=many,
    )
    yield Figure(
        *("backup-writing-torn", f"Databases of SQLite that cannot be read, marked, {what}"),
        *(seen.torn, ""),
        samples=many,
    )


class _Person:
    """Saves and writes on threads until it is closed."""

    def __init__(self, home: Path) -> None:
        self._home, self._over = home, threading.Event()
        works = (self._save, self._log, self._fill)
        self._threads = [threading.Thread(target=each) for each in works]
        for each in self._threads:
            each.start()

    def close(self) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def _save(self) -> None:
        """Save as Jupyter does: into another file, which takes the name."""
        for number in itertools.count():
            notebook = self._home / f"{number % _NOTEBOOKS}.ipynb"
            aside = notebook.with_name(f".~{notebook.name}")
            aside.write_text(json.dumps({"cells": [_WORDS] * _CELLS, "number": number}))
            aside.rename(notebook)
            if self._over.wait(1):
                return

    def _log(self) -> None:
        for number in itertools.count():
            with (self._home / _LOG).open("a") as file:
                file.write(f"step {number}\n" * 100)
            if self._over.wait(0.05):
                return

    def _fill(self) -> None:
        with closing(sqlite3.connect(self._home / _DATABASE)) as database:
            database.execute("create table loss (step, value)")
            for number in itertools.count():
                with database:
                    rows = ((number, os.urandom(200)) for _ in range(_ROWS))
                    database.executemany("insert into loss values (?, ?)", rows)
                    if number > _NOTEBOOKS:
                        database.execute("delete from loss where step = ?", (number - _NOTEBOOKS,))
                if self._over.wait(0.05):
                    return


def _look(takings: Takings, seconds: float) -> _Seen:
    seen, end = _Seen(), time.monotonic() + seconds
    time.sleep(2)  # until there is a notebook
    while time.monotonic() < end:
        seen.taken += 1
        try:
            _take(takings, seen)
        except BackupError as error:
            seen.not_whole.append(f"{seen.taken}: {error}")
        time.sleep(_APART_S)
    return seen


def _take(takings: Takings, seen: _Seen) -> None:
    report = takings.take(Occasion.LIVE, datetime.now(UTC))
    if differ := takings.verify(report):
        seen.not_whole.append(f"{seen.taken}: {differ}")
    back = takings.restore(report)
    seen.not_whole += [
        f"{seen.taken}: {each.name}" for each in back.glob("[0-9]*.ipynb") if not _is_whole(each)
    ]
    moving = _moving(takings.repository, takings.snapshot(report).id)
    if not _opens(back / _DATABASE):
        seen.torn += 1
        if not moving & {_DATABASE, f"{_DATABASE}-journal"}:
            seen.unmarked.append(f"{seen.taken}: {_DATABASE}")
    if _LOG not in moving:  # which is longer with each twentieth of a second
        seen.unmarked.append(f"{seen.taken}: {_LOG}")


def _is_whole(notebook: Path) -> bool:
    with suppress(ValueError):
        return bool(json.loads(notebook.read_text())["cells"] == [_WORDS] * _CELLS)
    return False


def _opens(database: Path) -> bool:
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as opened:
        return bool(opened.execute("pragma integrity_check").fetchone() == ("ok",))
    return False


def _moving(repository: Repository, snapshot: str) -> set[str]:
    of = next(each for each in repository.snapshots("workspace") if each.id == snapshot)
    notes = notes_on(repository, of)
    assert notes
    return set(json.loads(repository.content(notes, ABOUT.encode(), 2**20) or b"")["moving"])
