"""A whole workspace comes back beside what is there, identical, or not at all."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from gpucommons_backup import BackupError, Retention, Survey, compare, restoring
from gpucommons_backup.restoring import choose, remove_unfinished, restore
from gpucommons_backup.workspace.not_kept import UNFINISHED
from gpucommons_local.machine.programs import program

from tests.backup.nasty import make_nasty
from tests.backup.takings import FIRST, Takings
from tests.backup.test_job import Job
from tests.waiting import until

NAME = "restored 2026-11-02 08.00"


@pytest.fixture
def home(takings) -> Path:
    """Another workspace, empty."""
    return takings.new_folder("home")


def _put_back(takings: Takings, home: Path, **which):
    chosen = choose(takings.repository.snapshots(), **which)
    return restore(takings.repository, home, chosen, takings.new_folder("scratch"))


def _names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_all_that_people_have_comes_back_identical_in_a_folder_of_its_own(takings, home):
    make_nasty(takings.workspace)
    (home / "mine").write_text("stays")
    report = takings.take()
    done = _put_back(takings, home)
    assert (done.snapshot, done.folder) == (report.snapshot, NAME)
    assert (done.moment, done.left_out) == ("2026-11-02T08:00:00Z", 0)
    assert list(compare(Survey(takings.workspace).lines(), Survey(home / NAME).lines())) == []
    assert (home / NAME / "elsewhere").read_text() == "the same"
    assert _names(home) == {"mine", NAME}
    assert (home / "mine").read_text() == "stays"


def test_what_a_pod_that_was_killed_has_put_back_is_removed_alone(takings, home):
    (home / "mine").write_text("stays")
    (home / UNFINISHED.decode() / "locked").mkdir(parents=True)
    (home / UNFINISHED.decode() / "locked").chmod(0o500)
    remove_unfinished(home)
    assert _names(home) == {"mine"}
    remove_unfinished(home)


def test_a_folder_of_that_name_is_left_alone_even_if_it_is_empty(takings, home):
    (takings.workspace / "a").write_text("a")
    takings.take()
    (home / NAME).mkdir()
    (home / f"{NAME} (2)").write_text("a file")
    assert _put_back(takings, home).folder == f"{NAME} (3)"
    assert list((home / NAME).iterdir()) == []
    assert (home / f"{NAME} (2)").read_text() == "a file"


def test_the_newest_is_put_back_or_that_of_a_moment_or_of_an_id(takings, home):
    ids = []
    for text in ("old", "new"):
        (takings.workspace / "a").write_text(text)
        ids.append(takings.take().snapshot)
    for which, content in (
        ({}, "new"),
        ({"before": FIRST + timedelta(minutes=59)}, "old"),
        ({"before": FIRST}, "old"),
        ({"before": FIRST + timedelta(hours=1)}, "new"),
        ({"identifier": ids[0]}, "old"),
        ({"identifier": ids[0][:8]}, "old"),
    ):
        assert (home / _put_back(takings, home, **which).folder / "a").read_text() == content


@pytest.mark.parametrize(
    ("which", "asked"),
    [
        ({"identifier": "f" * 64}, f"with the id {'f' * 64}"),
        ({"identifier": "f"}, "with the id f"),
        ({"before": FIRST - timedelta(seconds=1)}, "of 2026-11-02 07:59:59 UTC or earlier"),
    ],
)
def test_one_that_is_not_there_is_said_with_what_there_is(takings, which, asked):
    (takings.workspace / "a").write_text("a")
    takings.take()
    with pytest.raises(BackupError, match="There is no snapshot") as error:
        choose(takings.repository.snapshots(), **which)
    expected = f"There is no snapshot {asked}. There are 1, the oldest of 2026-11-02 08:00:00 UTC"
    assert str(error.value).startswith(expected)


def _without_notes(takings, at) -> str:
    """Take a snapshot as a program does that is killed before it has written its notes."""
    return takings.repository.snapshot(takings.workspace, host="workspace", time=at).id


def test_one_without_notes_is_put_back_and_said_to_be_uncompared(takings, home):
    (takings.workspace / "a").write_text("old")
    noted = takings.take().snapshot
    (takings.workspace / "a").write_text("new")
    later = _without_notes(takings, FIRST + timedelta(minutes=59))
    done = _put_back(takings, home)
    assert (done.snapshot, done.not_compared, done.files, done.size) == (later, True, 1, 3)
    assert (home / done.folder / "a").read_text() == "new"
    assert _put_back(takings, home, identifier=noted).not_compared is False


def test_one_without_notes_that_displaced_another_can_still_be_put_back(
    keeper, name, takings, home
):
    (takings.workspace / "a").write_text("old")
    takings.take()
    (takings.workspace / "a").write_text("new")
    later = _without_notes(takings, FIRST + timedelta(minutes=59))
    keeper.repository(name).forget(Retention(0, hourly=1, daily=0, weekly=0, monthly=0))
    assert [each.id for each in takings.all()] == [later]
    assert (home / _put_back(takings, home).folder / "a").read_text() == "new"


def test_one_without_notes_needs_room_too(takings, home, monkeypatch):
    (takings.workspace / "a").write_bytes(b"x" * 1000)
    _without_notes(takings, FIRST)
    monkeypatch.setattr(restoring.os, "statvfs", lambda _path: _Room(1049, 1000))
    with pytest.raises(BackupError, match="no room for it"):
        _put_back(takings, home)
    assert _names(home) == set()


class _Room:
    """What a volume says of its room."""

    f_frsize = 1
    f_files = 1000

    def __init__(self, free: int, entries: int) -> None:
        self.f_bavail, self.f_favail = free, entries


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (_Room(1049, 1000), "no room for it: 1.1 kB are needed, 1.0 kB are free"),
        (_Room(2000, 1), "no room for so many files: 1 are needed, and 1 can be made"),
    ],
)
def test_without_room_it_is_refused_before_anything_is_written(
    takings, home, monkeypatch, room, said
):
    (takings.workspace / "a").write_bytes(b"x" * 1000)
    takings.take()
    monkeypatch.setattr(restoring.os, "statvfs", lambda _path: room)
    before = home.stat().st_mtime_ns
    with pytest.raises(BackupError, match=said):
        _put_back(takings, home)
    assert (home.stat().st_mtime_ns, _names(home)) == (before, set())


def test_with_room_enough_by_a_byte_it_is_put_back(takings, home, monkeypatch):
    (takings.workspace / "a").write_bytes(b"x" * 1000)
    takings.take()
    monkeypatch.setattr(restoring.os, "statvfs", lambda _path: _Room(1050, 2))
    assert _put_back(takings, home).size == 1000


def test_what_differs_from_the_notes_is_removed_again_and_named(takings, home, monkeypatch):
    (takings.workspace / "locked").mkdir()
    (takings.workspace / "locked" / "a").write_text("a")
    (takings.workspace / "locked").chmod(0o555)
    takings.take()
    whole = takings.repository.restore

    def in_part(snapshot, target, folder=b""):
        whole(snapshot, target, folder)
        if snapshot.host == "workspace":
            (target / "more").write_text("of somebody else")

    monkeypatch.setattr(takings.repository, "restore", in_part)
    with pytest.raises(BackupError, match=r"1 entries differ: 'more' was not there before\."):
        _put_back(takings, home)
    assert _names(home) == set()


def test_what_a_killed_try_has_left_goes_with_the_next(takings, home):
    (takings.workspace / "a").write_text("a")
    takings.take()
    left = home / ".gpucommons-restoring" / "locked"
    left.mkdir(parents=True)
    (left / "b").write_text("b")
    left.chmod(0)
    _put_back(takings, home)
    assert _names(home) == {NAME}


def test_the_program_puts_back_and_reports_where(store, name, takings, home, tmp_path):
    (takings.workspace / os.fsdecode(b"caf\xe9")).write_text("a")
    takings.take()
    job = Job(store.settings(name), tmp_path)
    assert job.run("restore", home, "--at", "2026-11-02T09:30:00+01:00")[0] == 0
    assert job.said() == {
        "snapshot": takings.all()[0].id,
        "moment": "2026-11-02T08:00:00Z",
        "folder": NAME,
        "files": 1,
        "size": 1,
        "left_out": 0,
        "not_compared": False,
    }
    assert (home / NAME / os.fsdecode(b"caf\xe9")).read_text() == "a"
    code, log = job.run("restore", home, "--snapshot", "12345678")
    assert (code, log) == (1, f"ERROR {job.report.read_text()}\n")
    assert "There is no snapshot with the id 12345678" in log
    assert json.dumps(sorted(_names(home))) == json.dumps([NAME])


def test_what_is_there_in_part_goes_where_the_pod_is_ended(store, name, takings, home, tmp_path):
    (takings.workspace / "a").write_text("a")
    takings.take()
    programs = tmp_path / "bin"
    programs.mkdir()
    slow = programs / "restic"  # does all, and then does not end
    real = program("restic")
    slow.write_text(
        f'#!/bin/sh\n{real} "$@" || exit $?\n'
        f'case "$*" in *.gpucommons-restoring) touch {slow}.done; exec sleep 600;; esac\n'
    )
    slow.chmod(0o755)
    job = Job(store.settings(name), tmp_path)
    environment = job.environment | {"PATH": f"{programs}{os.pathsep}{job.environment['PATH']}"}
    command = [sys.executable, "-m", "gpucommons_backup", "--report", str(job.report)]
    pod = subprocess.Popen([*command, "restore", str(home)], env=environment)
    try:
        until(programs.joinpath("restic.done").exists)
        assert (home / ".gpucommons-restoring" / "a").exists()
        pod.terminate()
        assert pod.wait(60) != 0
    finally:
        pod.kill()
        pod.wait()
    assert _names(home) == set()
