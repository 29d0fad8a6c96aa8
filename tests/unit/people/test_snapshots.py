"""What is said of a workspace's snapshots, from the annotations on its claim alone."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import Annotation, SnapshotState, snapshot_state
from gpucommons_people.clients.kinds import CLAIMS
from gpucommons_people.clients.snapshots import in_words

ADA = "ada@example.org"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "error", "words"),
    [
        (None, "", "never"),
        (timedelta(seconds=59), "", "just now"),
        (timedelta(minutes=1), "", "1 min ago"),
        (timedelta(hours=2, minutes=59), "", "2 h ago"),
        (timedelta(days=9), "", "9 d ago"),
        (timedelta(seconds=-5), "", "just now"),
        (None, "The store is full.", "failed: The store is full"),
        (timedelta(hours=30), "The store is full.", "failed: The store is full (1 d ago)"),
        (None, "The store " + "x" * 90, "failed: The store " + "x" * 29 + "…"),
    ],
)
def test_the_last_snapshot_in_few_words(age, error, words):
    state = SnapshotState(last_good=None if age is None else NOW - age, error=error)
    assert in_words(state, NOW) == words


def test_what_somebody_has_written_there_by_hand_is_no_snapshot():
    keys = (Annotation.SNAPSHOT_LAST_GOOD, Annotation.SNAPSHOT_FILES, Annotation.SNAPSHOT_BYTES)
    assert snapshot_state(dict.fromkeys(keys, "yesterday")) == SnapshotState()


async def test_a_workspace_has_it_for_programs(world):
    world.add_workspace(ADA, "vision")
    nothing = (await world.workspace(ADA, "vision")).as_json()
    claim = world.cluster.objects[CLAIMS, "team-vision", "workspace-ada"]
    claim["metadata"]["annotations"] |= {
        "gpucommons.io/snapshot-last-good": "2026-11-30T10:00:00Z",
        "gpucommons.io/snapshot-id": "ab12",
        "gpucommons.io/snapshot-files": "12",
        "gpucommons.io/snapshot-bytes": "3400",
        "gpucommons.io/snapshot-error": "The store is full.",
        "gpucommons.io/backup-repository": "vision/workspace-ada-1",
    }
    expected = {
        "snapshot_last_good": "2026-11-30T10:00:00Z",
        "snapshot_id": "ab12",
        "snapshot_files": 12,
        "snapshot_bytes": 3400,
        "snapshot_error": "The store is full.",
        "backup_repository": "vision/workspace-ada-1",
    }
    found = (await world.workspace(ADA, "vision")).as_json()
    assert {key: found[key] for key in expected} == expected
    assert {key: nothing[key] for key in expected} == dict.fromkeys(expected)
