"""Of what restic prints no more is held than a caller allows, and for no longer than it waits."""

from pathlib import Path

import pytest
from gpucommons_backup import Repository
from gpucommons_backup.errors import FolderTooLargeError, NoAnswerError
from gpucommons_backup.repository import repository as module


def _repository(tmp_path: Path, does: str, patience_s: float = 60) -> Repository:
    program = tmp_path / "restic"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    return Repository({"RESTIC_REPOSITORY": "/store/"}, str(program), patience_s)


def test_a_folder_of_up_to_the_limit_is_read_and_of_a_byte_more_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_FOLDER", 10)
    assert _repository(tmp_path, "printf 0123456789").tree("ab") == b"0123456789"
    with pytest.raises(FolderTooLargeError, match="too large to be looked into"):
        _repository(tmp_path, "printf 01234567890").tree("ab")


def test_one_without_an_end_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_FOLDER", 1000)
    with pytest.raises(FolderTooLargeError):
        _repository(tmp_path, "exec cat /dev/zero").tree("ab")


def test_one_that_does_not_come_is_given_up(tmp_path):
    with pytest.raises(NoAnswerError, match="The store at /store/ gave no answer within 0 s"):
        _repository(tmp_path, "exec sleep 600", patience_s=0.2).tree("ab")


def test_why_it_did_not_come_is_said(tmp_path):
    slow = "echo 'dial tcp: connection refused' >&2; exec sleep 600"
    with pytest.raises(module.BackupError, match="does not answer: connection refused"):
        _repository(tmp_path, slow, patience_s=3).tree("ab")


_TRIES = "Save(<data/ab>) returned error, retrying after 1s: client.PutObject: "


@pytest.mark.parametrize(
    "reason",
    [
        "No space left on device",
        "Storage backend has reached its minimum free drive threshold. Please delete a few objects",
        "Bucket quota exceeded",
        "Error response code QuotaExceeded",
        "Your request was denied due to quota exceeded",
        "Bucket size quota is reached, maximum total size of objects for this bucket: 1000",
        "507 Insufficient Storage",
    ],
)
def test_nobody_waits_for_a_full_store(tmp_path, reason):
    """What servers of S3 say; restic adds words of its own."""
    tries = f"echo '{_TRIES}{reason}.' >&2; exec sleep 600"
    with pytest.raises(module.BackupError) as caught:
        _repository(tmp_path, tries).prune()
    said = reason.rpartition(": ")[2]
    assert str(caught.value) == f"The store at /store/ is full: {said}."


@pytest.mark.parametrize(
    "said",
    [
        f"{_TRIES}connection refused",
        "unable to save to cache: write /tmp/cache/ab: no space left on device",
    ],
)
def test_what_may_pass_is_waited_for(tmp_path, said):
    _repository(tmp_path, f"echo '{said}' >&2; sleep 0.2; exit 0").prune()
