"""Stores that are away, full, damaged or somebody else's: each is told, and nothing is lost."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_backup import (
    BackupError,
    RepositoryMissingError,
    RepositoryUnreachableError,
    WrongPasswordError,
)
from gpucommons_backup.errors import NoAnswerError
from gpucommons_backup.notes import WORKSPACE

from tests.backup.slow_way import slow_way_to
from tests.backup.store import Store
from tests.backup.takings import FIRST, Takings
from tests.hub.processes import free_port


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[Store]:
    """A store that a test may stop and start."""
    folder = tmp_path / "own store"
    folder.mkdir()
    store = Store(folder)
    store.start()
    yield store
    store.stop()


def test_a_store_that_is_not_there_is_told_soon(store, name):
    nowhere = f"rest:http://127.0.0.1:{free_port()}/ada/{name}/"
    repository = store.repository(name, patience_s=3, RESTIC_REPOSITORY=nowhere)
    with pytest.raises(RepositoryUnreachableError) as caught:
        repository.exists()
    assert str(caught.value) == f"The store at {nowhere} does not answer: connection refused."


def test_a_store_that_says_nothing_is_told_soon(store, name):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = f"rest:http://127.0.0.1:{listener.getsockname()[1]}/ada/{name}/"
        repository = store.repository(name, patience_s=2, RESTIC_REPOSITORY=silent)
        with pytest.raises(NoAnswerError) as caught:
            repository.snapshots()
    assert str(caught.value) == f"The store at {silent} gave no answer within 2 s."


def test_a_store_that_is_back_in_time_costs_nothing(own_store, name, workspace, tmp_path):
    repository = own_store.repository(name)
    repository.create()
    (workspace / "a").write_text("x")
    own_store.stop()
    own_store.start_limit_s = 60
    returns = threading.Timer(2, own_store.start)
    returns.start()
    try:
        result = repository.snapshot(workspace, host=WORKSPACE, time=FIRST)
    finally:
        returns.join()
    assert result.unread == ()
    assert [each.id for each in repository.snapshots()] == [result.id]


def test_no_repository_is_told_from_no_store(store, name):
    repository = store.repository(name)
    assert not repository.exists()
    with pytest.raises(RepositoryMissingError, match=r"^There is no repository at rest:http://"):
        repository.snapshots()


def test_a_repository_is_made_once(repository, store, name):
    assert repository.exists()
    there = store.settings(name)["RESTIC_REPOSITORY"]
    with pytest.raises(BackupError) as caught:
        repository.create()
    assert str(caught.value) == f"There is a repository at {there} already."


def test_another_password_opens_nothing(takings, store, name):
    stranger = store.repository(name, RESTIC_PASSWORD="another")
    for use in (stranger.exists, stranger.snapshots, stranger.check):
        with pytest.raises(WrongPasswordError, match=r"^The password does not open the repository"):
            use()


def test_repositories_that_were_swapped_are_not_taken_for_each_other(store, name):
    other = f"{name}-other"
    passwords = {name: "one", other: "two"}
    for each, password in passwords.items():
        store.repository(each, RESTIC_PASSWORD=password).create()
    aside = store.folder(f"{name}-aside")
    store.folder(name).rename(aside)
    store.folder(other).rename(store.folder(name))
    aside.rename(store.folder(other))
    for each, password in passwords.items():
        with pytest.raises(WrongPasswordError):
            store.repository(each, RESTIC_PASSWORD=password).snapshots()


def test_contents_that_were_swapped_are_damage(store, keeper, name, tmp_path, workspace):
    other = f"{name}-other"
    for each in (name, other):
        repository = store.repository(each)
        repository.create()
        (workspace / "a").write_bytes(os.urandom(1000))
        Takings(repository, workspace, tmp_path).take()
    aside = store.folder(name) / "aside"
    (store.folder(name) / "data").rename(aside)
    (store.folder(other) / "data").rename(store.folder(name) / "data")
    aside.rename(store.folder(other) / "data")
    for each in (name, other):
        with pytest.raises(BackupError, match=r"is damaged: pack \w+: "):
            keeper.repository(each).check("100%")


def packs(store: Store, name: str) -> list[Path]:
    """The files that contents are in, the largest first."""
    found = (store.folder(name) / "data").glob("*/*")
    return sorted(found, key=lambda each: each.stat().st_size, reverse=True)


def test_one_flipped_bit_is_found(takings, store, name):
    (takings.workspace / "large").write_bytes(os.urandom(2**20))
    (takings.workspace / "small").write_text("x")
    report = takings.take()
    takings.repository.check("100%")
    pack = packs(store, name)[0]
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.write_bytes(content)
    with pytest.raises(BackupError, match=rf"is damaged: .*{pack.name[:8]}"):
        takings.repository.check("100%")
    with pytest.raises(BackupError, match=r"^Not all was put back: /large: "):
        takings.verify(report)
    with (
        pytest.raises(BackupError, match=r"^.+\.$"),
        takings.repository.file(takings.snapshot(report), b"large") as stream,
    ):
        stream.read()
    with takings.repository.file(takings.snapshot(report), b"small") as stream:
        assert stream.read() == b"x"


def test_a_pack_that_is_gone_is_found(takings, store, name):
    (takings.workspace / "large").write_bytes(os.urandom(2**20))
    report = takings.take()
    pack = packs(store, name)[0]
    pack.unlink()
    with pytest.raises(BackupError, match=f"damaged: pack {pack.name}: does not exist"):
        takings.repository.check()
    with pytest.raises(BackupError, match=r"^Not all was put back: /large: "):
        takings.verify(report)


def test_a_full_store_is_told_and_what_it_has_stays(small_disk, own_store, workspace, tmp_path):
    own_store.stop()
    folder = tmp_path / "full"
    folder.mkdir()
    full = Store(folder, small_disk / "files")
    full.start()
    try:
        repository = full.repository("ws")
        repository.create()
        takings = Takings(repository, workspace, tmp_path)
        (workspace / "small").write_text("x")
        first = takings.take()
        (workspace / "large").write_bytes(os.urandom(16 * 2**20))
        with pytest.raises(BackupError, match=r"^The store at rest:\S+ is full: "):
            takings.take()
        assert [each.id for each in takings.all()] == [first.snapshot]
        assert takings.verify(first) == []
    finally:
        full.stop()


def test_a_store_that_reaches_its_limit_says_so_and_goes_on_once_that_is_raised(
    workspace, tmp_path
):
    for name in ("small", "large"):
        (tmp_path / name).mkdir()
    small = Store(tmp_path / "small", most_bytes=3 * 2**20)
    small.start()
    try:
        repository = small.repository("ws")
        repository.create()
        takings = Takings(repository, workspace, tmp_path)
        (workspace / "kept").write_bytes(os.urandom(2**20))
        first = takings.take()
        (workspace / "large").write_bytes(os.urandom(4 * 2**20))
        with pytest.raises(BackupError, match=r"^The store at rest:\S+ is full: "):
            takings.take()
        assert [each.id for each in takings.all()] == [first.snapshot]
        assert takings.verify(first) == []
    finally:
        small.stop()
    large = Store(tmp_path / "large", small.files)
    large.start()
    try:
        takings.repository = large.repository("ws")
        assert takings.verify(takings.take()) == []
        takings.repository.check("100%")
    finally:
        large.stop()


def test_a_slow_store_costs_time_and_nothing_else(store, name, workspace, tmp_path):
    (workspace / "large").write_bytes(os.urandom(2**20))
    with slow_way_to(int(store.url.rpartition(":")[2])) as (port, passed):
        there = f"rest:http://127.0.0.1:{port}/ada/{name}/"
        repository = store.repository(name, RESTIC_REPOSITORY=there)
        repository.create()
        takings = Takings(repository, workspace, tmp_path)
        report = takings.take()
        assert (report.unread, report.moving) == ((), 0)
        assert passed() > 2**20
    takings.repository = store.repository(name)
    assert takings.verify(report) == []
