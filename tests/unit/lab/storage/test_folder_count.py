"""What takes the room in a home folder, as a process of its own counts it."""

import json
import os
import subprocess
import sys

import pytest
from gpucommons_lab.storage.folder_count import count

KIB = 2**10


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    for name, size in (("data/deep/er/a", 300), ("data/b", 100), (".cache/c", 200), ("d", 50)):
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(size * KIB))
    trash = home / ".local/share/Trash"
    (trash / "files").mkdir(parents=True)
    (trash / "info").mkdir()
    (trash / "files/gone").write_bytes(os.urandom(80 * KIB))
    (trash / "info/gone.trashinfo").write_text("[Trash Info]")
    return home


def _count(home, seconds=60.0, **more):
    return count(str(home), str(home / ".local/share/Trash"), seconds, **more)


def _sizes(found):
    return {name: size for name, (size, _) in found.folders.items()}


def test_each_folder_counts_with_all_that_is_in_it(home):
    found = _count(home)
    assert found.complete
    assert set(found.folders) == {"data", ".cache", ".local", ""}
    sizes = _sizes(found)
    assert sizes["data"] >= 400 * KIB > sizes[".cache"] >= 200 * KIB > sizes[""] >= 50 * KIB
    assert found.folders["data"][1] == 5  # itself, two folders, two files
    assert found.folders[""][1] == 1


def test_the_trash_counts_by_itself(home):
    found = _count(home)
    assert found.trash[0] >= 80 * KIB
    assert found.trash[1] == 2
    assert found.folders[".local"][1] == 2
    assert _sizes(found)[".local"] < 80 * KIB


def test_an_empty_trash_has_nothing(home):
    (home / ".local/share/Trash/files/gone").unlink()
    (home / ".local/share/Trash/info/gone.trashinfo").unlink()
    assert _count(home).trash == (0, 0)


def test_a_file_with_several_names_counts_once_and_links_are_not_followed(home, tmp_path):
    before = sum(_sizes(_count(home)).values())
    os.link(home / "data/deep/er/a", home / ".cache/same")
    (tmp_path / "elsewhere").write_bytes(os.urandom(900 * KIB))
    (home / "link").symlink_to(tmp_path)
    after = _count(home)
    assert after.complete
    assert sum(_sizes(after).values()) < before + 100 * KIB


def test_all_folders_are_known_in_part_if_the_time_runs_out(home):
    for number in range(50):
        (home / f"data/many/{number}").mkdir(parents=True)
    moments = iter(range(1000))
    found = _count(home, 30, clock=lambda: next(moments))
    assert not found.complete
    assert {"data", ".cache"} <= set(found.folders)
    assert found.folders["data"][1] < 50


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        _count(tmp_path / "nothing")


def test_a_name_that_is_not_utf_8_comes_through(home):
    (home / "caf\udce9").mkdir()
    command = [sys.executable, "-P", "-m", "gpucommons_lab.storage.folder_count"]
    said = subprocess.run(
        [*command, home, home / ".local/share/Trash", "60"], capture_output=True, check=True
    )
    assert os.fsencode("caf\udce9") == b"caf\xe9"
    assert "caf\udce9" in json.loads(said.stdout)["folders"]
