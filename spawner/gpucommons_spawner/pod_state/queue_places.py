"""Asks Kueue about all who wait in a team's queue: one question for all of them.

Why Kueue does not take a waiting session, where more than patience is needed, is in the Workload
that it makes for a pod: condition ``QuotaReserved``, in English.
Source: Kueue 0.18.3, pkg/controller/core/workload_controller.go and
pkg/scheduler/flavorassigner/flavorassigner.go.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from gpucommons_contract.words import deferred, phrase, sentences
from kubernetes_asyncio.client import ApiException

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.refusal import is_missing
from gpucommons_spawner.pod_state.queue import PRIORITY_LABEL, QUEUE_LABEL, Place, places

_FRESH_SECONDS = 3.0
_PATIENCE_SECONDS = 10.0
_PENDING = "/apis/visibility.kueue.x-k8s.io/v1beta2/namespaces/{}/localqueues/{}/pendingworkloads"
_PRIORITY = "/apis/kueue.x-k8s.io/v1beta2/workloadpriorityclasses/{}"
_WORKLOADS = "/apis/kueue.x-k8s.io/v1beta2/namespaces/{}/workloads"


class QueuePlaces:
    """Places by pod, one answer for a queue kept for a moment. Nobody looks: nothing is asked."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], tuple[float, Mapping[str, Place]]] = {}
        self._asking: dict[tuple[str, str], asyncio.Lock] = {}
        self._missing: dict[str, tuple[float, bool]] = {}

    async def place(
        self,
        api: Any,  # noqa: ANN401 -- the client is untyped
        pod: Manifest,
        log: logging.Logger,
    ) -> Place:
        """Return where the session of a queued pod is.

        Of a pod with a WorkloadPriorityClass that is not there Kueue makes no Workload, and says
        nothing to anybody.
        """
        metadata, labels = pod["metadata"], pod["metadata"]["labels"]
        found = await self.of(api, metadata["namespace"], labels[QUEUE_LABEL], log)
        if metadata["name"] in found:
            return found[metadata["name"]]
        priority = labels.get(PRIORITY_LABEL)
        if priority and await self._lacks(api, priority, log):
            return Place(obstacle=no_priority(priority))
        return Place()

    async def _lacks(
        self,
        api: Any,  # noqa: ANN401 -- the client is untyped
        priority: str,
        log: logging.Logger,
    ) -> bool:
        """Return whether the API server says that it has no such WorkloadPriorityClass."""
        now = asyncio.get_running_loop().time()
        asked, missing = self._missing.get(priority, (-_FRESH_SECONDS, False))
        if now - asked >= _FRESH_SECONDS:
            known, missing = missing, await _is_not_there(api, priority, log)
            self._missing[priority] = (now, missing)
            if missing and not known:
                log.error(
                    "There is no WorkloadPriorityClass %s, and waiting sessions name it: make "
                    "it, or change the priority of their size or team in the catalogue",
                    priority,
                )
        return missing

    async def of(
        self,
        api: Any,  # noqa: ANN401 -- the client is untyped
        namespace: str,
        queue: str,
        log: logging.Logger,
    ) -> Mapping[str, Place]:
        """Give the places in one LocalQueue, as far as Kueue and the API server answer."""
        key = (namespace, queue)
        async with self._asking.setdefault(key, asyncio.Lock()):
            now = asyncio.get_running_loop().time()
            asked, answer = self._answers.get(key, (-_FRESH_SECONDS, {}))
            if now - asked >= _FRESH_SECONDS:
                answer = await _places(api, namespace, queue, log)
                self._answers[key] = (now, answer)
            return answer


async def _places(
    api: Any,  # noqa: ANN401 -- the client is untyped
    namespace: str,
    queue: str,
    log: logging.Logger,
) -> Mapping[str, Place]:
    """Ask who is where, and whom waiting does not help: two questions at once.

    Kueue itself answers the first; the second the API server does, from memory.
    """
    pending, workloads = await asyncio.gather(
        _ask(api, _PENDING.format(namespace, queue), log),
        _ask(api, _WORKLOADS.format(namespace), log, resourceVersion="0"),
    )
    ahead, obstacle = places(pending), obstacles(workloads)
    return {pod: Place(ahead.get(pod), obstacle.get(pod, "")) for pod in {*ahead, *obstacle}}


