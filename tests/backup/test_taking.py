"""When a snapshot is taken, and what is said of what was not whole."""

import itertools
import json
import os
import threading
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from gpucommons_backup import BackupError, Difference, Manifest, Repository, SnapshotResult, taking
from gpucommons_backup.notes import MANIFEST, NOTES, WORKSPACE, notes_on
from gpucommons_backup.repository import Retention
from gpucommons_backup.taking import Occasion
from gpucommons_local.machine.programs import program

from tests.backup.takings import FIRST


class Meddled(Repository):
    """While a snapshot of the workspace is taken, something happens there."""

    def before(self, folder: Path) -> None: ...

    def after(self, folder: Path) -> None: ...

    def snapshot(self, folder: Path, **options) -> SnapshotResult:
        if options["host"] != WORKSPACE:
            return super().snapshot(folder, **options)
        self.before(folder)
        result = super().snapshot(folder, **options)
        self.after(folder)
        return result


@pytest.fixture
def meddled(store, repository, name) -> Meddled:
    return Meddled(store.settings(name), str(program("restic")))


def test_an_unchanged_workspace_needs_no_second_snapshot_unless_it_is_the_final_one(takings):
    (takings.workspace / "a").write_text("x")
    first = takings.take()
    again = takings.take(Occasion.LIVE)
    assert (again.is_new, again.snapshot) == (False, first.snapshot)
    final = takings.take(Occasion.FINAL)
    assert final.is_new
    again = takings.take(Occasion.FINAL)  # those are never forgotten
    assert (again.is_new, again.snapshot) == (False, final.snapshot)
    assert {each.id: set(each.tags) for each in takings.all()} == {
        first.snapshot: {"ended"},
        final.snapshot: {"final"},
    }


@pytest.mark.parametrize("occasion", [Occasion.LIVE, Occasion.FINAL])
def test_a_workspace_with_nothing_to_keep_needs_no_snapshot(takings, occasion):
    (takings.workspace / ".cache").mkdir()
    report = takings.take(occasion)
    assert (report.snapshot, report.is_new, takings.all()) == ("", False, [])


@pytest.mark.parametrize("change", ["content", "rights", "name", "left out"])
def test_a_change_is_noticed_where_it_concerns_what_is_kept(takings, change):
    file = takings.workspace / "a"
    file.write_text("x")
    (takings.workspace / ".cache").mkdir()
    takings.take()
    before = file.stat()
    if change == "content":
        file.write_text("y")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "rights":
        file.chmod(0o600)
    elif change == "name":
        file.rename(takings.workspace / "b")
    else:
        (takings.workspace / ".cache/new").touch()
    assert takings.take().is_new == (change != "left out")


def test_a_snapshot_without_notes_does_not_stand_for_the_workspace(
    takings, repository, keeper, name
):
    (takings.workspace / "a").write_text("x")
    first = takings.take()
    remove_snapshot(keeper, name, notes_on(repository, takings.snapshot(first)).id)
    with pytest.raises(BackupError, match=r"no notes on the snapshot \w{8}: .* was ended before"):
        takings.verify(first)
    assert takings.take().is_new


def test_notes_whose_snapshot_is_gone_do_not_stand_for_it(takings, keeper, name):
    (takings.workspace / "a").write_text("x")
    first = takings.take()
    remove_snapshot(keeper, name, first.snapshot)
    again = takings.take()
    assert again.is_new
    assert takings.verify(again) == []


def remove_snapshot(keeper, name: str, identifier: str) -> None:
    (keeper.folder(name) / "snapshots" / identifier).unlink()


