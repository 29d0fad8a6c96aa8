"""When Kubernetes ends a session of a limited size, and what people read of it."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_spawner.pod_state.pod_outcome import Outcome, judge
from gpucommons_spawner.pod_state.time_limit import (
    end_of,
    notice_of,
    time_up,
    told_from,
)

BEGUN = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def _pod(seconds: int | None = 8 * 3600, **status) -> dict:
    status = {"startTime": f"{BEGUN:%Y-%m-%dT%H:%M:%SZ}", **status}
    return {"metadata": {}, "spec": {"activeDeadlineSeconds": seconds}, "status": status}


def test_the_time_counts_from_when_the_node_took_the_pod():
    assert end_of(_pod()) == BEGUN + timedelta(hours=8)
    assert end_of(_pod(startTime=None)) is None
    assert end_of(_pod(None)) is None


@pytest.mark.parametrize(("seconds", "before"), [(8 * 3600, 900), (9000, 900), (600, 60)])
def test_people_are_told_a_quarter_of_an_hour_before_or_a_tenth_of_the_time(seconds, before):
    pod = _pod(seconds)
    assert end_of(pod) - told_from(pod) == timedelta(seconds=before)


def test_the_notice_counts_down_to_the_end():
    assert notice_of(BEGUN).ends_at == BEGUN.timestamp()


def test_an_ended_session_says_why_and_that_files_are_kept():
    ended = _pod(phase="Failed", reason="DeadlineExceeded")
    assert time_up(ended) == (
        "Your session ended at 2026-11-24 14:30 UTC: sessions of its size last 8 hours at most. "
        "Files saved in your home folder are kept; what was only in memory is lost."
    )
    assert judge(ended).outcome is Outcome.FAILED
    assert judge(ended).reason == time_up(ended)


@pytest.mark.parametrize(
    "status", [{"phase": "Running"}, {"phase": "Failed", "reason": "Evicted"}, {"phase": "Failed"}]
)
def test_no_other_end_is_called_so(status):
    assert time_up(_pod(**status)) is None
