"""Places in Kueue's queue and the ends it makes, in words; objects as Kueue 0.18 writes them."""

import asyncio
import logging
from types import SimpleNamespace

import pytest
from gpucommons_spawner.pod_state.queue import (
    Place,
    eviction,
    eviction_told,
    is_queued,
    places,
    queue_labels,
    stage_since,
    waiting,
)
from gpucommons_spawner.pod_state.queue_places import QueuePlaces, obstacles
from kubernetes_asyncio.client import ApiException

GATE = {"name": "kueue.x-k8s.io/admission"}
SINCE = {"creationTimestamp": "2026-11-24T08:05:00Z"}
WAITING = "Waiting for a GPU since 2026-11-24 08:05 UTC"


def _pending(*pods):
    return {
        "items": [
            {
                "metadata": {"ownerReferences": [{"kind": "Pod", "name": name}]},
                "positionInClusterQueue": position,
                "positionInLocalQueue": 0,
            }
            for position, name in enumerate(pods)
        ]
    }


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            Place(),
            f"{WAITING}. The place in the queue is not known at the moment.",
        ),
        (
            Place(0, obstacle="The queue admits nobody now."),
            f"{WAITING}. The queue admits nobody now.",
        ),
        (Place(0), f"{WAITING}: first in the queue."),
        (
            Place(1),
            f"{WAITING}: number 2 in the queue, 1 session is ahead.",
        ),
        (
            Place(4),
            f"{WAITING}: number 5 in the queue, 4 sessions are ahead.",
        ),
    ],
)
def test_who_waits_is_told_since_when_and_how_many_are_ahead(place, words):
    assert waiting({"metadata": SINCE}, place) == words


def test_a_place_counts_the_sessions_of_all_teams():
    assert places(_pending("jupyter-eve", "jupyter-ada"))["jupyter-ada"] == 1


def test_nobody_waits_when_kueue_lists_nothing():
    assert places({"items": None}) == {}


def test_a_pod_is_queued_while_kueues_gate_holds_it_and_it_is_not_being_deleted():
    gated = {"metadata": {}, "spec": {"schedulingGates": [GATE]}}
    assert is_queued(gated)
    assert not is_queued({**gated, "spec": {"schedulingGates": [{"name": "example.com/other"}]}})
    assert not is_queued({**gated, "metadata": {"deletionTimestamp": "2026-11-24T08:06:00Z"}})


def _evicted(reason, kind="TerminationTarget"):
    condition = {"type": kind, "reason": reason, "lastTransitionTime": "2026-11-24T09:30:00Z"}
    return {"metadata": {}, "status": {"conditions": [condition]}}


def test_a_preempted_person_is_told_why_and_what_became_of_their_files():
    assert eviction(_evicted("WorkloadEvictedDueToPreempted")) == (
        "Your session ended at 2026-11-24 09:30 UTC: one with higher priority needed its GPUs. "
        "Files saved in your home folder are kept; what was only in memory is lost."
    )


def test_an_end_is_read_from_kueues_event_too_and_from_no_other():
    event = {
        "reason": "Stopped",
        "reportingComponent": "pod-kueue-controller",
        "eventTime": "2026-11-24T09:30:00.036285Z",
        "message": "Preempted to accommodate a workload (UID: 07d9d2ce) due to prioritization",
    }
    assert eviction_told(event) == eviction(_evicted("WorkloadEvictedDueToPreempted"))
    assert "an administrator's queue" in eviction_told({**event, "message": "The queue is stopped"})
    assert eviction_told({**event, "reportingComponent": "kubelet"}) is None
    assert eviction_told({**event, "reason": "Started"}) is None


def test_other_ends_are_not_told_as_preemption():
    drained = eviction(_evicted("WorkloadEvictedDueToClusterQueueStopped"))
    assert "priority" not in drained
    assert eviction(_evicted("PreemptionByScheduler")) is None
    assert eviction(_evicted("WorkloadEvictedDueToPreempted", "DisruptionTarget")) is None


