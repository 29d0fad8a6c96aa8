"""The volume of the home folder: its figures, and warnings before it is full."""

import os

import pytest
from gpucommons_contract import ALL_CLEAR_SECONDS, DiskUse, NoticeLevel
from gpucommons_lab.health.home_disk import DiskCheck, read_disk

GIB = 2**30


class Disk:
    """A volume that is read."""

    def __init__(self, size: int = 50 * GIB, warn_at: float = 80) -> None:
        self.size, self.percent, self.now = size, 0.0, 0.0
        self.is_known = True
        self.check = DiskCheck(self._read, warn_at, lambda: self.now)

    def _read(self) -> DiskUse | None:
        if not self.is_known:
            return None
        return DiskUse(int(self.size * self.percent / 100), self.size)

    def look(self, percent: float):
        self.percent = percent
        return self.check.look()


def test_a_disk_is_warned_of_early_and_again_when_it_is_urgent():
    disk = Disk()
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


def test_it_is_taken_back_for_a_moment_once_there_is_room():
    disk = Disk()
    warning = disk.look(82)
    assert disk.look(78) is warning
    all_clear = disk.look(70)
    assert (all_clear.id, all_clear.level) == (warning.id, NoticeLevel.INFO)
    assert all_clear.text.startswith("There is room in your home folder again")
    disk.now += ALL_CLEAR_SECONDS + 1
    assert disk.look(70) is None


def test_a_large_volume_with_room_is_warned_of_only_when_it_is_urgent():
    disk = Disk(size=1000 * GIB)
    assert disk.look(94) is None
    assert disk.look(95).level is NoticeLevel.ERROR


def test_whoever_wants_no_warning_gets_none():
    assert Disk(warn_at=0).look(99) is None
    assert Disk(warn_at=97).look(96) is None


def test_a_volume_that_cannot_be_read_is_no_news():
    disk = Disk()
    warning = disk.look(99)
    disk.is_known = False
    assert disk.look(10) is warning


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
