"""Damage in a store is found and named, and nothing else is called damage."""

import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from gpucommons_backup import Repository
from gpucommons_backup.checking import Checked, check
from gpucommons_backup.errors import BackupError, DamagedError
from gpucommons_backup.notes import NOTES, OF, WORKSPACE, notes_on
from gpucommons_backup.taking import Occasion

from tests.backup.nasty import make_nasty
from tests.backup.store import Store, new_name
from tests.backup.takings import FIRST, Takings


def _check(takings: Takings, expected: str = "", repository: Repository | None = None) -> Checked:
    where = repository or takings.repository
    return check(where, takings.new_folder("notes"), "100%", expected)


def _largest(store: Store, name: str) -> Path:
    """The pack with the contents, not that with the lists of folders."""
    packs = [each for each in (store.folder(name) / "data").rglob("*") if each.is_file()]
    return max(packs, key=lambda each: each.stat().st_size)


def test_all_that_people_have_is_compared_and_a_byte_or_a_pack_less_is_found(takings, store, name):
    make_nasty(takings.workspace)
    (takings.workspace / "model").write_bytes(random.Random(1).randbytes(2**20))
    report = takings.take(Occasion.FINAL)
    assert _check(takings, report.snapshot) == Checked(report.snapshot)
    pack = _largest(store, name)
    whole = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    with pytest.raises(
        DamagedError, match=f"^The repository at .*{name}/ is damaged: .*{pack.name[:8]}"
    ):
        _check(takings)
    pack.unlink()
    with pytest.raises(
        DamagedError, match=f"^The repository at .*{name}/ is damaged: .*{pack.name[:8]}"
    ):
        _check(takings)
    pack.write_bytes(whole)
    assert _check(takings) == Checked(report.snapshot)


def test_repositories_that_were_swapped_are_found(takings, store, name):
    (takings.workspace / "a").write_text("ada's")
    report = takings.take()
    other = new_name()
    shutil.copytree(store.folder(name), store.folder(other))
    shutil.rmtree(store.folder(name))
    another = store.repository(name)
    another.create()  # with the same password, so that only what is in it tells
    Takings(another, takings.workspace, takings.folder).take()
    with pytest.raises(
        DamagedError, match=f"no snapshot {report.snapshot[:8]}, which was the last"
    ):
        _check(takings, report.snapshot)
    of_bob = store.repository(name, RESTIC_PASSWORD="of another one")
    with pytest.raises(DamagedError, match="The password does not open the repository"):
        _check(takings, repository=of_bob)
    shutil.rmtree(store.folder(name))
    with pytest.raises(DamagedError, match="There is no repository at"):
        _check(takings)


def test_a_snapshot_that_lacks_what_was_there_is_found_although_the_store_is_whole(takings):
    (takings.workspace / "a").write_text("a")
    (takings.workspace / "b").write_text("b")
    first = takings.snapshot(takings.take())
    (takings.workspace / "a").write_text("x")
    (takings.workspace / "b").unlink()
    # As if restic had made this of what is in the first one's notes.
    later = {"time": FIRST + timedelta(days=1), "tags": ("ended",)}
    made = takings.repository.snapshot(takings.workspace, host=WORKSPACE, **later)
    notes = takings.new_folder("of-the-first")
    takings.repository.restore(notes_on(takings.repository, first), notes)
    tags = (f"{OF}{made.id}",)
    takings.repository.snapshot(notes, host=NOTES, **later | {"tags": tags})
    with pytest.raises(DamagedError, match=r"entries differ: 'a' has another content, 'b' is miss"):
        _check(takings)


def test_a_store_that_is_away_is_no_damage_and_an_empty_one_is_whole(takings, store):
    assert _check(takings) == Checked("")
    away = store.repository("x", patience_s=1, RESTIC_REPOSITORY="rest:http://127.0.0.1:9/ada/x/")
    with pytest.raises(BackupError) as error:
        _check(takings, repository=away)
    assert not isinstance(error.value, DamagedError)