def test_a_queued_pod_has_a_priority_only_where_its_size_has_one():
    assert queue_labels("sessions", None) == {"kueue.x-k8s.io/queue-name": "sessions"}
    assert queue_labels("sessions", "urgent")["kueue.x-k8s.io/priority-class"] == "urgent"


def _workload(reason, message, status="False"):
    condition = {
        "type": "QuotaReserved",
        "status": status,
        "reason": reason,
        "message": message,
    }
    return {
        "metadata": {"ownerReferences": [{"kind": "Pod", "name": "jupyter-ada"}]},
        "status": {"conditions": [condition]},
    }


_TOO_FEW = (
    "insufficient quota for nvidia.com/gpu in flavor gpus, previously considered podsets requests "
    "(0) + current podset request (4) > maximum capacity (2)"
)
_IN_USE = "insufficient unused quota for nvidia.com/gpu in flavor h200, 1 more needed"
_ASSIGN = "couldn't assign flavors to pod set main: "


@pytest.mark.parametrize(
    ("reason", "message", "words"),
    [
        ("Inadmissible", "LocalQueue sessions doesn't exist", "no queue of the name sessions"),
        ("Inadmissible", "LocalQueue sessions is terminating or missing", "no queue of the name"),
        ("Inadmissible", "ClusterQueue gpus doesn't exist", "the ClusterQueue gpus, to which it"),
        ("Inadmissible", "ClusterQueue gpus is terminating or missing", "ClusterQueue gpus"),
        (
            "Inadmissible",
            'Not found: "DeviceClass mig.nvidia.com is not mapped in DRA configuration for podset"',
            "it does not know the device class mig.nvidia.com",
        ),
        ("Pending", "Workload namespace doesn't match ClusterQueue selector", "closed to this"),
        (
            "Pending",
            _ASSIGN + "resource nvidia.com/mig-1g.10gb unavailable in ClusterQueue",
            "it has no nvidia.com/mig-1g.10gb.",
        ),
        (
            "Pending",
            _ASSIGN + _TOO_FEW,
            "asks for 4 of nvidia.com/gpu, more than it ever has (2)",
        ),
        ("Pending", _ASSIGN + "flavor h200 doesn't match node affinity", "none of its node types"),
    ],
)
def test_what_waiting_cannot_help_is_told_as_such(reason, message, words):
    said = obstacles({"items": [_workload(reason, message)]})["jupyter-ada"]
    assert said.startswith("The queue can never take this session: ")
    assert words in said
    assert said.endswith(" Tell an administrator.")


@pytest.mark.parametrize("kind", ["LocalQueue", "ClusterQueue"])
@pytest.mark.parametrize("state", ["inactive", "stopped"])
def test_a_queue_that_is_stopped_is_not_called_for_ever(kind, state):
    workload = _workload("Inadmissible", f"{kind} sessions is {state}")
    said = obstacles({"items": [workload]})["jupyter-ada"]
    assert said.startswith("The queue admits nobody now")
    assert "Sessions that wait keep their place." in said


def test_what_kueue_says_otherwise_of_a_session_that_it_does_not_take_is_passed_on():
    said = obstacles({"items": [_workload("Inadmissible", "resources are not valid")]})
    assert said["jupyter-ada"] == (
        "The queue does not take this session: resources are not valid. Tell an administrator."
    )


@pytest.mark.parametrize(
    "workload",
    [
        _workload("Pending", _ASSIGN + _IN_USE),
        _workload("Pending", f"{_ASSIGN}{_TOO_FEW}, {_IN_USE}"),
        _workload("QuotaReserved", "Quota reserved in ClusterQueue gpus", status="True"),
        {"metadata": {}, "status": {}},
    ],
)
def test_plain_waiting_has_no_obstacle(workload):
    assert obstacles({"items": [workload]}) == {}


