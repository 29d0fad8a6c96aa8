"""The wait for a pod: woken by changes, and ended with a reason."""

import asyncio

import pytest
from gpucommons_spawner.lifecycle.start_wait import (
    NotStartedError,
    StartTimeouts,
    until_answering,
    until_running,
)
from gpucommons_spawner.pod_state.session_pods import PodChanges

READY = {"name": "notebook", "ready": True, "state": {"running": {}}}
RUNNING = {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [READY]}
UNPLACED = {
    "phase": "Pending",
    "conditions": [
        {
            "type": "PodScheduled",
            "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 Insufficient cpu.",
        }
    ],
}


def _pod(status):
    return {"metadata": {}, "status": status}


@pytest.fixture
def changes(leaping_time):
    return PodChanges()


async def test_a_running_pod_ends_the_wait_at_once(changes):
    waiting = asyncio.create_task(until_running(changes, StartTimeouts(60)))
    await asyncio.sleep(0)
    changes.put(_pod({"phase": "Pending"}))
    await asyncio.sleep(0)
    changes.put(_pod(RUNNING))
    async with asyncio.timeout(1):
        assert (await waiting)["status"] is RUNNING


async def test_a_pod_that_is_deleted_ends_the_wait(changes):
    changes.put(None)
    with pytest.raises(NotStartedError, match="was deleted while it started"):
        await until_running(changes, StartTimeouts(60))


async def test_a_pod_that_finds_no_node_is_given_up_with_the_reason(changes):
    changes.put(_pod(UNPLACED))
    with pytest.raises(NotStartedError, match="1 of 1 has too little free CPU"):
        await until_running(changes, StartTimeouts(0.02))


async def test_a_pod_that_finds_a_node_after_all_is_waited_for(changes):
    waiting = asyncio.create_task(until_running(changes, StartTimeouts(0.05)))
    changes.put(_pod(UNPLACED))
    await asyncio.sleep(0.02)
    changes.put(_pod({"phase": "Pending"}))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    changes.put(_pod(RUNNING))
    await waiting


async def test_repeated_words_of_the_scheduler_do_not_lengthen_the_wait(changes):
    async def repeat():
        while True:
            changes.put(_pod(UNPLACED))
            await asyncio.sleep(0.01)

    repeating = asyncio.create_task(repeat())
    async with asyncio.timeout(1):
        with pytest.raises(NotStartedError):
            await until_running(changes, StartTimeouts(0.05))
    repeating.cancel()


GATED = {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}


async def test_the_limit_of_a_start_begins_when_the_pod_leaves_the_queue(changes):
    patience = StartTimeouts(stuck=60, queued=60, starting=0.05)
    changes.put({**_pod({"phase": "Pending"}), "spec": GATED})
    waiting = asyncio.create_task(until_running(changes, patience))
    await asyncio.sleep(0.15)
    assert not waiting.done()
    changes.put(_pod({"phase": "Pending"}))
    async with asyncio.timeout(1):
        with pytest.raises(NotStartedError, match="did not start within"):
            await waiting


async def test_a_pod_that_is_never_seen_is_given_up_and_the_person_told_so(changes):
    async with asyncio.timeout(1):
        with pytest.raises(NotStartedError, match="reported nothing about it"):
            await until_running(changes, StartTimeouts(stuck=60, queued=60, starting=0.02))


async def test_a_pod_that_is_seen_late_in_the_queue_has_the_queue_s_limit(changes):
    patience = StartTimeouts(stuck=60, queued=60, starting=0.05)
    waiting = asyncio.create_task(until_running(changes, patience))
    await asyncio.sleep(0.02)
    changes.put({**_pod({"phase": "Pending"}), "spec": GATED})
    await asyncio.sleep(0.1)
    assert not waiting.done()
    changes.put(_pod(RUNNING))
    await waiting


