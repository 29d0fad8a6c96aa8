"""Places in Kueue's queue and the ends it makes, in words; objects as Kueue 0.18 writes them."""

import asyncio
import logging
from types import SimpleNamespace

import pytest
from gpucommons_spawner.queue import Place, eviction, is_queued, places, queue_labels, waiting
from gpucommons_spawner.queue_places import QueuePlaces

GATE = {"name": "kueue.x-k8s.io/admission"}
SINCE = {"creationTimestamp": "2026-11-24T08:05:00Z"}


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
        (None, "Waiting for a GPU since 08:05 UTC. The place in the queue is not known now."),
        (Place(0), "Waiting for a GPU since 08:05 UTC: first in the queue."),
        (Place(1), "Waiting for a GPU since 08:05 UTC: number 2 in the queue, 1 session is ahead."),
        (
            Place(4),
            "Waiting for a GPU since 08:05 UTC: number 5 in the queue, 4 sessions are ahead.",
        ),
    ],
)
def test_who_waits_is_told_since_when_and_how_many_are_ahead(place, words):
    assert waiting({"metadata": SINCE}, place) == words


def test_a_place_counts_the_sessions_of_all_teams():
    assert places(_pending("jupyter-eve", "jupyter-ada"))["jupyter-ada"] == Place(1)


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
        "Your session ended at 09:30 UTC: one with higher priority needed its GPUs. "
        "Files saved in your home folder are kept; what was only in memory is lost."
    )


def test_other_ends_are_not_told_as_preemption():
    drained = eviction(_evicted("WorkloadEvictedDueToClusterQueueStopped"))
    assert "priority" not in drained
    assert eviction(_evicted("PreemptionByScheduler")) is None
    assert eviction(_evicted("WorkloadEvictedDueToPreempted", "DisruptionTarget")) is None


def test_a_queued_pod_has_a_priority_only_where_its_size_has_one():
    assert queue_labels("sessions", None) == {"kueue.x-k8s.io/queue-name": "sessions"}
    assert queue_labels("sessions", "urgent")["kueue.x-k8s.io/priority-class"] == "urgent"


async def test_all_who_wait_in_a_queue_are_one_question():
    asked = []

    async def call_api(path, *_args, **_options):
        asked.append(path)
        await asyncio.sleep(0)
        return _pending("jupyter-ada")

    api = SimpleNamespace(api_client=SimpleNamespace(call_api=call_api))
    log = logging.getLogger()
    queues = QueuePlaces()
    asking = [queues.of(api, "team-vision", "sessions", log) for _ in range(50)]
    assert all(each == {"jupyter-ada": Place(0)} for each in await asyncio.gather(*asking))
    await queues.of(api, "team-astro", "sessions", log)
    assert len(asked) == 2
