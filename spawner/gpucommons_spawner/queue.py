"""A place in Kueue's queue, judged and put into words. Pure.

Kueue holds a pod back with a scheduling gate until the queue has room for it, and marks one
that it takes away again. Source: https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gpucommons_spawner.watch import Manifest

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
_GATE = "kueue.x-k8s.io/admission"
_PREEMPTED = "WorkloadEvictedDueToPreempted"
_EVICTED = "WorkloadEvicted"


@dataclass(frozen=True, slots=True)
class Place:
    """How many sessions are ahead in the queue of the cluster, of whatever team."""

    ahead: int


def queue_labels(queue: str, priority: str | None) -> dict[str, str]:
    """Return what makes Kueue queue a pod, with the WorkloadPriorityClass if it has one."""
    return {QUEUE_LABEL: queue} | ({PRIORITY_LABEL: priority} if priority else {})


def is_queued(pod: Manifest) -> bool:
    """Whether Kueue holds the pod back."""
    leaving = "deletionTimestamp" in pod["metadata"]
    gates = pod.get("spec", {}).get("schedulingGates") or ()
    return not leaving and any(gate["name"] == _GATE for gate in gates)


def places(pending: Manifest) -> Mapping[str, Place]:
    """Read the answer about a queue's pending workloads: pod names and their places."""
    found = {}
    for item in pending.get("items") or ():
        for owner in item["metadata"].get("ownerReferences") or ():
            if owner["kind"] == "Pod":
                found[owner["name"]] = Place(item["positionInClusterQueue"])
    return found


def waiting(pod: Manifest, place: Place | None) -> str:
    """Tell the person who waits where they are. How long it takes nobody knows."""
    since = _clock(pod["metadata"]["creationTimestamp"])
    if place is None:
        return f"Waiting for a GPU since {since}. The place in the queue is not known now."
    if not place.ahead:
        return f"Waiting for a GPU since {since}: first in the queue."
    sessions = "1 session is" if place.ahead == 1 else f"{place.ahead} sessions are"
    return (
        f"Waiting for a GPU since {since}: number {place.ahead + 1} in the queue, {sessions} ahead."
    )


def eviction(pod: Manifest) -> str | None:
    """Say why Kueue takes the pod away; None if it does not."""
    for condition in pod.get("status", {}).get("conditions") or ():
        reason = condition.get("reason", "")
        if condition["type"] != "TerminationTarget" or not reason.startswith(_EVICTED):
            continue
        at = _clock(condition["lastTransitionTime"])
        files = "Files saved in your home folder are kept; what was only in memory is lost."
        if reason == _PREEMPTED:
            return f"Your session ended at {at}: one with higher priority needed its GPUs. {files}"
        return f"Your session ended at {at}: an administrator's queue took its GPUs back. {files}"
    return None


def gave_up(hours: float) -> str:
    """Tell that the wait in the queue was too long."""
    return (
        f"No GPU became free in {hours:.3g} hours, so the place in the queue was given up. "
        "Start it again, or choose a smaller size."
    )


def _clock(timestamp: str) -> str:
    return f"{datetime.fromisoformat(timestamp):%H:%M} UTC"
