"""What is said of how long starts take."""

import pytest
from gpucommons_spawner.availability import start_times
from gpucommons_spawner.availability.start_times import StartTimes, queued_seconds


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def times(clock) -> StartTimes:
    return StartTimes(lambda: clock[0])


def test_nothing_is_said_before_the_first_start(times):
    assert times.sentences() == {}


def test_one_start_is_no_median(times):
    times.note("scipy", "cpu", 5.6)
    assert times.sentences() == {"scipy": {"cpu": "the last start took 6 s"}}


def test_the_median_of_the_last_twenty_counts(times):
    for seconds in [500.0] * 30 + [6.0] * 11 + [400.0] * 9:
        times.note("scipy", "cpu", seconds)
    assert times.sentences()["scipy"]["cpu"] == "last starts took 6 s (median of 20)"


def test_environments_and_sizes_are_told_apart(times):
    times.note("scipy", "cpu", 4.0)
    times.note("pytorch", "cpu", 150.0)
    times.note("scipy", "gpu", 0.2)
    assert times.sentences() == {
        "scipy": {"cpu": "the last start took 4 s", "gpu": "the last start took 1 s"},
        "pytorch": {"cpu": "the last start took 2 min"},
    }


def test_a_start_of_yesterday_says_nothing(times, clock):
    times.note("scipy", "cpu", 4.0)
    clock[0] += 24 * 60 * 60 + 1
    assert times.sentences() == {}


def test_memory_is_bounded(times, monkeypatch):
    monkeypatch.setattr(start_times, "_MOST_KINDS", 2)
    for name in ("a", "b", "a", "c"):
        times.note(name, "cpu", 4.0)
    assert times.sentences().keys() == {"a", "c"}


def test_each_start_changes_what_is_told(times):
    before = times.version
    times.note("scipy", "cpu", 4.0)
    assert times.version != before


def test_viewers_are_told_when_a_start_is_too_old_to_count(times, clock):
    times.note("scipy", "cpu", 4.0)
    clock[0] += 12 * 60 * 60
    times.note("scipy", "cpu", 8.0)
    times.note("scipy", "gpu", 8.0)
    before, said = times.version, times.sentences()
    assert times.version == before
    assert times.sentences() is said
    clock[0] += 12 * 60 * 60 + 1
    assert times.version != before
    assert times.sentences() == {
        "scipy": {"cpu": "the last start took 8 s", "gpu": "the last start took 8 s"}
    }


def _pod(*conditions) -> dict:
    return {
        "metadata": {"creationTimestamp": "2026-11-24T10:00:00Z"},
        "status": {"conditions": list(conditions)},
    }


def test_the_time_in_the_queue_ends_when_the_pod_has_a_node():
    gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    placed = {
        "type": "PodScheduled",
        "status": "True",
        "lastTransitionTime": "2026-11-24T10:12:30Z",
    }
    assert queued_seconds(_pod(placed)) == 750
    assert queued_seconds(_pod(gated)) == 0
    assert queued_seconds(_pod()) == 0