def test_a_stage_of_a_start_counts_from_when_the_pod_was_made_or_left_the_queue():
    made, left = "2026-11-24T08:05:00Z", "2026-11-24T09:00:00Z"
    labels = queue_labels("sessions", None)
    pod = {"metadata": {"creationTimestamp": made, "labels": labels}, "spec": {}}
    assert stage_since({**pod, "spec": {"schedulingGates": [GATE]}}).hour == 8
    assert stage_since(pod) is None
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": left}
    assert stage_since({**pod, "status": {"conditions": [scheduled]}}).hour == 9
    unqueued = {"metadata": {"creationTimestamp": made}, "status": {"conditions": [scheduled]}}
    assert stage_since(unqueued).hour == 8


async def test_all_who_wait_in_a_queue_are_one_question(leaping_time):
    asked = []

    async def call_api(path, *_args, **_options):
        asked.append(path)
        await asyncio.sleep(0)
        if path.endswith("/workloads"):
            return {"items": [_workload("Inadmissible", "ClusterQueue gpus is stopped")]}
        return _pending("jupyter-eve", "jupyter-ada")

    api = SimpleNamespace(api_client=SimpleNamespace(call_api=call_api))
    log = logging.getLogger()
    queues = QueuePlaces()
    asking = [queues.of(api, "team-vision", "sessions", log) for _ in range(50)]
    for found in await asyncio.gather(*asking):
        assert found["jupyter-eve"] == Place(0)
        assert found["jupyter-ada"].ahead == 1
        assert "admits nobody" in found["jupyter-ada"].obstacle
    await queues.of(api, "team-astro", "sessions", log)
    assert len(asked) == 2 * 2  # places and reasons


async def test_one_answer_that_is_missing_does_not_take_the_other_away():
    async def call_api(path, *_args, **_options):
        if "visibility" in path:
            raise ApiException(status=503)
        return {"items": [_workload("Inadmissible", "ClusterQueue gpus is stopped")]}

    api = SimpleNamespace(api_client=SimpleNamespace(call_api=call_api))
    found = await QueuePlaces().of(api, "team-vision", "sessions", logging.getLogger())
    assert found["jupyter-ada"].ahead is None
    assert found["jupyter-ada"].obstacle


def _queued_pod(priority="nosuch"):
    labels = queue_labels("sessions", priority)
    metadata = {"namespace": "team-vision", "name": "jupyter-ada", "labels": labels}
    return {"metadata": metadata, "spec": {"schedulingGates": [GATE]}}


def _without_workloads(status, body):
    async def call_api(path, *_args, **_options):
        if "/workloadpriorityclasses/" in path:
            error = ApiException(status=status)
            error.body = body
            raise error
        return {"items": []}

    return SimpleNamespace(api_client=SimpleNamespace(call_api=call_api))


_NOSUCH = '{"code": 404, "details": {"name": "nosuch", "kind": "workloadpriorityclasses"}}'


async def test_a_priority_that_is_not_there_is_told_to_who_waits_and_to_administrators(caplog):
    api, queues = _without_workloads(404, _NOSUCH), QueuePlaces()
    for _ in range(2):
        place = await queues.place(api, _queued_pod(), logging.getLogger())
        assert "a priority that does not exist, the WorkloadPriorityClass nosuch. Tell an" in (
            place.obstacle
        )
    lines = [each for each in caplog.messages if "There is no WorkloadPriorityClass" in each]
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("status", "body"), [(403, "{}"), (404, "404 page not found"), (500, ""), (404, "{}")]
)
async def test_a_priority_that_cannot_be_looked_up_is_not_called_missing(status, body):
    api = _without_workloads(status, body)
    assert await QueuePlaces().place(api, _queued_pod(), logging.getLogger()) == Place()


async def test_a_place_that_is_known_is_told_whatever_the_priority():
    async def call_api(path, *_args, **_options):
        assert "/workloadpriorityclasses/" not in path
        return _pending("jupyter-ada") if "visibility" in path else {"items": []}

    api = SimpleNamespace(api_client=SimpleNamespace(call_api=call_api))
    assert await QueuePlaces().place(api, _queued_pod(), logging.getLogger()) == Place(0)
