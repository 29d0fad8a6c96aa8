"""Why a pod ended that nobody stopped; statuses as Kubernetes 1.35 writes them."""

from datetime import UTC, datetime

import pytest
from gpucommons_spawner.pod_state.pod_end import failed_start, last_words, restarted, why_ended
from gpucommons_spawner.pod_state.pod_outcome import Outcome, judge

NOW = datetime(2026, 11, 28, 15, 26, tzinfo=UTC)
_KEPT = "Files saved in your home folder are kept; what was only in memory is lost."
_KILLED = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-28T15:20:10Z"}


def _pod(phase="Running", *, state=None, last=None, restarts=0, **status) -> dict:
    container = {
        "name": "notebook",
        "ready": False,
        "restartCount": restarts,
        "state": state or {"running": {}},
        "lastState": {"terminated": last} if last else {},
    }
    limits = {"limits": {"memory": "2147483648"}}
    return {
        "metadata": {},
        "spec": {"containers": [{"name": "notebook", "resources": limits}]},
        "status": {"phase": phase, "containerStatuses": [container], **status},
    }


def _disrupted(reason: str) -> dict:
    at = "2026-11-28T15:20:10Z"
    return _pod(
        conditions=[
            {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": reason,
                "lastTransitionTime": at,
            }
        ]
    )


def test_who_ran_out_of_memory_reads_the_limit_the_moment_and_what_to_do():
    assert last_words(_pod(state={"terminated": _KILLED}), NOW) == (
        "Your session ended at 2026-11-28 15:20 UTC: it needed more than the 2 GiB of memory that "
        f"its size has. Choose a larger size, or load less at once. {_KEPT}"
    )


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("DeletionByTaintManager", "its node no longer answers"),
        ("DeletionByPodGC", "its node is gone"),
        ("EvictionByEvictionAPI", "its node was drained for maintenance"),
        ("PreemptionByScheduler", "one with higher priority needed its place"),
    ],
)
def test_a_session_that_the_cluster_takes_away_says_so_while_it_still_runs(reason, cause):
    told = why_ended(_disrupted(reason))
    assert told.startswith(f"Your session ended at 2026-11-28 15:20 UTC: {cause}")
    assert told.endswith(_KEPT)


def test_a_disruption_that_is_over_or_unknown_is_no_end():
    pod = _disrupted("EvictionByEvictionAPI")
    pod["status"]["conditions"][0]["status"] = "False"
    assert why_ended(pod) is None
    assert why_ended(_disrupted("SomethingNew")) is None


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            'Usage of EmptyDir volume "shared-memory" exceeds the limit "1Gi". ',
            "it kept more than 1Gi in /dev/shm",
        ),
        (
            "Pod ephemeral local storage usage exceeds the total limit of containers 5Gi. ",
            "it wrote more than 5Gi outside of your home folder",
        ),
        (
            'Container notebook exceeded its local ephemeral storage limit "5Gi". ',
            "it wrote more than 5Gi outside of your home folder",
        ),
        (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 3Mi. ",
            "its node ran short of memory",
        ),
        (
            "The node was low on resource: ephemeral-storage. Threshold quantity: 1, available: 0.",
            "its node ran short of disk space",
        ),
        ("Something else.", "its node evicted it"),
    ],
)
def test_an_evicted_session_says_of_what_there_was_too_little(message, cause):
    told = why_ended(_pod("Failed", reason="Evicted", message=message))
    assert told.startswith(f"Your session ended: {cause}")


@pytest.mark.parametrize("reason", ["NodeLost", "NodeShutdown", "Terminated", "Preempting"])
def test_a_session_whose_node_was_taken_from_it_says_so(reason):
    assert "its node" in why_ended(_pod("Failed", reason=reason))


def test_a_pod_that_a_node_never_took_is_no_ended_session():
    pod = _pod("Failed", reason="UnexpectedAdmissionError", message="no devices")
    assert why_ended(pod) is None
    assert judge(pod).reason == "The node turned the session away: no devices."


def test_a_session_that_is_just_stopped_has_no_reason_of_its_own():
    pod = _pod(state={"terminated": {"reason": "Error", "exitCode": 143}})
    pod["metadata"]["deletionTimestamp"] = "2026-11-28T15:20:00Z"
    assert why_ended(pod) is None


_BACKOFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}


def test_a_session_that_runs_out_of_memory_each_time_is_over():
    assert "2 GiB" in why_ended(_pod(state=_BACKOFF, last=_KILLED, restarts=3))
    assert why_ended(_pod(state=_BACKOFF, last=_KILLED, restarts=1)) is None
    assert why_ended(_pod(state=_BACKOFF, last={**_KILLED, "reason": "Error"}, restarts=3)) is None


@pytest.mark.parametrize(
    ("terminated", "words"),
    [
        ({"exitCode": 0, "reason": "Completed"}, "it was shut down from inside"),
        ({"exitCode": 1, "reason": "Error"}, "its program ended by itself, with code 1"),
        ({"exitCode": 137, "reason": "Error"}, "its program was killed"),
    ],
)
def test_a_program_that_ended_says_how(terminated, words):
    assert words in last_words(_pod(state={"terminated": terminated}), NOW)


def test_a_pod_that_somebody_deleted_is_told_as_such():
    told = last_words(None, NOW)
    assert told.startswith(
        "Your session ended at 2026-11-28 15:26 UTC: it was deleted in the cluster"
    )
    assert told.endswith(_KEPT)


def test_a_session_that_was_started_again_for_want_of_memory_says_so_and_no_other():
    told = restarted(_pod(last=_KILLED, restarts=1))
    assert told.startswith(
        "This session ran out of memory at 2026-11-28 15:20 UTC and was started again"
    )
    assert "2 GiB" in told
    assert restarted(_pod(last={**_KILLED, "reason": "Error"}, restarts=1)) is None
    assert restarted(_pod()) is None


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (
            {
                "reason": "Error",
                "message": "Traceback\nOSError: [Errno 28] No space left on device",
            },
            "because your home folder is full",
        ),
        ({"reason": "Error", "message": "sqlite3: Disk quota exceeded\n"}, "is full"),
        ({"reason": "OOMKilled"}, "runs out of memory as soon as it is started"),
        (
            {"reason": "Error", "message": "loading\nNo module named 'jupyterhub'\n"},
            "ends as soon as it is started: No module named 'jupyterhub'",
        ),
    ],
)
def test_a_start_that_fails_says_why_by_the_program_s_last_words(last, words):
    container = {"name": "notebook", "state": _BACKOFF, "lastState": {"terminated": last}}
    assert words in failed_start(container)
    judged = judge(_pod("Running", state=_BACKOFF, last=last))
    assert (judged.outcome, words in judged.reason) == (Outcome.FAILED, True)


def test_a_start_that_fails_without_last_words_says_what_the_node_does():
    judged = judge(_pod("Running", state=_BACKOFF))
    assert judged.reason == "The session's program ends as soon as it is started: back-off."
