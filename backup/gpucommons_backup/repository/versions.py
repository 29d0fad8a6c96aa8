"""The versions of one file: when its content was another."""

from collections.abc import Callable, Sequence
from typing import Protocol

from gpucommons_backup.repository.repository import Sighting
from gpucommons_backup.repository.snapshot import Snapshot
from gpucommons_backup.repository.tree import Entry


class _Sights(Protocol):
    def sightings(self, snapshots: Sequence[Snapshot], path: bytes) -> list[Sighting]: ...


class _Looks(Protocol):
    def entry(self, snapshot: Snapshot, path: bytes) -> Entry | None: ...


def versions(
    repository: _Sights,
    browser: _Looks,
    snapshots: Sequence[Snapshot],
    path: bytes,
    has_time: Callable[[], bool] = lambda: True,
) -> list[Sighting]:
    """Return a file as it was, newest first: for each content the latest snapshot with it.

    A content that came back after another, or after the file was away, counts again. One call of
    restic says time and size in all snapshots. Two of one size and different times are looked into
    as long as ``has_time``; then they count as different. Two of one size and time are the same.
    """
    seen = {each.snapshot.id: each for each in repository.sightings(snapshots, path)}
    found: list[Sighting] = []
    later: Sighting | None = None
    for snapshot in sorted(snapshots, key=lambda each: each.time, reverse=True):
        here = seen.get(snapshot.id)
        if here and not (later and _is_same(browser, here, later, path, has_time)):
            found.append(here)
        later = here
    return found


def _is_same(
    browser: _Looks, one: Sighting, other: Sighting, path: bytes, has_time: Callable[[], bool]
) -> bool:
    if one.size != other.size:
        return False
    if one.modified == other.modified:
        return True
    if not has_time():
        return False
    first, second = (browser.entry(each.snapshot, path) for each in (one, other))
    return first is not None and second is not None and first.content == second.content
