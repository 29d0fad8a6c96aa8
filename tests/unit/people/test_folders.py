"""Folders whose names are on disk."""

import os
from pathlib import Path

import pytest
from gpucommons_people.files.folders import sync_folder
from gpucommons_people.files.handout import Handouts


@pytest.fixture
def synced(monkeypatch):
    """Every folder that is synced, with the names in it at that moment."""
    seen, real = [], os.fsync

    def fsync(opened: int) -> None:
        path = Path(f"/proc/self/fd/{opened}").readlink()
        if path.is_dir():
            seen.append((path, sorted(each.name for each in path.iterdir())))
        real(opened)

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def _open_files() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


def test_the_folder_itself_is_synced_and_closed(tmp_path, synced):
    before = _open_files()
    sync_folder(tmp_path)
    assert synced == [(tmp_path, [])]
    assert _open_files() == before


def test_a_folder_that_cannot_be_synced_is_closed_too(tmp_path, monkeypatch):
    def refused(_opened: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refused)
    before = _open_files()
    with pytest.raises(OSError, match="Invalid argument"):
        sync_folder(tmp_path)
    assert _open_files() == before


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")


def test_a_handout_s_names_are_on_disk_when_it_is_prepared_and_when_it_is_published(
    tmp_path, synced
):
    handouts = Handouts(tmp_path)
    handouts.prepare("ada@example.org", "secret", b"hash")
    ((folder, (pending,)),) = synced
    assert (folder, pending[0]) == (tmp_path, ".")
    handouts.publish("ada@example.org", b"hash")
    assert synced[1:] == [(tmp_path, ["ada@example.org.md"])]
