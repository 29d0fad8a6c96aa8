"""Snapshots in S3, by the two logins that the docs describe, on a real server."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from gpucommons_backup import (
    BackupError,
    Repository,
    RepositoryMissingError,
    RepositoryUnreachableError,
    Retention,
    Survey,
    compare,
)
from gpucommons_local.machine.programs import program

from tests.backup.nasty import make_nasty
from tests.backup.object_store import ADDS, BUCKET, OWNER, TIDIES, ObjectStore
from tests.backup.store import PASSWORD
from tests.backup.takings import FIRST, Takings
from tests.hub.processes import free_port


@pytest.fixture(scope="module")
def bucket(tmp_path_factory) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path_factory.mktemp("object-store"))
    store.start()
    try:
        store.prepare()
        yield store
    finally:
        store.stop()


def _repository(store: ObjectStore, name: str, login: str, **others: str) -> Repository:
    settings = {
        "RESTIC_REPOSITORY": f"{store.store}vision/{name}/",
        "RESTIC_PASSWORD": PASSWORD,
        **store.login(login),
        **others,
    }
    return Repository(settings, str(program("restic")), patience_s=20)


@pytest.fixture
def adding(bucket, name) -> Repository:
    """A repository there, by the login of pods."""
    repository = _repository(bucket, name, ADDS)
    repository.create()
    return repository


def test_all_comes_back_from_a_bucket_as_it_was(adding, workspace, tmp_path):
    make_nasty(workspace)
    taken = Takings(adding, workspace, tmp_path).take()
    adding.check("100%")
    target = tmp_path / "back"
    target.mkdir()
    (snapshot,) = (each for each in adding.snapshots() if each.id == taken.snapshot)
    adding.restore(snapshot, target)
    assert list(compare(Survey(workspace).lines(), Survey(target).lines())) == []


def test_the_login_of_pods_deletes_nothing_but_locks(bucket, adding, name, workspace, tmp_path):
    takings = Takings(adding, workspace, tmp_path)
    (workspace / "a").write_text("1")
    takings.take()
    assert bucket.keys(f"vision/{name}/locks/") == []
    before = bucket.keys(f"vision/{name}/")
    assert len(before) > 4
    with pytest.raises(BackupError, match="lets this account remove nothing"):
        adding.remove([each.id for each in adding.snapshots()])
    assert all("AccessDenied" in bucket.delete(ADDS, key) for key in before)
    assert bucket.keys(f"vision/{name}/") == before


def test_the_other_login_forgets_old_snapshots_and_makes_room(
    bucket, adding, name, workspace, tmp_path
):
    takings = Takings(adding, workspace, tmp_path)
    days = [FIRST + timedelta(days=each) for each in (0, 2, 4)]
    for day in days:
        (workspace / "a").write_bytes(os.urandom(200_000))
        takings.take(at=day)
    tidying, before = _repository(bucket, name, TIDIES), _size(bucket, name)
    tidying.forget(Retention(within_days=1, hourly=0, daily=0, weekly=0, monthly=1))
    tidying.prune()
    assert [each.time for each in takings.all()] == days[-1:]
    assert _size(bucket, name) < before - 300_000
    adding.check("100%")


def _size(bucket: ObjectStore, name: str) -> int:
    return sum(each.stat().st_size for each in bucket.files(f"vision/{name}").rglob("*"))


def test_what_was_erased_and_overwritten_is_locked_for_its_time(tmp_path, name, workspace):
    store = ObjectStore(tmp_path / "locked", locked_days=1)
    store.start()
    try:
        store.prepare()
        repository = _repository(store, name, ADDS)
        repository.create()
        (workspace / "a").write_text("1")
        Takings(repository, workspace, tmp_path).take()
        before = store.versions(f"vision/{name}/data/")
        assert before
        _repository(store, name, TIDIES).erase()
        assert store.keys(f"vision/{name}/data/") == []
        assert set(before) <= set(store.versions(f"vision/{name}/data/"))
        assert all("object lock" in store.delete(OWNER, key, version) for key, version in before)
        assert set(before) <= set(store.versions(f"vision/{name}/data/"))
    finally:
        store.stop()


def test_a_full_bucket_is_told_at_once_and_goes_on_once_there_is_room(
    small_disk, workspace, tmp_path
):
    store = ObjectStore(small_disk)
    store.start()
    try:
        store.prepare()
        repository = _repository(store, "full", ADDS)
        repository.create()
        takings = Takings(repository, workspace, tmp_path)
        (workspace / "small").write_text("x")
        first = takings.take()
        others = small_disk / "others"
        with others.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 4 * 2**20)
        (workspace / "large").write_bytes(os.urandom(3 * 2**20))
        with pytest.raises(BackupError, match=r"^The store at s3:\S+ is full: No space left on de"):
            takings.take()
        assert store.keys("vision/full/locks/") == []
        assert [each.id for each in takings.all()] == [first.snapshot]
        assert takings.verify(first) == []
        others.unlink()
        assert takings.verify(takings.take()) == []
        _repository(store, "full", TIDIES).prune()
        repository.check("100%")
    finally:
        store.stop()


@pytest.mark.parametrize(
    "keys", [{"AWS_SECRET_ACCESS_KEY": "another"}, {"AWS_ACCESS_KEY_ID": "nobody"}]
)
def test_wrong_keys_are_told(bucket, name, keys):
    repository = _repository(bucket, name, ADDS, **keys)
    with pytest.raises(RepositoryUnreachableError, match="does not accept the account"):
        repository.exists()


def test_a_bucket_that_is_not_there_is_told_and_is_not_made(bucket, name):
    address = f"{bucket.store.replace(BUCKET, 'another')}vision/{name}/"
    repository = _repository(bucket, name, ADDS, RESTIC_REPOSITORY=address)
    with pytest.raises(BackupError, match="has no bucket") as caught:
        repository.create()
    assert not isinstance(caught.value, RepositoryMissingError)


def test_a_bucket_without_a_repository_is_told_from_one_that_does_not_answer(bucket, name):
    assert not _repository(bucket, name, ADDS).exists()
    nowhere = f"s3:http://127.0.0.1:{free_port()}/{BUCKET}/vision/{name}/"
    repository = _repository(bucket, name, ADDS, RESTIC_REPOSITORY=nowhere)
    with pytest.raises(RepositoryUnreachableError, match=r"does not answer|gave no answer"):
        repository.exists()
