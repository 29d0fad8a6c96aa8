"""Whatever people call their files, and whatever those are, comes back as it was."""

import os
import stat

import pytest
from gpucommons_backup import Browser, EntryKind
from gpucommons_backup.taking import Report

from tests.backup.nasty import NAMES, make_nasty
from tests.backup.store import Store, new_name
from tests.backup.takings import Takings


@pytest.fixture(scope="module")
def taken(store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[Takings, Report]:
    folder = tmp_path_factory.mktemp("nasty")
    workspace = folder / "workspace"
    workspace.mkdir()
    make_nasty(workspace, many=3000)
    repository = store.repository(new_name())
    repository.create()
    takings = Takings(repository, workspace, folder)
    return takings, takings.take()


def test_all_of_it_is_in_the_snapshot_and_comes_back(taken):
    takings, report = taken
    assert (report.is_new, report.unread, report.moving) == (True, (), 0)
    assert takings.verify(report) == []


def test_what_no_list_of_ours_has_comes_back_too(taken):
    takings, report = taken
    restored = takings.restore(report) / "special"
    original = takings.workspace / "special"
    assert os.getxattr(restored / "labelled", "user.origin") == b"\x00\xff"
    assert (restored / "sparse").stat().st_blocks * 512 < 2**20
    for path in (restored, original):
        assert (path / "one").stat().st_ino == (path / "another").stat().st_ino
    assert stat.S_ISFIFO((restored / "pipe").stat().st_mode)
    assert (restored / "old").stat().st_mtime_ns == (original / "old").stat().st_mtime_ns
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (restored, original)}
    assert owners == {(os.getuid(), os.getgid())}


def test_each_name_is_found_by_browsing(taken):
    takings, report = taken
    browser = Browser(takings.repository)
    snapshot = takings.snapshot(report)
    files = browser.folder(snapshot, b"files")
    assert files is not None
    assert {each.name for each in files} == set(NAMES)
    for name in NAMES[::4]:
        inside = browser.folder(snapshot, b"folders/" + name)
        assert inside is not None
        assert [(each.name, each.kind) for each in inside] == [(name, EntryKind.FILE)]


def test_kinds_sizes_rights_and_targets_show_when_browsing(taken):
    takings, report = taken
    found = Browser(takings.repository).folder(takings.snapshot(report), b"special")
    assert found is not None
    by_name = {each.name: each for each in found}
    assert by_name[b"to bytes"].target == b"caf\xe9/\xff"
    assert by_name[b"dangling"].kind is EntryKind.LINK
    assert by_name[b"pipe"].kind is EntryKind.OTHER
    assert by_name[b"sparse"].size == 8 * 2**20
    assert by_name[b"script"].mode == 0o755
    assert len(found) == len(list((takings.workspace / "special").iterdir()))


@pytest.mark.parametrize(
    "name", [b"caf\xe9.txt", b"two\nlines", b"run [v1]*.ipynb", b"-rf", b"$HOME", b" blanks "]
)
def test_one_file_is_given_byte_by_byte(taken, name):
    takings, report = taken
    path = b"folders/" + name + b"/" + name
    with takings.repository.file(takings.snapshot(report), path) as stream:
        assert stream.read() == name


def test_a_large_file_may_be_read_in_part(taken):
    takings, report = taken
    with takings.repository.file(takings.snapshot(report), b"special/sparse") as stream:
        assert stream.read(10) == bytes(10)


@pytest.mark.parametrize("name", [b"run [v1]*.ipynb", b"back\\slash", b"caf\xe9.txt"])
def test_one_folder_comes_back_and_nothing_else(taken, name):
    takings, report = taken
    restored = takings.restore(report, b"folders/" + name)
    assert os.listdir(os.fsencode(restored)) == [name]  # noqa: PTH208 -- bytes


def test_a_pattern_s_name_brings_back_only_itself(repository, workspace, tmp_path):
    for name in ("[a]*", "a", "a1", "[a]"):
        (workspace / name).mkdir()
        (workspace / name / "f").write_text(name)
    takings = Takings(repository, workspace, tmp_path)
    report = takings.take()
    restored = takings.restore(report, b"[a]*")
    assert [each.read_text() for each in restored.iterdir()] == ["[a]*"]
    with repository.file(takings.snapshot(report), b"[a]*/f") as stream:
        assert stream.read() == b"[a]*"
