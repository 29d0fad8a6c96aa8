"""People wait in Kueue's queue for a GPU, and know where they are. The real Kueue."""

import time

from tests.people import SignedIn
from tests.waiting import until

from .waiting_start import WaitingStart, pods_of, workloads_of


def test_who_waits_is_told_the_place_and_starts_when_a_gpu_is_free(holder, waiter) -> None:
    state = waiter.api.get("/gpucommons/availability").json()["sizes"]
    assert next(each for each in state if each["name"] == "gpu")["available"]
    start = WaitingStart(waiter)
    start.hears("first in the queue")
    holder.stop("second")
    assert start.last()["ready"]


def test_a_cancelled_wait_leaves_nothing_and_is_not_called_ready(platform, holder, waiter) -> None:
    start = WaitingStart(waiter)
    start.hears("first in the queue")
    waiter.stop()
    assert "ready" not in start.last()
    until(lambda: not workloads_of(platform, waiter))
    until(lambda: not pods_of(platform, waiter))
    assert waiter.servers() == {}
    until(lambda: waiter.api.get("/gpucommons/availability").json()["gpus"] == "0")


def test_two_who_wait_have_different_places(holder, waiter) -> None:
    first = WaitingStart(waiter)
    first.hears("first in the queue")
    time.sleep(1)  # Kueue goes by the second in which each came
    second = WaitingStart(waiter, "later")
    second.hears("number 2 in the queue, 1 session is ahead")
    waiter.stop()
    second.hears("first in the queue")
    waiter.stop("later")


def test_a_restarted_hub_keeps_the_place(platform, holder, waiter) -> None:
    WaitingStart(waiter).hears("first in the queue")
    (before,) = pods_of(platform, waiter)
    platform.gpucommons("restart", "hub")
    time.sleep(45)  # JupyterHub's own limit for a session that does not answer is 30 s
    (after,) = pods_of(platform, waiter)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert waiter.servers()[""]["pending"] == "spawn"
    assert "first in the queue" in _first_words(waiter)
    holder.stop("second")
    until(lambda: waiter.servers()[""]["ready"])


def test_without_a_gpu_nobody_waits_and_kueue_is_not_asked(platform, waiter) -> None:
    deployment = ("deployment/kueue-controller-manager", "-n", "kueue-system")
    platform.kubectl("scale", *deployment, "--replicas=0")
    try:
        assert waiter.start({"size": "cpu"})["ready"]
    finally:
        platform.kubectl("scale", *deployment, "--replicas=1")
        platform.kubectl("rollout", "status", *deployment)


def _first_words(person: SignedIn) -> str:
    """What somebody who looks now is told within seconds."""
    with person.api.stream("GET", f"/users/{person.username}/server/progress") as stream:
        for line in stream.iter_lines():
            if "Waiting" in line:
                return line
    raise AssertionError("nothing was told")
