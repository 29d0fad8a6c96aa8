"""Emptying the trash, whatever is in it."""

import os
import subprocess
import sys

import pytest
from gpucommons_lab.storage.trash import Trash

KIB = 2**10


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def trash(home):
    made = Trash(home, {})
    (made.folder / "files").mkdir(parents=True)
    (made.folder / "info").mkdir()
    return made


def _left(trash):
    return sorted(path.name for path in trash.folder.rglob("*"))


def test_it_is_where_jupyter_server_puts_what_is_deleted(home):
    (home / "data").mkdir()
    (home / "data/a").write_bytes(os.urandom(100 * KIB))
    (home / "b").write_text("x")
    trash = Trash(home, {})
    assert not trash.has_something()
    delete = "import send2trash, sys; send2trash.send2trash(sys.argv[1:])"
    environment = {**os.environ, "HOME": str(home)}
    environment.pop("XDG_DATA_HOME", None)
    subprocess.run(
        [sys.executable, "-c", delete, home / "data", home / "b"], env=environment, check=True
    )
    assert trash.has_something()
    emptied = trash.empty()
    assert emptied.freed >= 100 * KIB
    assert (emptied.left, emptied.reason) == (0, None)
    assert not trash.has_something()
    assert _left(trash) == ["files", "info"]


def test_it_is_where_programs_keep_data_if_that_is_set(home):
    assert Trash(home, {"XDG_DATA_HOME": "/data"}).folder.as_posix() == "/data/Trash"
    assert Trash(home, {"XDG_DATA_HOME": "data"}).folder == home / ".local/share/Trash"


def test_names_that_are_not_utf_8_and_folders_that_are_read_only_are_deleted(trash):
    inner = trash.folder / "files/caf\udce9/in\udcff"
    inner.mkdir(parents=True)
    (inner / "\udcfe").write_text("x")
    inner.chmod(0o500)
    inner.parent.chmod(0o000)
    assert trash.empty().left == 0
    assert _left(trash) == ["files", "info"]


def test_what_links_point_to_stays(trash, home):
    (home / "data").mkdir()
    (home / "data/kept").write_text("x")
    (trash.folder / "files/link").symlink_to(home / "data")
    assert trash.empty().left == 0
    assert (home / "data/kept").exists()


def test_a_trash_that_leads_elsewhere_is_left_alone(home):
    (home / "data").mkdir()
    (home / "data/kept").write_text("x")
    trash = Trash(home, {})
    trash.folder.mkdir(parents=True)
    (trash.folder / "files").symlink_to(home / "data")
    emptied = trash.empty()
    assert (emptied.freed, emptied.left) == (0, 1)
    assert "is a link" in emptied.reason
    assert (home / "data/kept").exists()


def test_what_cannot_be_deleted_is_told_and_keeps_its_record(trash, monkeypatch):
    for name in ("a", "stuck", "z"):
        (trash.folder / "files" / name).write_text("x")
        (trash.folder / "info" / f"{name}.trashinfo").write_text("[Trash Info]")
    unlink = os.unlink

    def refuse(path, *more):
        if os.fsdecode(path).endswith("/stuck"):
            raise PermissionError(1, "Operation not permitted")
        unlink(path, *more)

    monkeypatch.setattr(os, "unlink", refuse)
    emptied = trash.empty()
    assert (emptied.left, emptied.reason) == (1, "Operation not permitted")
    assert _left(trash) == ["files", "info", "stuck", "stuck.trashinfo"]


def test_without_a_trash_nothing_happens(home):
    assert Trash(home, {}).empty().freed == 0
