"""A file is replaced as a whole or not at all."""

import os
from pathlib import Path

import pytest
from gpucommons_config.pinning.errors import PinningError
from gpucommons_config.pinning.whole_file import replace_whole


def test_the_new_content_takes_the_place_with_the_same_mode_and_owner(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    if os.getuid() == 0:
        os.chown(file, 1234, 4321)
    before = file.stat()
    replace_whole(file, b"old", b"new")
    after = file.stat()
    assert file.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert list(tmp_path.iterdir()) == [file]


def test_whoever_has_the_old_one_open_reads_all_of_it(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_bytes(b"old " * 100_000)
    with file.open("rb") as reading:
        assert reading.read(4) == b"old "
        replace_whole(file, b"old " * 100_000, b"new")
        assert reading.read() == b"old " * 99_999


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "file", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    replace_whole(link, b"old", b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_what_somebody_else_wrote_meanwhile_stays(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_bytes(b"theirs")
    with pytest.raises(PinningError, match="changed it meanwhile; run the command again"):
        replace_whole(file, b"old", b"new")
    assert file.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [file]


def test_a_place_where_nothing_can_be_written_is_told():
    with pytest.raises(PinningError, match="cannot be written"):
        replace_whole(Path("/proc/self/status"), b"old", b"new")


def test_the_new_name_is_on_disk_when_it_returns(tmp_path, monkeypatch):
    file = tmp_path / "catalogue.yaml"
    file.write_bytes(b"old")
    synced, real = {}, os.fsync

    def fsync(opened: int) -> None:
        synced[Path(f"/proc/self/fd/{opened}").readlink()] = file.read_bytes()
        real(opened)

    monkeypatch.setattr(os, "fsync", fsync)
    replace_whole(file, b"old", b"new")
    assert synced[tmp_path] == b"new"


def test_a_file_system_that_cannot_sync_folders_is_no_obstacle(tmp_path, monkeypatch):
    file = tmp_path / "catalogue.yaml"
    file.write_bytes(b"old")
    real = os.fsync

    def fsync(opened: int) -> None:
        if Path(f"/proc/self/fd/{opened}").is_dir():
            raise OSError(22, "Invalid argument")
        real(opened)

    monkeypatch.setattr(os, "fsync", fsync)
    replace_whole(file, b"old", b"new")
    assert file.read_bytes() == b"new"
