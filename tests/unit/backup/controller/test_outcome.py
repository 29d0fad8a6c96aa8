"""What a pod that is over has come to."""

import json

import pytest
from gpucommons_backup.controller.results.outcome import (
    Failed,
    Good,
    Tidied,
    outcome_of,
    trouble_at_start,
)
from gpucommons_backup.restoring import Restored
from gpucommons_backup.taking import Report

REPORT = Report("ab" * 32, is_new=True, files=3, size=70, unread=("home/x: permission denied",))


def _pod(phase, terminated=None, **status):
    if terminated is not None:
        status["containerStatuses"] = [{"state": {"terminated": terminated}}]
    return {"status": {"phase": phase, **status}}


def test_a_report_is_read_as_the_program_writes_it():
    pod = _pod("Succeeded", {"exitCode": 0, "message": REPORT.to_json()})
    assert outcome_of(pod, tidies=False) == Good("ab" * 32, files=3, size=70, unread=1)


def test_more_that_could_not_be_read_than_fits_a_report_is_counted():
    report = Report("ab" * 32, is_new=True, files=3, size=70, unread=("x",) * 50)
    pod = _pod("Succeeded", {"exitCode": 0, "message": report.to_json()})
    assert outcome_of(pod, tidies=False) == Good("ab" * 32, files=3, size=70, unread=50)


@pytest.mark.parametrize("phase", ["Pending", "Running", "Unknown"])
def test_nothing_is_said_of_a_pod_that_is_not_over(phase):
    assert outcome_of(_pod(phase), tidies=False) is None


def test_tidying_leaves_nothing_but_that_it_was_done():
    assert outcome_of(_pod("Succeeded", {"exitCode": 0, "message": "{}"}), tidies=True) == Tidied()


@pytest.mark.parametrize(
    ("status", "terminated", "part"),
    [
        ({}, {"exitCode": 137, "reason": "OOMKilled"}, "Copying into the second store"),
        ({"reason": "DeadlineExceeded"}, {"exitCode": 143}, "copy.longest_minutes"),
        ({}, {"exitCode": 1, "message": "The store is full."}, "The store is full."),
    ],
)
def test_of_a_copy_it_is_said_what_helps_there(status, terminated, part):
    came = outcome_of(_pod("Failed", terminated, **status), tidies=True, copies=True)
    assert isinstance(came, Failed)
    assert part in came.reason


def test_the_program_s_own_sentence_is_the_reason():
    pod = _pod("Failed", {"exitCode": 1, "message": "The store is full.\n"})
    assert outcome_of(pod, tidies=False) == Failed("The store is full.")


@pytest.mark.parametrize(
    ("status", "terminated", "part"),
    [
        ({}, {"exitCode": 137, "reason": "OOMKilled"}, ".nobackup"),
        ({"reason": "DeadlineExceeded"}, {"exitCode": 143}, "longest_minutes"),
        ({"reason": "Evicted", "message": "Too much in /tmp."}, None, "says: Too much in /tmp."),
        ({"reason": "NodeLost"}, None, "again elsewhere"),
        ({"reason": "Odd", "message": "Something new"}, None, "Something new"),
        ({}, {"exitCode": 139}, "exit code 139"),
    ],
)
def test_an_end_from_outside_gets_a_sentence_that_says_what_to_do(status, terminated, part):
    found = outcome_of(_pod("Failed", terminated, **status), tidies=False)
    assert isinstance(found, Failed)
    assert part in found.reason
    assert found.reason.endswith(".")


@pytest.mark.parametrize("message", ["", "{", "[]", "null", '{"snapshot": "ab"}', None])
def test_a_report_that_cannot_be_read_is_no_snapshot(message):
    pod = _pod(
        "Succeeded", {"exitCode": 0, "message": json.loads("null") if message is None else message}
    )
    found = outcome_of(pod, tidies=False)
    assert isinstance(found, Failed)
    assert "same version" in found.reason


def test_why_a_pod_does_not_begin_is_what_the_cluster_says():
    waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
    pod = _pod("Pending", containerStatuses=[{"state": {"waiting": waiting}}])
    assert trouble_at_start(pod) == "ImagePullBackOff: no such image"
    condition = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}
    assert trouble_at_start(_pod("Pending", conditions=[condition])) == "0/3 nodes are available"
    assert trouble_at_start({})


def test_what_was_put_back_is_read_as_the_program_writes_it():
    said = Restored("ab" * 32, "2026-11-30T03:00:00Z", "restored", 3, 70, 1).to_json()
    pod = _pod("Succeeded", {"exitCode": 0, "message": said})
    expected = Restored("ab" * 32, "2026-11-30T03:00:00Z", "restored", 3, 70, 1)
    assert outcome_of(pod, restores=True) == expected
    assert isinstance(outcome_of(_pod("Succeeded", {"exitCode": 0}), restores=True), Failed)


@pytest.mark.parametrize(
    ("status", "terminated", "reason"),
    [
        ({}, {"exitCode": 1, "message": "No room.\n"}, "No room."),
        ({}, {"exitCode": 137, "reason": "OOMKilled"}, "more memory than the pod may have"),
        ({"reason": "DeadlineExceeded"}, None, "longer than longest_minutes allows"),
        ({"reason": "Evicted", "message": "low on disk"}, {"exitCode": 137}, "low on disk. Give"),
        ({}, {"exitCode": 137}, "was ended: exit code 137. Give the command again."),
    ],
)
def test_why_nothing_was_put_back_promises_no_other_try(status, terminated, reason):
    came = outcome_of(_pod("Failed", terminated, **status), restores=True)
    assert isinstance(came, Failed)
    assert reason in came.reason
    assert "tried again" not in came.reason
