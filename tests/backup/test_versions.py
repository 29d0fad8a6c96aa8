"""The versions of a file, found by one call of restic, whatever the file is called."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gpucommons_backup import Browser, Repository
from gpucommons_backup.repository import Snapshot, versions

_START = datetime(2026, 11, 27, 8, tzinfo=UTC)


def _take(repository: Repository, workspace: Path, hours: int) -> Snapshot:
    time = _START + timedelta(hours=hours)
    identifier = repository.snapshot(workspace, host="workspace", time=time).id
    return next(each for each in repository.snapshots() if each.id == identifier)


@pytest.mark.parametrize(
    "called", ["plain", "[a]*", "a?b", "back\\slash", "two\nlines", "caf\udce9"]
)
def test_versions_are_those_of_this_file_alone(
    repository: Repository, workspace: Path, called: str
) -> None:
    folder = workspace / "in [it]"
    folder.mkdir()
    for each in ("a", "ab", "axb", "backslash", "caf"):  # which a pattern might fit
        (folder / each).write_text("another")
    (folder / called).write_text("one")
    taken = [_take(repository, workspace, 0), _take(repository, workspace, 1)]
    (folder / called).write_text("three")
    taken.append(_take(repository, workspace, 2))
    path = b"in [it]/" + called.encode("utf-8", "surrogateescape")
    found = versions(repository, Browser(repository), taken, path)
    assert [(each.snapshot.id, each.size) for each in found] == [(taken[2].id, 5), (taken[1].id, 3)]


def test_what_was_a_folder_or_a_link_is_no_version(repository: Repository, workspace: Path) -> None:
    place = workspace / "place"
    place.mkdir()
    (place / "a").write_text("in it")
    first = _take(repository, workspace, 0)
    (place / "a").unlink()
    place.rmdir()
    place.symlink_to("elsewhere")
    second = _take(repository, workspace, 1)
    place.unlink()
    place.write_text("a file")
    third = _take(repository, workspace, 2)
    found = versions(repository, Browser(repository), [first, second, third], b"place")
    assert [each.snapshot.id for each in found] == [third.id]
    assert repository.sightings([first], b"none") == []
    assert repository.sightings([], b"place") == []
