"""A version takes a file's place whole or not at all, and what was there stays."""

import io
import os
from pathlib import Path

import pytest
from gpucommons_lab.earlier_files import putting_back
from gpucommons_lab.earlier_files.putting_back import (
    CutOffError,
    NoRoomError,
    put_back,
    put_beside,
    workspace_path,
)


def _names(folder: Path) -> list[bytes]:
    return sorted(os.fsencode(each.name) for each in folder.iterdir())


@pytest.mark.parametrize(
    "name", [b"notes.txt", b"caf\xe9.ipynb", b"two\nlines", b"x" * 251 + b".txt"]
)
def test_what_was_there_stays_beside_the_file(tmp_path: Path, name: bytes) -> None:
    file = tmp_path / os.fsdecode(name)
    file.write_text("new")
    file.chmod(0o640)
    kept = put_back(os.fsencode(file), 3, io.BytesIO(b"old"))
    assert kept is not None
    before = Path(os.fsdecode(kept))
    assert (file.read_text(), before.read_text()) == ("old", "new")
    assert file.stat().st_mode & 0o777 == 0o640
    assert before.suffix == file.suffix
    assert _names(tmp_path) == sorted([name, os.fsencode(before.name)])


def test_each_kept_content_has_a_name_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    for number in range(3):
        file.write_text(f"content {number}")
        put_back(os.fsencode(file), 3, io.BytesIO(b"old"))
    kept = ["notes-before-revert.txt", "notes-before-revert-2.txt", "notes-before-revert-3.txt"]
    assert [(tmp_path / each).read_text() for each in kept] == [f"content {n}" for n in range(3)]


def test_what_is_the_same_already_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("old")
    inode = file.stat().st_ino
    assert put_back(os.fsencode(file), 3, io.BytesIO(b"old")) is None
    assert (file.stat().st_ino, _names(tmp_path)) == (inode, [b"notes.txt"])


def test_a_file_that_is_gone_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    assert put_back(os.fsencode(file), 3, io.BytesIO(b"old")) is None
    assert file.read_text() == "old"


def test_a_version_that_breaks_off_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("new")
    with pytest.raises(CutOffError):
        put_back(os.fsencode(file), 4, io.BytesIO(b"old"))
    assert (file.read_text(), _names(tmp_path)) == ("new", [b"notes.txt"])


class _Untouched:
    def read(self, amount: int, /) -> bytes:
        raise AssertionError("a byte was asked for")


def test_without_room_not_a_byte_is_fetched(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("new")
    volume = os.statvfs(tmp_path)
    with pytest.raises(NoRoomError):
        put_back(os.fsencode(file), volume.f_bavail * volume.f_frsize, _Untouched())
    assert (file.read_text(), _names(tmp_path)) == ("new", [b"notes.txt"])


def test_without_hard_links_the_content_is_copied(tmp_path: Path, monkeypatch) -> None:
    def refused(*_arguments: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(putting_back.os, "link", refused)
    file = tmp_path / "notes.txt"
    taken = tmp_path / "notes-before-revert.txt"
    file.write_text("new")
    taken.write_text("taken")
    before = put_back(os.fsencode(file), 3, io.BytesIO(b"old"))
    assert before == os.fsencode(tmp_path / "notes-before-revert-2.txt")
    texts = [Path(os.fsdecode(each)).read_text() for each in (before, taken, file)]
    assert texts == ["new", "taken", "old"]


def test_a_link_is_followed_but_not_out_of_the_workspace(tmp_path: Path) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    (home / "work").mkdir(parents=True)
    data.mkdir()
    (home / "here").symlink_to("work")
    (home / "there").symlink_to(data)
    assert workspace_path(home / "here" / "a.txt", home) == (
        os.fsencode(home / "work" / "a.txt"),
        b"work/a.txt",
    )
    assert workspace_path(home / "there" / "a.txt", home) is None
    assert workspace_path(home, home) is None


@pytest.mark.parametrize("name", [b"notes.txt", b"caf\xe9.ipynb", b"x" * 251 + b".txt"])
def test_a_version_beside_a_file_leaves_that_alone(tmp_path: Path, name: bytes) -> None:
    file = tmp_path / os.fsdecode(name)
    file.write_text("new")
    made = [
        Path(os.fsdecode(put_beside(os.fsencode(file), "30 Nov 03.00", 3, io.BytesIO(old))))
        for old in (b"old", b"two")
    ]
    assert [each.read_text() for each in (file, *made)] == ["new", "old", "two"]
    assert {each.suffix for each in made} == {file.suffix}
    assert _names(tmp_path) == sorted(os.fsencode(each.name) for each in (file, *made))


def test_a_file_beside_one_is_named_after_it(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path / "notes.txt")  # which is gone, with its folder
    made = [put_beside(file, "30 Nov", 3, io.BytesIO(b"old")) for _ in range(2)]
    assert [os.path.basename(each) for each in made] == [  # noqa: PTH119
        b"notes (30 Nov).txt",
        b"notes (30 Nov) (2).txt",
    ]


def test_a_file_comes_back_with_the_folder_that_it_was_in(tmp_path: Path) -> None:
    file = tmp_path / "gone" / "too" / "notes.txt"
    assert put_back(os.fsencode(file), 3, io.BytesIO(b"old")) is None
    assert file.read_text() == "old"
