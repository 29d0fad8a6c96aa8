"""The volume of the home folder: its figures, and warnings before it is full."""

import os
from dataclasses import replace

import pytest
from gpucommons_contract import (
    ALL_CLEAR_SECONDS,
    DiskUse,
    FolderSize,
    FolderSizes,
    NoticeLevel,
    TrashEmptied,
)
from gpucommons_lab.health.home_disk import DiskCheck, read_disk
from gpucommons_lab.storage.home_space import HomeSpace
from gpucommons_lab.storage.trash import Trash

GIB = 2**30
FOUND = FolderSizes(
    (FolderSize("data", "data", 21 * GIB, 7), FolderSize(".cache", None, 4 * GIB, 90_000)),
    FolderSize("Trash", None, 2 * GIB, 3),
    complete=True,
    counted_at=0.0,
)


class Space(HomeSpace):
    """Counts when the test says so."""

    def __init__(self, folder) -> None:
        super().__init__(folder, Trash(folder, {}))
        self.begun = 0
        self.counts = False

    @property
    def is_counting(self) -> bool:
        return self.counts

    def begin(self) -> None:
        self.begun += 1

    def finish(self, found: FolderSizes) -> None:
        self.counts, self.found = False, found
        self.version += 1


class Disk:
    """A volume that is read."""

    def __init__(self, folder, size: int = 50 * GIB, warn_at: float = 80) -> None:
        self.size, self.percent, self.now = size, 0.0, 0.0
        self.files, self.most_files = None, None
        self.is_known = True
        self.space = Space(folder)
        self.check = DiskCheck(self._read, warn_at, self.space, lambda: self.now)

    def _read(self) -> DiskUse | None:
        if not self.is_known:
            return None
        used = int(self.size * self.percent / 100)
        return DiskUse(used, self.size, self.files, self.most_files)

    def look(self, percent: float):
        self.percent = percent
        return self.check.look()


def test_a_disk_is_warned_of_early_and_again_when_it_is_urgent(tmp_path):
    disk = Disk(tmp_path)
    assert disk.look(79) is None
    early = disk.look(81)
    assert early.level is NoticeLevel.WARNING
    assert early.text.startswith("Your home folder is getting full: 40.5 of 50.0 GiB are in use.")
    assert disk.look(85) is early
    urgent = disk.look(95)
    assert (urgent.id, urgent.level) == (early.id, NoticeLevel.ERROR)
    assert "is nearly full: 47.5 of 50.0 GiB" in urgent.text
    assert disk.look(93) is urgent
    assert disk.look(90).level is NoticeLevel.WARNING


def test_it_is_taken_back_for_a_moment_once_there_is_room(tmp_path):
    disk = Disk(tmp_path)
    warning = disk.look(82)
    assert disk.look(78) is warning
    all_clear = disk.look(70)
    assert (all_clear.id, all_clear.level) == (warning.id, NoticeLevel.INFO)
    assert all_clear.text.startswith("There is room in your home folder again")
    disk.now += ALL_CLEAR_SECONDS + 1
    assert disk.look(70) is None


def test_a_large_volume_with_room_is_warned_of_only_when_it_is_urgent(tmp_path):
    disk = Disk(tmp_path, size=1000 * GIB)
    assert disk.look(94) is None
    assert disk.look(95).level is NoticeLevel.ERROR


def test_whoever_wants_no_warning_gets_none(tmp_path):
    assert Disk(tmp_path, warn_at=0).look(99) is None
    assert Disk(tmp_path, warn_at=97).look(96) is None


def test_a_volume_that_cannot_be_read_is_no_news(tmp_path):
    disk = Disk(tmp_path)
    warning = disk.look(99)
    disk.is_known = False
    assert disk.look(10) is warning


def test_files_are_warned_of_as_bytes_are(tmp_path):
    disk = Disk(tmp_path)
    disk.files, disk.most_files = 810_000, 1_000_000
    early = disk.look(10)
    assert early.level is NoticeLevel.WARNING
    assert early.text.startswith(
        "Your home folder is getting full: it has 810,000 of 1,000,000 files."
    )
    disk.files = 960_000
    urgent = disk.look(10)
    assert urgent.level is NoticeLevel.ERROR
    disk.files = 700_000
    assert disk.look(10).level is NoticeLevel.INFO


def test_what_is_more_urgent_of_bytes_and_files_is_told(tmp_path):
    disk = Disk(tmp_path)
    disk.files, disk.most_files = 810_000, 1_000_000
    assert "GiB are in use" in disk.look(96).text
    assert "810,000 of" in disk.look(50).text


def test_the_warning_comes_once_it_is_known_what_takes_the_room_and_names_it(tmp_path):
    disk = Disk(tmp_path)
    (tmp_path / ".local/share/Trash/files/x").mkdir(parents=True)
    disk.space.counts = True
    assert disk.look(82) is None
    assert disk.space.begun == 1
    disk.space.finish(FOUND)
    warning = disk.look(82)
    assert "Most is in data (21.0 GiB), .cache (4.0 GiB) and the trash (2.0 GiB)." in warning.text
    assert [each.label for each in warning.choices] == ["Empty trash (2.0 GiB)"]
    assert disk.look(83) is warning
    assert disk.space.begun == 1


def test_of_files_those_folders_are_named_that_have_most(tmp_path):
    disk = Disk(tmp_path)
    disk.files, disk.most_files = 960_000, 1_000_000
    disk.space.finish(FOUND)
    assert "Most is in .cache (90,000 files)." in disk.look(10).text


def test_a_warning_that_was_never_shown_is_not_taken_back(tmp_path):
    disk = Disk(tmp_path)
    disk.space.counts = True
    assert disk.look(82) is None
    assert disk.look(10) is None


def test_after_the_trash_was_emptied_the_warning_says_what_is_left(tmp_path):
    disk = Disk(tmp_path)
    disk.space.finish(FOUND)
    disk.look(97)
    disk.space.emptied = TrashEmptied(2 * GIB, 0)
    disk.space.finish(replace(FOUND, trash=FolderSize("Trash", None, 0, 0)))
    after = disk.look(96)
    assert "48.0 of 50.0 GiB" in after.text
    assert "Emptying the trash gave 2.0 GiB back." in after.text
    assert after.choices == ()


def test_the_figures_are_those_of_the_file_system(tmp_path):
    found = os.statvfs(tmp_path)
    disk = read_disk(tmp_path, in_session=False)
    assert 0 <= disk.used <= disk.size <= found.f_blocks * found.f_frsize
    assert disk.size > 0
    if disk.files is not None:
        assert 0 <= disk.files <= disk.most_files


def test_files_are_not_counted_where_more_are_free_than_there_can_be(tmp_path, monkeypatch):
    found = os.statvfs_result((4096, 4096, 100, 60, 60, 40, 2**64 - 1, 2**64 - 1, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: found)
    assert read_disk(tmp_path, in_session=False) == DiskUse(40 * 4096, 100 * 4096)


def test_the_nodes_disk_is_not_the_sessions(tmp_path):
    assert read_disk(tmp_path, root=tmp_path) is None
    assert read_disk(tmp_path, root=tmp_path, in_session=False) is not None


@pytest.mark.parametrize("in_session", [True, False])
def test_a_folder_that_is_not_there_is_unknown(tmp_path, in_session):
    assert read_disk(tmp_path / "nothing", in_session=in_session) is None
