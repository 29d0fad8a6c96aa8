"""A walk through a workspace: its order, what it says of each entry, and when it says otherwise."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_backup.workspace import Line, Survey
from gpucommons_backup.workspace.manifest import sort_key


def lines(root: Path) -> dict[bytes, Line]:
    return {each.path: each for each in Survey(root).lines()}


def fingerprint(root: Path) -> str:
    survey = Survey(root)
    list(survey.lines())
    return survey.fingerprint()


def test_folders_come_before_what_is_in_them_and_that_before_their_neighbours(tmp_path):
    for each in ("a.b/x", "a/z", "a/b/c", "a b", "B", "a0", "ä"):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()
    found = [each.path for each in Survey(tmp_path).lines()]
    assert found == sorted(found, key=sort_key)
    assert found[:5] == [b"B", b"a", b"a/b", b"a/b/c", b"a/z"]


@pytest.fixture
def deep(tmp_path) -> Iterator[tuple[Path, int]]:
    """A folder in a folder, and so on, almost as deep as a path may be long."""
    depth = (4000 - len(str(tmp_path))) // 2
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    yield tmp_path, depth
    # Python's own way, which pytest goes, does not reach so deep.
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)


def test_folders_in_folders_are_walked_however_deep(deep):
    root, depth = deep
    assert depth > sys.getrecursionlimit()
    assert sum(1 for _ in Survey(root).lines()) == depth


def test_names_of_one_file_say_so_and_it_counts_once(tmp_path):
    (tmp_path / "b").write_text("four")
    (tmp_path / "a").hardlink_to(tmp_path / "b")
    (tmp_path / "c").hardlink_to(tmp_path / "b")
    survey = Survey(tmp_path)
    assert [each.twin for each in survey.lines()] == [None, b"a", b"a"]
    assert (survey.files, survey.size) == (1, 4)


def test_links_are_not_followed(tmp_path):
    (tmp_path / "to a folder").symlink_to("/etc")
    os.symlink(b"\xff", os.fsencode(tmp_path) + b"/dangling")  # noqa: PTH211 -- bytes
    found = lines(tmp_path)
    assert {each.kind for each in found.values()} == {"symlink"}
    assert found[b"to a folder"].target == b"/etc"
    assert found[b"dangling"].target == b"\xff"


def test_pipes_are_there_and_sockets_are_not(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert [each.kind for each in Survey(tmp_path).lines()] == ["other"]


def test_rights_are_told_with_those_of_groups(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o2770)
    assert lines(tmp_path)[b"shared"].mode == 0o2770


def test_a_workspace_by_a_link_is_the_one_it_leads_to(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a").touch()
    (tmp_path / "link").symlink_to("real")
    assert set(lines(tmp_path / "link")) == {b"a"}


def test_what_cannot_be_read_is_named_and_the_rest_is_walked(tmp_path, monkeypatch):
    for each in ("a", "closed", "z"):
        (tmp_path / each).mkdir()
        (tmp_path / each / "f").touch()
    scan = os.scandir

    def refuse(path):
        if path.endswith(b"/closed"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    survey = Survey(tmp_path)
    assert [each.path for each in survey.lines()] == [b"a", b"a/f", b"closed", b"z", b"z/f"]
    assert survey.unread == [(b"closed", "Permission denied")]


def test_another_volume_is_an_empty_place(tmp_path, monkeypatch):
    (tmp_path / "other/inside").mkdir(parents=True)
    (tmp_path / "own").touch()
    mounted = _of_another_volume(tmp_path / "other")
    entries = Survey._entries

    def seen(self, path):
        found = entries(self, path)
        return {**found, b"other": mounted} if not path else found

    monkeypatch.setattr(Survey, "_entries", seen)
    assert [each.path for each in Survey(tmp_path).lines()] == [b"other", b"own"]


def _of_another_volume(path: Path) -> os.stat_result:
    info = path.stat()
    values = list(info)
    values[2] += 1
    fields = {name: getattr(info, name) for name in dir(info) if name.startswith("st_")}
    return os.stat_result(values, fields | {"st_dev": info.st_dev + 1})


@pytest.fixture
def some(tmp_path) -> Path:
    for each in ("a", "b/c", ".cache/d"):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text(each)
    (tmp_path / "link").symlink_to("a")
    return tmp_path


def _write(root: Path) -> None:
    (root / "a").write_text("other")


def _write_and_set_the_time_back(root: Path) -> None:
    before = (root / "a").stat()
    (root / "a").write_text("x")
    os.utime(root / "a", ns=(before.st_atime_ns, before.st_mtime_ns))


def _rights(root: Path) -> None:
    (root / "a").chmod(0o600)


def _rename(root: Path) -> None:
    (root / "a").rename(root / "z")


def _rename_in_a_folder(root: Path) -> None:
    (root / "b/c").rename(root / "b/d")


def _delete(root: Path) -> None:
    (root / "b/c").unlink()


def _label(root: Path) -> None:
    os.setxattr(root / "a", "user.x", b"1")


def _lead_elsewhere(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("b")


def _other_file_of_the_same_kind(root: Path) -> None:
    (root / "new").write_text("a")
    (root / "new").replace(root / "a")


def _mark(root: Path) -> None:
    (root / "b/.nobackup").touch()


@pytest.mark.parametrize(
    "change",
    [
        *(_write, _write_and_set_the_time_back, _rights, _rename, _rename_in_a_folder, _delete),
        *(_label, _lead_elsewhere, _other_file_of_the_same_kind, _mark),
    ],
)
def test_a_change_shows_in_the_fingerprint(some, change):
    before = fingerprint(some)
    change(some)
    assert fingerprint(some) != before


def test_reading_and_what_is_left_out_do_not_show(some):
    before = fingerprint(some)
    (some / "a").read_text()
    list((some / "b").iterdir())
    assert fingerprint(some) == before
    (some / ".cache/new").write_text("x")
    assert fingerprint(some) == before


def test_set_user_rights_are_of_the_mode(tmp_path):
    (tmp_path / "a").touch()
    (tmp_path / "a").chmod(0o4755)
    assert lines(tmp_path)[b"a"].mode == stat.S_ISUID | 0o755
