"""Waiting in the queue does not help, or Kueue is away: people are told, and start after all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.platform import LocalPlatform
from tests.waiting import until

from .queued_pod import TEAM, apply
from .waiting_start import WaitingStart, pods_of


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"path": "/spec/stopPolicy", "value": "Hold"}, "The queue admits nobody now"),
        (
            {"path": "/spec/resourceGroups/0/flavors/0/resources/0/nominalQuota", "value": "0"},
            "more than it ever has (0). Tell an administrator.",
        ),
    ],
)
def test_who_waits_in_vain_is_told_why_and_starts_once_it_is_mended(
    platform, waiter, change, words
) -> None:
    with _queue_changed(platform, change):
        start = WaitingStart(waiter)
        start.hears(words)
    assert start.last()["ready"]


def test_a_team_without_a_queue_is_told_so(platform, waiter) -> None:
    queue = ("localqueue", "sessions", "-n", TEAM)
    kept = json.loads(platform.kubectl("get", *queue, "-o", "json"))
    platform.kubectl("delete", *queue)
    try:
        start = WaitingStart(waiter)
        start.hears("The queue can never take this session: this team has no queue")
    finally:
        metadata = {"name": "sessions", "namespace": TEAM}
        apply(platform, {**kept, "metadata": metadata, "status": None})
    assert start.last()["ready"]


def test_a_start_waits_for_kueue_when_it_is_away_for_a_moment(platform, waiter) -> None:
    deployment = ("deployment/kueue-controller-manager", "-n", "kueue-system")
    platform.kubectl("scale", *deployment, "--replicas=0")
    try:
        pods = ("get", "pods", "-n", "kueue-system", "-o", "name")
        until(lambda: not platform.kubectl(*pods), 180)
        before = len(platform.log("hub"))
        start = WaitingStart(waiter)
        until(lambda: "a pod cannot be made now; trying again" in platform.log("hub")[before:])
        assert not pods_of(platform, waiter)
    finally:
        platform.kubectl("scale", *deployment, "--replicas=1")
        platform.kubectl("rollout", "status", *deployment, "--timeout=180s")
    assert start.last()["ready"]
    (pod,) = pods_of(platform, waiter)
    assert pod["metadata"]["labels"]["kueue.x-k8s.io/managed"] == "true"


@contextmanager
def _queue_changed(platform: LocalPlatform, change: dict[str, str]) -> Iterator[None]:
    """Replace something in the ClusterQueue for a while."""
    queue = ("clusterqueue", "gpucommons")
    before = json.loads(platform.kubectl("get", *queue, "-o", "json"))
    for key in change["path"].removeprefix("/").split("/"):
        before = before[int(key) if key.isdigit() else key]

    def replace(value: str) -> None:
        patch = [{"op": "replace", "path": change["path"], "value": value}]
        platform.kubectl("patch", *queue, "--type=json", "-p", json.dumps(patch))

    replace(change["value"])
    try:
        yield
    finally:
        replace(before)
