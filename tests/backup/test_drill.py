"""A drill puts workspaces back with the recovery key alone, and names exactly who is hit."""

import os
from pathlib import Path

import pytest
from gpucommons_backup import BackupError
from gpucommons_backup.drill import Drill
from gpucommons_backup.recovery import RecoveryShelf, SealedRecord, new_key, seal
from gpucommons_backup.recovery.sealed import text_of
from gpucommons_local.machine.programs import program

from tests.backup.store import ACCOUNT, Store
from tests.backup.takings import Takings

_OTHER = {"RESTIC_PASSWORD": "of Bob's"}


@pytest.fixture
def store(tmp_path):
    """One of its own: a store has one list of passwords."""
    (tmp_path / "own").mkdir()
    store = Store(tmp_path / "own")
    store.start()
    yield store
    store.stop()


def _kept(store: Store, folder: Path, owner: str, **more: str) -> SealedRecord:
    """Take a snapshot of somebody's workspace, and return what is sealed of it."""
    workspace = folder / owner
    workspace.mkdir()
    (workspace / "thesis.tex").write_text(f"of {owner}")
    repository = store.repository(owner, **more)
    repository.create()
    Takings(repository, workspace, folder).take()
    password = store.settings(owner, **more)["RESTIC_PASSWORD"]
    return SealedRecord(owner, "vision", owner, password, kept=True)


def test_a_drill_names_exactly_who_is_hit(store, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(program('restic')).parent}{os.pathsep}{os.environ['PATH']}")
    records = [
        _kept(store, tmp_path, "ada"),
        _kept(store, tmp_path, "bob", **_OTHER),
        _kept(store, tmp_path, "cleo"),
        SealedRecord("dan", "vision", "dan", "has no snapshot yet"),
    ]
    key, address = new_key(), f"rest:{store.url}/{ACCOUNT}/"
    login = {
        name: value for name, value in store.settings("x").items() if name.startswith("RESTIC_REST")
    }
    (tmp_path / "scratch").mkdir()
    told = []
    drill = Drill(address, login, key, tmp_path / "scratch", is_copy=False, tell=told.append)
    with pytest.raises(BackupError, match="There are no sealed passwords at"):
        drill.run()
    shelf = RecoveryShelf(address, login)
    shelf.put(seal(text_of(records), key.recipient), "state")
    store.folder("ada").rename(tmp_path / "away")
    store.folder("bob").rename(store.folder("ada"))
    (tmp_path / "away").rename(store.folder("bob"))

    report = drill.run()
    assert {each.owner: each.says.partition(" the repo")[0] for each in report.checked} == {
        "ada": "The password does not open",
        "bob": "The password does not open",
        "cleo": "",
    }
    assert [each.owner for each in report.hit] == ["ada", "bob"]
    assert (report.known, report.expected, list(report.checked)) == (4, 3, told)
    assert len(drill.run(most=1).checked) == 1
    assert not drill.run(repository="cleo").hit
    with pytest.raises(BackupError, match="has no repository eve"):
        drill.run(repository="eve")
    drill.keep(report)
    last = shelf.last_drill()
    assert last
    assert (last.compared, last.hit) == (3, 2)
    assert {each.name for each in (tmp_path / "scratch").iterdir()} <= {"cache"}
