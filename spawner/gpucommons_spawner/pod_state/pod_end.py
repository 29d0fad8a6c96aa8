"""Why a session ended that nobody stopped, read from what Kubernetes notes on its pod. Pure.

Sources: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/,
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions,
https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/,
and pkg/kubelet/eviction/helpers.go for the messages.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from gpucommons_contract import amount
from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words import phrase

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.ended import session_ended
from gpucommons_spawner.pod_state.queue import eviction
from gpucommons_spawner.pod_state.time_limit import time_up

_IN_VAIN = 3
"""So often a session is started again in its place that runs out of memory each time."""
_DISRUPTED = {
    "DeletionByTaintManager": phrase("its node no longer answers, or was taken out of use"),
    "DeletionByPodGC": phrase("its node is gone"),
    "EvictionByEvictionAPI": phrase("its node was drained for maintenance"),
    "PreemptionByScheduler": phrase("one with higher priority needed its place"),
}
"""Reasons of the condition ``DisruptionTarget``."""
_FAILED = {
    "NodeLost": phrase("its node no longer answers"),
    "NodeShutdown": phrase("its node was shut down"),
    "Shutdown": phrase("its node was shut down"),
    "Terminated": phrase("its node was shut down"),
    "Preempting": phrase("its node needed the room for something that must run there"),
    "Evicted": phrase("its node evicted it"),
}
"""Reasons that the kubelet gives for a pod that it ended."""
_SHARED_MEMORY = re.compile(r'EmptyDir volume "shared-memory" exceeds the limit "(\S+)"')
_SCRATCH = re.compile(
    r"ephemeral[- ](?:local )?storage (?:usage exceeds the total limit of containers|limit) "
    r'"?([^"\s.]+)'
)
_SHORT = re.compile(r"node was low on resource: ([^\s.]+)")
_FULL = re.compile(r"No space left on device|Disk quota exceeded|ENOSPC|EDQUOT")


def taken_by_node(pod: Manifest) -> str | None:
    """Say why the cluster takes the pod away, or has; None if it does not."""
    status = pod.get("status", {})
    for condition in status.get("conditions") or ():
        cause = _DISRUPTED.get(condition.get("reason", ""))
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True" and cause:
            return session_ended(cause, condition.get("lastTransitionTime"))
    if status.get("phase") == "Failed" and status.get("reason") in _FAILED:
        cause = _evicted(status.get("message") or "") or _FAILED[status["reason"]]
        return session_ended(cause, _finished_at(pod))
    return None


def memory_in_vain(pod: Manifest) -> str | None:
    """Say that a pod runs out of memory whenever it is started again; None if it does not.

    Kubernetes would try for ever, and what fills ``/dev/shm`` stays there meanwhile.
    """
    for container in _waiting_containers(pod, "CrashLoopBackOff"):
        last = (container.get("lastState") or {}).get("terminated") or {}
        if last.get("reason") == "OOMKilled" and container.get("restartCount", 0) >= _IN_VAIN:
            return session_ended(_out_of_memory(pod), last.get("finishedAt"))
    return None


def last_words(pod: Manifest | None, now: datetime) -> str:
    """Say why a session is gone that nobody stopped by way of the hub.

    ``pod`` is as it was last seen.
    """
    terminated = next(iter(_terminated(pod or {})), None)
    if terminated is None:
        return session_ended(
            phrase("it was deleted in the cluster, not by the hub. An administrator may know why"),
            now,
        )
    return session_ended(
        _end_of_program(pod or {}, terminated), terminated.get("finishedAt") or now
    )


def restarted(pod: Manifest) -> str | None:
    """Say that a session was started again in its place after it had been killed for memory.

    None if it was not, or for another reason.
    """
    for container in (pod.get("status", {}).get("containerStatuses") or ())[:1]:
        last = (container.get("lastState") or {}).get("terminated") or {}
        if last.get("reason") == "OOMKilled":
            return _started_again(last.get("finishedAt"), _out_of_memory(pod))
    return None


def _started_again(at: str | None, cause: str) -> str:
    if not at:
        return phrase(
            "This session ran out of memory and was started again: %(cause)s. "
            "What was only in memory is lost.",
            cause=cause,
        )
    return phrase(
        "This session ran out of memory at %(moment)s and was started again: %(cause)s. "
        "What was only in memory is lost.",
        moment=moment(datetime.fromisoformat(at)),
        cause=cause,
    )


def restarts(pod: Manifest) -> int:
    """Count how often the session's program was started again in its place."""
    containers = pod.get("status", {}).get("containerStatuses") or ()
    return int(containers[0].get("restartCount", 0)) if containers else 0


