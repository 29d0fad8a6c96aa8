"""When a workspace's snapshots count as late, or as untidy."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import SnapshotState

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("last_good", "mounted", "created", "is_late"),
    [
        (4 * HOUR, 1 * HOUR, 90 * HOUR, True),
        (2 * HOUR, 1 * HOUR, 90 * HOUR, False),
        (400 * HOUR, 401 * HOUR, 900 * HOUR, False),  # nobody had it since
        (400 * HOUR, None, 900 * HOUR, False),
        (None, 0 * HOUR, 4 * HOUR, True),  # a session has it, and there never was one
        (None, 0 * HOUR, 2 * HOUR, False),
        (None, None, 90 * HOUR, False),
    ],
)
def test_only_what_may_lack_somebody_s_work_is_late(last_good, mounted, created, is_late):
    def before(age):
        return None if age is None else NOW - age

    state = SnapshotState(last_good=before(last_good), mounted_at=before(mounted))
    assert state.is_late(NOW, before(created)) is is_late
    assert not state.is_late(NOW, before(created), after=1000 * HOUR)


def test_old_snapshots_are_to_be_forgotten_where_new_ones_come():
    made = NOW - timedelta(weeks=9)
    assert SnapshotState(last_good=NOW).is_untidy(NOW, made)
    assert SnapshotState(last_good=NOW, tidied=NOW - timedelta(weeks=5)).is_untidy(NOW, made)
    assert not SnapshotState(last_good=NOW, tidied=NOW - timedelta(weeks=3)).is_untidy(NOW, made)
    assert not SnapshotState(last_good=made, tidied=made).is_untidy(NOW, made)
    assert not SnapshotState().is_untidy(NOW, made)