async def _is_not_there(
    api: Any,  # noqa: ANN401 -- the client is untyped
    priority: str,
    log: logging.Logger,
) -> bool:
    """Only an answer about this very object counts: without Kueue's API all paths are missing."""
    try:
        await _read(api, _PRIORITY.format(priority))
    except ApiException as error:
        if is_missing(error, priority):
            return True
        log.warning("the priority %s cannot be looked up: %s", priority, error.status)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("the priority %s cannot be looked up: %s", priority, error)
    return False


async def _ask(
    api: Any,  # noqa: ANN401 -- the client is untyped
    path: str,
    log: logging.Logger,
    **query: str,
) -> Manifest:
    """Read from the API server; empty while it does not answer."""
    try:
        return await _read(api, path, **query)
    except (ApiException, aiohttp.ClientError, TimeoutError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return {}


async def _read(
    api: Any,  # noqa: ANN401 -- the client is untyped
    path: str,
    **query: str,
) -> Manifest:
    answer: Manifest = await api.api_client.call_api(
        path,
        "GET",
        query_params=list(query.items()),
        header_params={"Accept": "application/json"},
        auth_settings=["BearerToken"],
        response_types_map={200: "object"},
        _return_http_data_only=True,
        _request_timeout=_PATIENCE_SECONDS,
    )
    return answer


_TELL = phrase("Tell an administrator.")
_NEVER = (
    (
        r"LocalQueue (?P<name>\S+) (?:doesn't exist|is terminating or missing)",
        deferred("this team has no queue of the name %(name)s"),
    ),
    (
        r"ClusterQueue (?P<name>\S+) (?:doesn't exist|is terminating or missing)",
        deferred("the ClusterQueue %(name)s, to which it leads, is not there"),
    ),
    (r"namespace doesn't match ClusterQueue selector", deferred("it is closed to this team")),
    (
        r"DeviceClass (?P<name>\S+) is not mapped",
        deferred("it does not know the device class %(name)s"),
    ),
    (
        r"resource (?P<name>\S+) unavailable in ClusterQueue",
        deferred("it has no %(name)s"),
    ),
    (
        r"insufficient quota for (?P<name>\S+) in flavor .* request \((?P<asked>\S+)\) > "
        r"maximum capacity \((?P<most>\S+)\)",
        deferred("this size asks for %(asked)s of %(name)s, more than it ever has (%(most)s)"),
    ),
    (
        r"untolerated taint|doesn't match node affinity",
        deferred("none of its node types fits this size"),
    ),
)
"""What an administrator must fix first, and how to say it."""
_CLOSED = re.compile(r"(?:Local|Cluster)Queue \S+ is (?:inactive|stopped)")
_PATIENCE = "insufficient unused quota"
"""Said of a kind of GPU that is only in use now; others that do not fit then do not matter."""
_INADMISSIBLE = "Inadmissible"


def obstacles(workloads: Manifest) -> Mapping[str, str]:
    """Read a namespace's Workloads: names of pods that wait in vain, and the reason in words."""
    found = {}
    for workload in workloads.get("items") or ():
        if words := _obstacle(workload):
            for owner in workload["metadata"].get("ownerReferences") or ():
                if owner["kind"] == "Pod":
                    found[owner["name"]] = words
    return found


def no_priority(name: str) -> str:
    """Say that the priority with which a session should wait does not exist."""
    return sentences(
        phrase(
            "The queue does not take this session: its size or team names a priority that does "
            "not exist, the WorkloadPriorityClass %(name)s.",
            name=name,
        ),
        _TELL,
    )


def _obstacle(workload: Manifest) -> str:
    for condition in workload.get("status", {}).get("conditions") or ():
        if condition["type"] == "QuotaReserved" and condition["status"] == "False":
            return _in_words(condition.get("reason", ""), condition.get("message", ""))
    return ""


def _in_words(reason: str, message: str) -> str:
    if _PATIENCE in message:
        return ""
    if _CLOSED.search(message):
        return phrase(
            "The queue admits nobody now: an administrator has stopped it, or something that "
            "it needs is missing. Sessions that wait keep their place."
        )
    for pattern, words in _NEVER:
        if found := re.search(pattern, message):
            reason = phrase(words, **found.groupdict())
            never = phrase("The queue can never take this session: %(reason)s.", reason=reason)
            return sentences(never, _TELL)
    if reason == _INADMISSIBLE:
        return sentences(
            phrase("The queue does not take this session: %(reason)s.", reason=message), _TELL
        )
    return ""