def failed_start(container: Manifest) -> str:
    """Say why a program ends as soon as it is started, from its last words; empty if unknown."""
    last = (container.get("lastState") or {}).get("terminated") or {}
    if last.get("reason") == "OOMKilled":
        return phrase(
            "The session runs out of memory as soon as it is started. Choose a larger size."
        )
    said = last.get("message") or ""
    if _FULL.search(said):
        return phrase(
            "The session cannot start because your home folder is full. Delete files in another "
            "session of yours that still runs, or ask an administrator for more room."
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if not lines:
        return ""
    return phrase(
        "The session's program ends as soon as it is started: %(message)s", message=lines[-1]
    )


def _end_of_program(pod: Manifest, terminated: Manifest) -> str:
    if terminated.get("reason") == "OOMKilled":
        return _out_of_memory(pod)
    code = terminated.get("exitCode")
    if code == 0:
        return phrase("it was shut down from inside, as with Shut Down in JupyterLab's File menu")
    if terminated.get("signal") or (isinstance(code, int) and code > 128):
        return phrase(
            "its program was killed. Start it again; if that happens again, tell an administrator"
        )
    return phrase(
        "its program ended by itself, with code %(code)s. Start it again; if that happens again, "
        "tell an administrator",
        code=code,
    )


def _out_of_memory(pod: Manifest) -> str:
    limit = memory_limit(pod)
    if not limit:
        return phrase(
            "it needed more than all memory that its size has. Choose a larger size, or load less "
            "at once"
        )
    return phrase(
        "it needed more than the %(limit)s of memory that its size has. Choose a larger size, or "
        "load less at once",
        limit=limit,
    )


def memory_limit(pod: Manifest) -> str:
    """Write how much memory the session may have; empty if it is not limited."""
    containers = pod.get("spec", {}).get("containers")
    resources = containers[0].get("resources") if containers else None
    limit = ((resources or {}).get("limits") or {}).get("memory")
    return f"{amount(limit) / 2**30:.3g} GiB" if limit else ""


def _evicted(message: str) -> str:
    """Read why the kubelet sent a pod away; empty if it does not say so in a known way."""
    if found := _SHARED_MEMORY.search(message):
        return phrase(
            "it kept more than %(limit)s in /dev/shm. Choose a larger size", limit=found[1]
        )
    if found := _SCRATCH.search(message):
        return phrase(
            "it wrote more than %(limit)s outside of your home folder, such as to /tmp. "
            "Write large files to your home folder",
            limit=found[1],
        )
    if found := _SHORT.search(message):
        if found[1] == "memory":
            return phrase("its node ran short of memory. Start it again")
        return phrase("its node ran short of disk space. Start it again")
    return ""


def _waiting_containers(pod: Manifest, reason: str) -> Iterable[Manifest]:
    for container in pod.get("status", {}).get("containerStatuses") or ():
        if ((container.get("state") or {}).get("waiting") or {}).get("reason") == reason:
            yield container


def _terminated(pod: Manifest) -> Iterable[Manifest]:
    """Find how the session's program ended: the first container is the session's."""
    for container in (pod.get("status", {}).get("containerStatuses") or ())[:1]:
        for state in ("state", "lastState"):
            if found := (container.get(state) or {}).get("terminated"):
                yield found


def _finished_at(pod: Manifest) -> str | None:
    return next((each.get("finishedAt") for each in _terminated(pod)), None)


LONGEST_SENTENCE = 500
"""Characters of a sentence that is kept for a server."""


def shortened(sentence: str) -> str:
    """Cut off what is too much to be kept."""
    return sentence if len(sentence) <= LONGEST_SENTENCE else sentence[:LONGEST_SENTENCE]


def why_ended(pod: Manifest) -> str | None:
    """Say why the pod ends or has ended; None if it continues, or somebody just stopped it."""
    sentence = eviction(pod) or time_up(pod) or taken_by_node(pod) or memory_in_vain(pod)
    return shortened(sentence) if sentence else None
