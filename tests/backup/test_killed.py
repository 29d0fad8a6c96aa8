"""Programs that are ended at any moment leave nothing that stops the next one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gpucommons_backup.notes import WORKSPACE
from gpucommons_backup.repository import restic
from gpucommons_backup.taking import Occasion
from gpucommons_local.machine.programs import program

from tests.backup.slow_way import slow_way_to
from tests.backup.store import Store
from tests.backup.takings import FIRST
from tests.waiting import until

_MOMENTS = 4
_LATEST_S = 0.6


def locks(store: Store, name: str) -> list[Path]:
    return list((store.folder(name) / "locks").iterdir())


def test_a_snapshot_killed_at_any_moment_stops_no_later_one(store, name, takings):
    chance = random.Random(19)
    repository = takings.repository
    (takings.workspace / "a").write_text("x")
    first = takings.take()
    for number in range(_MOMENTS):
        (takings.workspace / str(number)).write_bytes(os.urandom(24 * 2**20))
        backup = subprocess.Popen(
            [program("restic"), "backup", "--quiet", "."],
            env=store.settings(name, GOMAXPROCS="1"),
            cwd=takings.workspace,
        )
        until(lambda ended=backup.poll: locks(store, name) or ended() is not None, pause=0.005)
        time.sleep(chance.uniform(0, _LATEST_S))
        backup.kill()
        backup.wait()
    assert locks(store, name), "none was killed while it worked"
    repository.unlock()
    report = takings.take(Occasion.ENDED)
    assert report.is_new
    assert locks(store, name) == []
    assert takings.verify(report) == []
    assert takings.verify(first) == []
    repository.check("100%")


def test_whoever_stops_reading_leaves_no_lock(store, name, takings):
    (takings.workspace / "large").write_bytes(os.urandom(8 * 2**20))
    snapshot = takings.snapshot(takings.take())
    with takings.repository.file(snapshot, b"large") as stream:
        assert len(stream.read(10)) == 10
    assert locks(store, name) == []


def test_looking_does_not_wait_for_whoever_tidies(store, keeper, name, takings):
    (takings.workspace / "a").write_text("x")
    snapshot = takings.snapshot(takings.take())
    tidying = subprocess.Popen([program("restic"), "prune", "-q"], env=keeper.settings(name))
    try:
        until(lambda: locks(store, name), pause=0.005)
        tidying.send_signal(signal.SIGSTOP)
        assert locks(store, name)
        assert takings.repository.exists()
        assert takings.all() == [snapshot]
        assert b'"a"' in takings.repository.tree(snapshot.tree)
        with takings.repository.file(snapshot, b"a") as stream:
            assert stream.read() == b"x"
    finally:
        tidying.kill()
        tidying.wait()


def test_what_a_killed_tidying_has_locked_does_not_hold_up_the_next_snapshot(
    store, keeper, name, takings
):
    (takings.workspace / "a").write_text("x")
    tidying = subprocess.Popen([program("restic"), "prune", "-q"], env=keeper.settings(name))
    try:
        until(lambda: locks(store, name), pause=0.005)
    finally:
        tidying.kill()
        tidying.wait()
    assert locks(store, name), "it was over before it was killed"
    report = takings.take()
    assert locks(store, name) == []
    assert takings.verify(report) == []


def test_a_snapshot_that_is_told_to_end_leaves_no_lock(
    store, repository, name, takings, monkeypatch
):
    monkeypatch.setattr(restic, "_LAST_WORDS_S", 60)  # for this machine, which may be busy
    (takings.workspace / "large").write_bytes(os.urandom(64 * 2**20))
    with slow_way_to(int(store.url.rpartition(":")[2])) as (port, passed):
        there = f"rest:http://127.0.0.1:{port}/ada/{name}/"
        slow = store.repository(name, RESTIC_REPOSITORY=there)

        def end() -> None:
            until(lambda: passed() > 2**20)
            assert locks(store, name)
            sys.exit("as on SIGTERM")

        with pytest.raises(SystemExit):
            slow.snapshot(takings.workspace, host=WORKSPACE, time=FIRST, waits=False, meanwhile=end)
    assert locks(store, name) == []
    assert takings.all() == []
