"""What becomes of a pod, in words; messages as the Kubernetes scheduler 1.35 writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_spawner.pod_state.event_words import a_node_comes, describe
from gpucommons_spawner.pod_state.pod import is_lost, is_over
from gpucommons_spawner.pod_state.pod_outcome import Outcome, judge
from gpucommons_spawner.pod_state.scheduler_words import in_words


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, "
            "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
            "No node can take this session: 1 of 1 has too few free GPUs.",
        ),
        (
            "0/5 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient "
            "nvidia.com/gpu.shared, 2 node(s) didn't match Pod's node affinity/selector. "
            "preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
            "No node can take this session: 1 of 5 is closed to this size; 2 of 5 have no free "
            "share of a GPU; 2 of 5 are not the kind that this size asks for.",
        ),
        (
            "0/2 nodes are available: 2 something new.",
            "No node can take this session: 2 of 2: something new.",
        ),
        (
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. "
            "preemption: 0/1 nodes are available.",
            "The volume with your files, or one with shared data, is not ready.",
        ),
        (
            '0/1 nodes are available: persistentvolumeclaim "data-imagenet" not found. '
            "preemption: 0/1 nodes are available.",
            "The volume data-imagenet is not there. Tell an administrator: shared data needs a "
            "volume in each team.",
        ),
        ("", "The session cannot be placed: no reason was given"),
    ],
)
def test_the_schedulers_message_is_said_in_words(message, words):
    assert in_words(message) == words


def _pod(**status):
    return {"metadata": {}, "status": status}


def _container(**state):
    return {"name": "notebook", "ready": "running" in state, "state": state}


UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
NO_VOLUME = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
BACKOFF = {"reason": "ImagePullBackOff", "message": "Back-off pulling image x"}


@pytest.mark.parametrize(
    ("pod", "outcome"),
    [
        (_pod(phase="Pending"), Outcome.WAITING),
        (_pod(phase="Pending", conditions=[UNSCHEDULABLE]), Outcome.STUCK),
        (
            _pod(phase="Pending", conditions=[UNSCHEDULABLE | {"message": NO_VOLUME}]),
            Outcome.WAITING,
        ),
        (_pod(phase="Pending", containerStatuses=[_container(waiting=BACKOFF)]), Outcome.STUCK),
        (_pod(phase="Failed", reason="UnexpectedAdmissionError"), Outcome.FAILED),
        (
            _pod(phase="Running", podIP="10.0.0.1", containerStatuses=[_container(running={})]),
            Outcome.RUNNING,
        ),
        (
            _pod(phase="Running", podIP="10.0.0.1", containerStatuses=[_container(waiting={})]),
            Outcome.WAITING,
        ),
        (_pod(phase="Running", podIP="10.0.0.1", containerStatuses=[]), Outcome.WAITING),
    ],
)
def test_a_pods_status_is_judged(pod, outcome):
    assert judge(pod).outcome is outcome


def test_who_waits_too_long_for_a_volume_reads_what_was_missing():
    pod = _pod(phase="Pending", conditions=[UNSCHEDULABLE | {"message": NO_VOLUME}])
    assert judge(pod).reason.startswith("The volume with your files")


def test_a_pod_that_is_being_deleted_is_not_running():
    pod = _pod(phase="Running", podIP="10.0.0.1", containerStatuses=[_container(running={})])
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert judge(pod).outcome is Outcome.WAITING


def test_what_the_node_said_reaches_the_person():
    pod = _pod(phase="Pending", containerStatuses=[_container(waiting=BACKOFF)])
    assert judge(pod).reason == "The image cannot be fetched: Back-off pulling image x."


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("TriggeredScaleUp", "pod triggered scale-up: [{gpus 0->1 (max: 4)}]"),
        ("Nominated", "Pod should schedule on: nodeclaim/gpus-x7k2p"),
        ("Nominated", "Pod should schedule on: nodeclaim/gpus-x7k2p, node/ip-10-0-0-1"),
    ],
)
def test_an_autoscaler_that_adds_a_node_is_recognised_and_said_so(reason, message):
    event = {"reason": reason, "message": message}
    assert a_node_comes(event)
    assert describe(event) == "A node is being added for this session; this can take minutes."


@pytest.mark.parametrize(
    ("reason", "message", "why"),
    [
        (
            "NotTriggerScaleUp",
            "pod didn't trigger scale-up: 1 max node group size reached",
            "1 max node group size reached",
        ),
        (
            "NotTriggerScaleUp",
            "pod didn't trigger scale-up (it wouldn't fit if a new node is added)",
            "it wouldn't fit if a new node is added",
        ),
        (
            "FailedScaleUp",
            "Node scale up in zones us-central1-c associated with this pod failed: GCE out of "
            "resources. Pod is at risk of not being scheduled.",
            "GCE out of resources",
        ),
        (
            "FailedScheduling",
            'Failed to schedule pod, incompatible with nodepool "gpus", no instance type has '
            "enough resources",
            'incompatible with nodepool "gpus", no instance type has enough resources',
        ),
        ("NotTriggerScaleUp", "", "no reason was given"),
    ],
)
def test_an_autoscaler_that_adds_no_node_is_said_so_with_its_reason(reason, message, why):
    event = {"reason": reason, "message": message}
    assert not a_node_comes(event)
    assert describe(event) == f"No node is added for this session now: {why}."


def test_an_event_is_described_and_an_unknown_one_told_as_it_is():
    assert describe({"reason": "Scheduled", "message": "Successfully assigned x"}) == (
        "A node was found."
    )
    assert describe({"reason": "New", "message": "Something new"}) == "Something new"


@pytest.mark.parametrize("phase", ["Failed", "Succeeded", "Unknown"])
def test_a_pod_in_a_last_phase_is_over_though_its_container_is_said_to_run(phase):
    running = [{"name": "notebook", "ready": True, "state": {"running": {}}}]
    assert is_over({"metadata": {}, "status": {"phase": phase, "containerStatuses": running}})


def test_a_pod_that_runs_or_waits_is_not_over():
    assert not any(
        is_over({"metadata": {}, "status": {"phase": p}}) for p in ("Pending", "Running")
    )
    assert not is_over({"metadata": {}})


@pytest.mark.parametrize(("seconds", "lost"), [(-10, False), (29, False), (31, True)])
def test_a_pod_is_lost_if_it_is_there_long_after_it_should_be_gone(seconds, lost):
    due = datetime(2026, 11, 24, 12, tzinfo=UTC)
    pod = {"metadata": {"deletionTimestamp": f"{due:%Y-%m-%dT%H:%M:%SZ}"}}
    assert is_lost(pod, due + timedelta(seconds=seconds)) is lost
    assert not is_lost({"metadata": {}}, due)


def test_what_the_queue_tells_is_not_taken_for_the_node_s_word():
    of_kueue = {"reportingComponent": "pod-kueue-controller"}
    started = {"reason": "Started", "message": "Admitted by clusterQueue gpus"}
    assert describe(started | of_kueue) == "The session has left the queue: there is room for it."
    assert describe(started) == "The session runs; waiting for it to answer."
    made = {"reason": "CreatedWorkload", "message": "Created Workload: team-x/pod-jupyter-ada-1"}
    assert describe(made | of_kueue) == "The session has its place in the queue."
