"""What an answer about 1,000 nodes and 10,000 pods costs the hub, in time and memory."""

import asyncio
import json
import logging
import ssl
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from gpucommons_contract import Label
from gpucommons_spawner.availability.cluster import Cluster, follow
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Person, Team
from kubernetes_asyncio import client as kubernetes
from kubernetes_asyncio.config import load_kube_config

from bench.figure import Figure, percentile
from bench.kwok_cluster import KwokCluster, folder_in_memory, kwok_cluster

_NODES, _PODS, _STEPS = 1_000, 10_000, 4
_SIZES = 10
_ANSWERS = 2_000
_AT_ONCE = 32
_AMOUNTS = {"cpu": "64", "memory": "256Gi", "pods": "110", "nvidia.com/gpu.shared": "16"}
_LABELS = {"nvidia.com/gpu.sharing-strategy": "mps"}
"""What the sizes ask of a node; without it no node would be counted."""
_TEAMS = (Team("vision", "Vision", "team-vision"), Team("astro", "Astro", "team-astro"))


@dataclass(slots=True)
class _Seen:
    bytes_at: list[int]
    """Memory after each quarter of the pods, with none at first."""
    first_ms: float
    answers_ms: list[float]


def measure() -> list[Figure]:
    """Follow a real API server, and answer after each change of a pod."""
    with (
        folder_in_memory() as folder,
        kwok_cluster(folder, _NODES, _AMOUNTS, _LABELS) as api,
    ):
        cluster, sizes = asyncio.run(_followed(api))
    seen = _Seen(sizes, *_answers(cluster))  # with the API server gone, which is not measured
    grown = [
        later - sooner for sooner, later in zip(seen.bytes_at, seen.bytes_at[1:], strict=False)
    ]
    each = (seen.bytes_at[-1] - seen.bytes_at[0]) / _PODS
    scale = f"{_NODES:,} nodes, {_PODS:,} pods"
    return [
        Figure(
            "availability-answer",
            f"Availability, {scale}, p99",
            percentile(seen.answers_ms, 0.99),
            "ms",
            target=1.0,
            samples=_ANSWERS,
        ),
        Figure("availability-first", f"The hub's first answer, {scale}", seen.first_ms, "ms"),
        Figure("availability-memory", f"Memory of a pod, {scale}", each, "bytes", samples=_PODS),
        Figure(
            "availability-linear",
            "Memory of the last quarter of pods, beside the first",
            grown[-1] / grown[0],
            "times",
            target=1.2,
            samples=_STEPS,
        ),
    ]


async def _followed(api: KwokCluster) -> tuple[Cluster, list[int]]:
    await load_kube_config(str(api.kubeconfig))
    cluster = Cluster()
    async with kubernetes.ApiClient() as client:
        core = kubernetes.CoreV1Api(client)
        tracemalloc.start()
        following = asyncio.create_task(follow(cluster, core, logging.getLogger("bench")))
        await _until(lambda: cluster.known)
        sizes = [tracemalloc.get_traced_memory()[0]]
        for step in range(_STEPS):
            numbers = range(step * _PODS // _STEPS, (step + 1) * _PODS // _STEPS)
            await _make_pods(api, numbers)
            await _until(lambda end=numbers.stop: _known(cluster) == end)
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return cluster, sizes


def _answers(cluster: Cluster) -> tuple[float, list[float]]:
    availability, ledger = Availability(_catalogue(), cluster), Ledger()
    person = Person("ada", frozenset({"vision", "astro"}), _TEAMS)

    def answer() -> float:
        begin = time.thread_time()  # of the CPU, for other programs use the machine too
        json.dumps(availability.for_person(person, ledger, "").as_json())
        return (time.thread_time() - begin) * 1000

    first, times = answer(), []
    state = availability.for_person(person, ledger, "")
    assert all(size.free for size in state.sizes), "nothing is free, so little was counted"
    for number in range(_ANSWERS):
        pod = _pod(number // 2) | {"status": {"phase": "Running"}}
        pod["metadata"]["namespace"] = "default"
        before = cluster.version
        cluster.pods.update("ADDED" if number % 2 else "DELETED", pod)
        assert cluster.version != before, "an answer is to follow a change"
        times.append(answer())
    return first, times


def _catalogue() -> Catalogue:
    gpu = {"mode": "mps", "shares": 16}
    size = {"display_name": "A share", "cpu": 2, "memory": "8Gi", "gpu": gpu}
    environment = {"display_name": "SciPy", "versions": {"1": {"image": "example.org/scipy:1"}}}
    return Catalogue.model_validate(
        {
            "environments": {"scipy": environment},
            "sizes": {f"share-{number}": size for number in range(_SIZES)},
        }
    )


async def _make_pods(api: KwokCluster, numbers: range) -> None:
    waiting = iter(numbers)
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    headers = {"Authorization": f"Bearer {api.token}"}
    connector = aiohttp.TCPConnector(ssl=unverified)

    async def make(client: aiohttp.ClientSession) -> None:
        for number in waiting:
            async with client.post("/api/v1/namespaces/default/pods", json=_pod(number)) as answer:
                answer.raise_for_status()

    async with aiohttp.ClientSession(api.url, headers=headers, connector=connector) as client:
        await asyncio.gather(*(make(client) for _ in range(_AT_ONCE)))


def _pod(number: int) -> dict[str, dict[str, object]]:
    amounts = {"cpu": "1", "memory": "4Gi", "nvidia.com/gpu.shared": "1"}
    labels = {Label.GPU_MODE: "mps", Label.TEAM: _TEAMS[number % _NODES % 2].name}
    container = {
        "name": "notebook",
        "image": "example.org/scipy:1",
        "resources": {"requests": amounts, "limits": amounts},
    }
    return {
        "metadata": {"name": f"session-{number}", "labels": labels},
        "spec": {"nodeName": f"node-{number % _NODES}", "containers": [container]},
    }


def _known(cluster: Cluster) -> int:
    used = (node.used.get("pods", 0) for node in cluster.all_nodes())
    return int(sum(used))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not condition():  # noqa: ASYNC110 -- what is waited for has no event
            await asyncio.sleep(0.1)
