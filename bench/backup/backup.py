"""What snapshots cost and how soon files are back, with restic alone beside ours.

BACKUP_GB says how large the home is (2), BACKUP_FILES how many files it has (100000); the goals are
for 10 GB and 100,000 files. It needs five times as much room where temporary files are.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from gpucommons_backup.controller.settings import Schedule
from gpucommons_backup.controller.watching.due import LEAD

from bench.backup import home as home_of
from bench.backup.runs import Contestant, Cost, Ours, Restic
from bench.figure import Figure
from bench.kwok_cluster import folder_in_memory
from tests.backup.store import Store

PEER = "restic alone"
_FILES, _MANY = 100_000, 500_000
_ROUNDS = 3
_MANY_BYTES = 100
_PutBack: TypeAlias = Callable[[str, Path], Cost]


def measure() -> Iterator[Figure]:
    """Measure with one store: snapshots and restores by turns."""
    size = float(os.environ.get("BACKUP_GB", "2"))
    with tempfile.TemporaryDirectory(prefix="bench-backup-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        files = int(os.environ.get("BACKUP_FILES", _FILES))
        home_of.make_home(folder / "home", files, int(size * 10**9))
        store = _started(folder)
        try:
            yield from _files(store, folder, f"{size:g} GB in {files:,} files")
        finally:
            store.stop()


def measure_large() -> Iterator[Figure]:
    """Measure how soon all is back of a home as large as the goals say, by our program alone.

    BACKUP_GB says how large (10). It needs nearly twice as much room.
    """
    size = float(os.environ.get("BACKUP_GB", "10"))
    what = f"{size:g} GB in {_FILES:,} files"
    with tempfile.TemporaryDirectory(prefix="bench-backup-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        home_of.make_home(folder / "home", _FILES, int(size * 10**9))
        store = _started(folder)
        try:
            ours = Ours(store, folder / "home")
            took = ours.first()
            yield Figure("backup-large-first", f"First snapshot, {what}", took.seconds, "s")
            yield Figure("backup-large-memory", f"Its memory, {what}", took.memory, "MiB", 512)
            shutil.rmtree(folder / "home")
            (folder / "home").mkdir()
            back = ours.put_back(folder / "home").seconds
            title = f"RTO: home of {what}, compared too"
            yield Figure("backup-large-home", title, back, "s", target=600)
        finally:
            store.stop()


def measure_many() -> Iterator[Figure]:
    """Measure many small files: in one folder, and what memory half a million of them need."""
    yield from _flat()
    yield from _memory()


def _files(store: Store, folder: Path, what: str) -> Iterator[Figure]:
    ours, peer = Ours(store, folder / "home"), Restic(store, folder / "home")
    first = [_turn(Ours(store, folder / "home"), Restic(store, folder / "home"))]
    first.append(_turn(ours, peer))
    yield from _compared("first", f"First snapshot, {what}", first)
    again = [_turn(ours, peer, again=True) for _ in range(_ROUNDS)]
    yield from _compared("unchanged", f"Snapshot, nothing changed, {what}", again)
    changed = []
    for number in range(_ROUNDS):
        home_of.change(folder / "home", 0.01, number)
        changed.append(_turn(ours, peer, again=True))
    yield from _compared("changed", f"Snapshot, 1 % changed, {what}", changed)
    longest = max(one.seconds for one, _ in changed)
    minutes = Schedule().live_minutes * (1 - LEAD) + longest / 60
    yield Figure("backup-rpo", "RPO: work lost at most, in a session", minutes, "min", target=60)
    by_file = (ours.put_back_file, peer.put_back_file)
    by_folder = (ours.put_back_folder, peer.put_back_folder)
    by_home = (lambda _, to: ours.put_back(to), lambda _, to: peer.put_back(to))
    yield _back("file", "RTO: file of 50 MB", 5, folder, by_file)
    yield _back("folder", "RTO: folder of 1 GB", 60, folder, by_folder)
    yield _back("home", f"RTO: home of {what}, compared too", 600, folder, by_home)


def _turn(ours: Contestant, peer: Contestant, *, again: bool = False) -> tuple[Cost, Cost]:
    return (ours.again(), peer.again()) if again else (ours.first(), peer.first())


def _compared(name: str, title: str, rounds: list[tuple[Cost, Cost]]) -> Iterator[Figure]:
    """Compare the quickest of each: other programs use the machine too."""
    for field, kind in (("seconds", title), ("cpu", f"{title}: CPU")):
        yield Figure(
            f"backup-{name}" + ("-cpu" if field == "cpu" else ""),
            kind,
            min(getattr(one, field) for one, _ in rounds),
            "s",
            peer=PEER,
            peer_value=min(getattr(other, field) for _, other in rounds),
            ratio_target=1.15,
            samples=len(rounds),
        )


def _back(
    what: str, title: str, target: float, folder: Path, both: tuple[_PutBack, _PutBack]
) -> Figure:
    path = {"file": home_of.FILE, "folder": home_of.FOLDER, "home": ""}[what]
    took = []
    for each in both:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            took.append(each(path, Path(place)).seconds)
    value, other = took
    return Figure(f"backup-rto-{what}", title, value, "s", target, peer=PEER, peer_value=other)


def _flat() -> Iterator[Figure]:
    """One folder of many files: each snapshot has a new list of all of them."""
    with folder_in_memory() as folder:
        (folder / "home").mkdir()
        home_of.make_small_files(folder / "home", _FILES, _MANY_BYTES, _FILES)
        (folder / "back").mkdir()
        store = _started(folder)
        try:
            ours = Ours(store, folder / "home")
            took = ours.first()
            before = _size_of(store.files)
            next((folder / "home").rglob("*.py")).write_text("changed")
            ours.again()
            grown = (_size_of(store.files) - before) / 1e6
            back = ours.put_back(folder / "back")
        finally:
            store.stop()
    what = f"one folder of {_FILES:,} files"
    yield Figure("backup-flat-growth", f"Store grows by, one change in {what}", grown, "MB", 10)
    yield Figure(
        "backup-flat-memory", f"Memory of a snapshot's pod, {what}", took.memory, "MiB", 512
    )
    yield Figure("backup-flat-back", f"RTO: {what}, compared too", back.seconds, "s", 600)


def _size_of(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def _memory() -> Iterator[Figure]:
    with folder_in_memory() as folder:
        (folder / "home").mkdir()
        home_of.make_small_files(folder / "home", _MANY, _MANY_BYTES)
        store = _started(folder)
        try:
            ours, peer = Ours(store, folder / "home"), Restic(store, folder / "home")
            took, other = ours.first(), peer.first()
            (folder / "home" / "one more").touch()
            later, other_later = ours.again(), peer.again()
        finally:
            store.stop()
    most, most_other = max(took.memory, later.memory), max(other.memory, other_later.memory)
    yield Figure(
        *("backup-memory", f"Memory of a snapshot's pod at most, {_MANY:,} files", most, "MiB"),
        target=512,
        peer=PEER,
        peer_value=most_other,
    )
    title = f"First snapshot, {_MANY:,} files of {_MANY_BYTES} bytes"
    yield from _compared("many", title, [(took, other)])


def _started(folder: Path) -> Store:
    (folder / "store").mkdir()
    store = Store(folder / "store")
    store.start()
    return store