def test_the_time_of_a_snapshot_is_in_utc_wherever_it_is_taken(takings, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Seoul")
    (takings.workspace / "a").touch()
    takings.take(at=FIRST.astimezone(tz=None) + timedelta(seconds=1))
    assert [each.time for each in takings.all()] == [FIRST + timedelta(seconds=1)]


def test_what_changes_meanwhile_is_named_and_does_not_count_as_damage(
    takings, meddled, workspace, monkeypatch
):
    for name in ("log", "still", "gone", "p/still", "p/changed"):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text("x")

    def before(folder: Path) -> None:
        (folder / "log").write_text("longer")
        (folder / "p/changed").write_text("y")
        (folder / "gone").unlink(missing_ok=True)
        (folder / "new").write_text("x")
        (folder / "p/temporary").mkdir()
        (folder / "p/temporary/file").write_text("x")

    def after(folder: Path) -> None:
        (folder / "log").write_text("longer still")
        (folder / "p/temporary/file").unlink()
        (folder / "p/temporary").rmdir()

    monkeypatch.setattr(meddled, "before", before)
    monkeypatch.setattr(meddled, "after", after)
    takings.repository = meddled
    report = takings.take()
    # Besides the three files and the new one: p, and the workspace itself.
    assert report.moving == 6
    assert takings.verify(report) == []
    assert takings.take().is_new, "what changed is in no snapshot yet"


def test_while_somebody_saves_each_notebook_in_the_snapshot_is_whole(
    takings, meddled, workspace, monkeypatch
):
    """Jupyter and VS Code save by renaming; a log is written to at its end."""
    notebooks = [workspace / f"{number}.ipynb" for number in range(10)]
    (workspace / "still").write_text("x")
    saved, stopped = threading.Event(), threading.Event()

    def save() -> None:
        for number in itertools.count():
            notebook = notebooks[number % len(notebooks)]
            aside = notebook.with_name(f".~{notebook.name}")
            aside.write_text(json.dumps({"cells": ["x" * 100_000], "number": number}))
            aside.rename(notebook)
            with (workspace / "log").open("a") as log:
                log.write(f"{number}\n" * 100)
            if number == len(notebooks):
                saved.set()
            if stopped.is_set():
                return

    saving = threading.Thread(target=save)

    def before(_folder: Path) -> None:
        saving.start()
        saved.wait()

    def after(_folder: Path) -> None:
        stopped.set()
        saving.join()

    monkeypatch.setattr(meddled, "before", before)
    monkeypatch.setattr(meddled, "after", after)
    takings.repository = meddled
    report = takings.take()
    assert report.moving > len(notebooks)
    assert takings.verify(report) == []
    restored = takings.restore(report)
    assert (restored / "still").read_text() == "x"
    for each in restored.glob("[0-9]*.ipynb"):
        assert json.loads(each.read_text())["cells"] == ["x" * 100_000]


def test_a_clock_that_was_years_ahead_keeps_no_later_change_out(takings):
    ahead = FIRST + timedelta(days=3650)
    for text, time in (("one", ahead), ("two", FIRST), ("three", FIRST + timedelta(hours=1))):
        (takings.workspace / "a").write_text(text)
        report = takings.take(at=time)
        assert report.is_new
        assert (takings.restore(report) / "a").read_text() == text


def test_what_did_not_change_is_compared_though_its_folder_did(
    takings, meddled, workspace, monkeypatch
):
    (workspace / "p").mkdir()
    (workspace / "p/still").write_text("x")
    hidden = workspace.parent / "hidden"

    def before(folder: Path) -> None:
        (folder / "p/new").write_text("x")
        (folder / "p/still").rename(hidden)

    def after(folder: Path) -> None:
        hidden.rename(folder / "p/still")

    monkeypatch.setattr(meddled, "before", before)
    monkeypatch.setattr(meddled, "after", after)
    takings.repository = meddled
    assert takings.verify(takings.take()) == [Difference(b"p/still", "is missing")]


def test_a_snapshot_that_has_more_than_it_should_is_not_as_it_should_be(
    takings, meddled, workspace, monkeypatch
):
    for name in ("kept", ".cache/a"):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text("x")
    whole = Meddled.snapshot
    monkeypatch.setattr(
        Meddled, "snapshot", lambda *given, **options: whole(*given, **options | {"excludes": None})
    )
    takings.repository = meddled
    assert takings.verify(takings.take()) == [Difference(b".cache", "was to be left out")]


def test_packages_of_environments_are_noted_whatever_the_environment_is_called(
    takings, repository, workspace
):
    long = "/".join(["n" * 100] * 3)
    for folder in (f"{long}/env", "é\udcff"):
        inside = workspace / folder / "lib/python3.12/site-packages/numpy-2.1.dist-info"
        inside.mkdir(parents=True)
        (inside / "METADATA").write_text("Name: numpy\nVersion: 2.1\n")
        (workspace / folder / "pyvenv.cfg").touch()
    report = takings.take()
    target = takings.new_folder("notes")
    repository.restore(notes_on(repository, takings.snapshot(report)), target)
    lists = sorted((target / "packages").iterdir())
    assert [each.read_text() for each in lists] == ["numpy==2.1\n"] * 2
    assert lists[1].name == "é\udcff.txt"
    assert {each.host for each in repository.snapshots()} == {WORKSPACE, NOTES}


def test_of_those_that_somebody_asked_for_the_newest_are_kept(takings, keeper, name):
    reports = []
    for number, occasion in enumerate((*(Occasion.PERSON,) * 4, Occasion.FINAL, Occasion.ENDED)):
        (takings.workspace / "a").write_text(f"{number}")
        reports.append(takings.take(occasion))
    assert not takings.take(Occasion.ENDED).is_new
    asked_for = takings.take(Occasion.PERSON)
    assert asked_for.is_new  # although nothing has changed: it is kept for longer
    assert takings.take(Occasion.PERSON).snapshot == asked_for.snapshot
    rules = Retention(0, hourly=0, daily=1, weekly=0, monthly=0, tags=("final",), person=3)
    keeper.repository(name).forget(rules)
    kept = [*reports[2:5], asked_for]
    assert {each.id for each in takings.all()} == {each.snapshot for each in kept}
    notes = takings.repository.snapshots("notes")
    assert {each.value("of=") for each in notes} == {each.snapshot for each in kept}


def test_of_many_files_the_contents_of_some_are_noted(takings, repository, workspace, monkeypatch):
    monkeypatch.setattr(taking, "_FEW", 10)
    monkeypatch.setattr(taking, "_SAMPLE", 5)
    for number in range(20):
        (workspace / f"{number % 4}").mkdir(exist_ok=True)
        (workspace / f"{number % 4}/{number}").write_text("x")
    report = takings.take()
    target = takings.new_folder("notes")
    repository.restore(notes_on(repository, takings.snapshot(report)), target)
    lines = list(Manifest(target / MANIFEST).lines())
    read = [each for each in lines if each.sha256]
    assert len(lines) == 24
    assert 2 <= len(read) <= 6  # of 6 places, as 4 of the 24 are folders
    assert {each.sha256 for each in read} == {sha256(b"x").hexdigest()}
