"""What takes the room in the home folder, in words, and when it is counted."""

import os

import pytest
from gpucommons_lab.storage.home_space import EMPTY_TRASH, HomeSpace
from gpucommons_lab.storage.trash import Trash

from tests.waiting import until

KIB = 2**10


@pytest.fixture
def home(tmp_path):
    for name, size in (("data/a", 900), ("small/b", 4), (".local/share/Trash/files/c", 300)):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(size * KIB))
    return tmp_path


class Space:
    """A home folder's, with a clock."""

    def __init__(self, home, **more) -> None:
        self.now, self.freed = 1000.0, 0
        self.space = HomeSpace(
            home, Trash(home, {}), freed=self._free, clock=lambda: self.now, **more
        )

    def _free(self) -> None:
        self.freed += 1


@pytest.fixture
def made(home):
    return Space(home)


def test_the_largest_are_named_with_the_trash(made):
    assert made.space.told(by_files=False) == ""
    made.space.counted(0)
    told = made.space.told(by_files=False)
    assert told == "Most is in data (904 KiB) and the trash (300 KiB)."
    assert "small (2 files)" in made.space.told(by_files=True)


def test_what_the_time_did_not_suffice_for_is_called_so(home):
    space = Space(home, seconds=0.0).space
    assert not space.counted(0).complete
    assert space.told(by_files=False) == ""
    space.found = Space(home).space.counted(0)
    space.found = type(space.found)(space.found.folders, space.found.trash, False, 0.0)
    assert space.told(by_files=False).startswith("As far as it could be counted, most is in data")


def test_what_was_counted_lately_is_not_counted_again(made, home):
    first = made.space.counted(60)
    made.now += 59
    assert made.space.counted(60) is first
    made.now += 2
    assert made.space.counted(60) is not first
    assert made.space.version == 2


def test_the_trash_is_offered_while_it_has_something(made, home):
    assert made.space.choices() == ()
    made.space.counted(0)
    (choice,) = made.space.choices()
    assert (choice.id, choice.label) == (EMPTY_TRASH, "Empty trash (300 KiB)")
    version = made.space.version
    assert made.space.empty_trash().left == 0
    assert made.space.choices() == ()
    assert made.space.version > version
    assert made.freed == 1
    told = made.space.told(by_files=False)
    assert told == "Most is in data (904 KiB). Emptying the trash gave 300 KiB back."


def test_what_could_not_be_deleted_is_told(made, home, monkeypatch):
    made.space.counted(0)

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        made.space.empty_trash()
    assert made.space.told(by_files=False).endswith(
        "1 file in it could not be deleted: Operation not permitted."
    )
    assert made.space.choices() == ()


def test_something_new_in_the_trash_is_counted_after_a_minute(made, home):
    made.space.counted(0)
    made.space.empty_trash()
    (home / ".local/share/Trash/files/new").write_bytes(os.urandom(100 * KIB))
    made.space.heed_trash()
    assert not made.space.is_counting
    made.now += 61
    made.space.heed_trash()
    until(made.space.choices)
    assert made.space.choices()[0].label == "Empty trash (100 KiB)"


def test_only_what_the_file_browser_shows_has_a_path(home):
    (home / "caf\udce9").mkdir()
    space = Space(
        home, path_in_lab=lambda name: None if name.startswith(".") else f"home/{name}"
    ).space
    paths = {each.name: each.path for each in space.counted(0).folders}
    assert paths == {"data": "home/data", "small": "home/small", ".local": None, "caf�": None}


def test_a_home_folder_that_is_not_there_is_an_error_and_is_not_named(tmp_path):
    space = Space(tmp_path / "nothing").space
    with pytest.raises(OSError, match="No such file"):
        space.counted(0)
    space.begin()
    until(lambda: not space.is_counting)
    assert space.told(by_files=False) == ""