async def test_a_wait_in_the_queue_has_a_limit_of_its_own(changes):
    changes.put({**_pod({"phase": "Pending"}), "spec": GATED})
    with pytest.raises(NotStartedError, match="No GPU became free"):
        await until_running(changes, StartTimeouts(stuck=60, queued=0.02, starting=60))


async def test_time_that_was_waited_before_counts(changes):
    gated = {**_pod({"phase": "Pending"}), "spec": GATED}
    patience = StartTimeouts(stuck=60, queued=60, starting=50)
    changes.put(gated)
    with pytest.raises(NotStartedError, match="No GPU became free"):
        await until_running(changes, patience, waited=60)
    changes.put(_pod({"phase": "Pending"}))
    with pytest.raises(NotStartedError, match="did not start within 50 seconds"):
        await until_running(changes, patience, waited=50)


async def test_what_was_waited_in_the_queue_does_not_count_after_it(changes):
    changes.put({**_pod({"phase": "Pending"}), "spec": GATED})
    patience = StartTimeouts(stuck=60, queued=60, starting=50)
    waiting = asyncio.create_task(until_running(changes, patience, waited=55))
    await asyncio.sleep(0.02)
    changes.put(_pod({"phase": "Pending"}))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    changes.put(_pod(RUNNING))
    await waiting


async def test_a_pod_that_the_queue_did_not_see_is_not_started(changes):
    queued = {"kueue.x-k8s.io/queue-name": "sessions"}
    changes.put({"metadata": {"labels": queued}, "status": RUNNING})
    with pytest.raises(NotStartedError, match="promised to somebody else"):
        await until_running(changes, StartTimeouts(60))
    seen = queued | {"kueue.x-k8s.io/managed": "true"}
    changes.put({"metadata": {"labels": seen}, "status": RUNNING})
    await until_running(changes, StartTimeouts(60))


async def test_a_listener_ends_the_wait_for_an_answer():
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(60):
        await until_answering(f"http://127.0.0.1:{port}", lambda: None)


async def test_a_pod_that_crashes_ends_the_wait_for_an_answer():
    backoff = {"ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    pod = _pod({"phase": "Running", "containerStatuses": [backoff]})
    with pytest.raises(NotStartedError, match="ends as soon as it is started"):
        await until_answering("http://127.0.0.1:1", lambda: pod)


async def test_a_pod_for_which_a_node_is_being_added_is_waited_for(changes):
    changes.put(_pod(UNPLACED))
    asked = []

    def node_comes() -> bool:
        asked.append(True)
        changes.put(_pod(RUNNING))
        return True

    patience = StartTimeouts(stuck=0.02, starting=60, node_comes=node_comes)
    async with asyncio.timeout(10):
        assert (await until_running(changes, patience))["status"] is RUNNING
    assert asked


async def test_a_node_that_never_comes_is_given_up_at_the_end_of_a_start_s_time(changes):
    changes.put(_pod(UNPLACED))
    patience = StartTimeouts(stuck=0.02, starting=0.1, node_comes=lambda: True)
    with pytest.raises(NotStartedError, match="too little free CPU"):
        await until_running(changes, patience)


PULLING = {
    "phase": "Pending",
    "containerStatuses": [
        {
            "name": "notebook",
            "ready": False,
            "state": {
                "waiting": {"reason": "ImagePullBackOff", "message": "429 Too Many Requests"}
            },
        }
    ],
}


async def test_a_registry_that_has_no_time_is_waited_for_as_long_as_was_set(changes):
    waiting = asyncio.create_task(until_running(changes, StartTimeouts(60)))
    changes.put(_pod(PULLING))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    changes.put(_pod(RUNNING))
    assert (await waiting)["status"] is RUNNING


async def test_an_image_that_cannot_be_fetched_is_given_up_after_that(changes):
    changes.put(_pod(PULLING))
    with pytest.raises(NotStartedError, match="cannot be fetched: 429 Too Many Requests"):
        await until_running(changes, StartTimeouts(0.02))
