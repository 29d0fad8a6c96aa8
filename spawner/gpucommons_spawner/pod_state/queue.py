"""A place in Kueue's queue, judged and put into words. Pure.

Kueue holds a pod back with a scheduling gate until the queue has room for it, and marks one
that it takes away again. Source: https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words import phrase, phrases, sentences

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.ended import session_ended

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
_MANAGED = "kueue.x-k8s.io/managed"
_GATE = "kueue.x-k8s.io/admission"
_PREEMPTED = "WorkloadEvictedDueToPreempted"
_EVICTED = "WorkloadEvicted"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is that waits, as far as is known."""

    ahead: int | None = None
    """Sessions ahead in the queue of the cluster, of whatever team."""
    obstacle: str = ""
    """Why waiting alone does not help, in words; empty if it does."""


def queue_labels(queue: str, priority: str | None) -> dict[str, str]:
    """Return what makes Kueue queue a pod, with the WorkloadPriorityClass if it has one."""
    return {QUEUE_LABEL: queue} | ({PRIORITY_LABEL: priority} if priority else {})


def is_queued(pod: Manifest) -> bool:
    """Whether Kueue holds the pod back."""
    leaving = "deletionTimestamp" in pod["metadata"]
    gates = pod.get("spec", {}).get("schedulingGates") or ()
    return not leaving and any(gate["name"] == _GATE for gate in gates)


def slipped_past(pod: Manifest) -> bool:
    """Whether a pod that names a queue was made while Kueue did not look at new pods.

    It would take a GPU that Kueue has promised to somebody else.
    """
    labels = pod["metadata"].get("labels", {})
    return QUEUE_LABEL in labels and _MANAGED not in labels


def stage_since(pod: Manifest) -> datetime | None:
    """Return since when a pod that starts is in the queue or, outside it, when it left it.

    None where a pod that has left it is not on a node yet: nobody notes that time on the pod.
    """
    if is_queued(pod) or QUEUE_LABEL not in pod["metadata"].get("labels", {}):
        return datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    return placed_at(pod)


def placed_at(pod: Manifest) -> datetime | None:
    """Return when the scheduler gave the pod a node; None if it has not, or the time is unknown."""
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "True":
            at = condition.get("lastTransitionTime")
            return datetime.fromisoformat(at) if at else None
    return None


def places(pending: Manifest) -> Mapping[str, int]:
    """Read the answer about a queue's pending workloads: pod names and how many are ahead."""
    found = {}
    for item in pending.get("items") or ():
        for owner in item["metadata"].get("ownerReferences") or ():
            if owner["kind"] == "Pod":
                found[owner["name"]] = item["positionInClusterQueue"]
    return found


def waiting(pod: Manifest, place: Place) -> str:
    """Say where in the queue a person is. Nobody knows how long it takes."""
    created = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    since = moment(created)
    waits = phrase("Waiting for a GPU since %(since)s.", since=since)
    if place.obstacle:
        return sentences(waits, place.obstacle)
    if place.ahead is None:
        return sentences(waits, phrase("The place in the queue is not known at the moment."))
    if not place.ahead:
        return phrase("Waiting for a GPU since %(since)s: first in the queue.", since=since)
    return phrases(
        "Waiting for a GPU since %(since)s: number %(number)d in the queue, "
        "%(count)d session is ahead.",
        "Waiting for a GPU since %(since)s: number %(number)d in the queue, "
        "%(count)d sessions are ahead.",
        place.ahead,
        since=since,
        number=place.ahead + 1,
    )


def eviction(pod: Manifest) -> str | None:
    """Say why Kueue takes the pod away; None if it does not."""
    for condition in pod.get("status", {}).get("conditions") or ():
        reason = condition.get("reason", "")
        if condition["type"] != "TerminationTarget" or not reason.startswith(_EVICTED):
            continue
        return _taken_back(condition["lastTransitionTime"], preempted=reason == _PREEMPTED)
    return None


def eviction_told(event: Manifest) -> str | None:
    """Read the same from an event, which outlives its pod by an hour; None from any other."""
    if event.get("reason") != "Stopped" or "kueue" not in event.get("reportingComponent", ""):
        return None
    preempted = event.get("message", "").startswith("Preempted")
    return _taken_back(event["eventTime"], preempted=preempted)


def _taken_back(time: str, *, preempted: bool) -> str:
    cause = (
        phrase("one with higher priority needed its GPUs")
        if preempted
        else phrase("an administrator's queue took its GPUs back")
    )
    return session_ended(cause, time)


def gave_up(hours: float) -> str:
    """Say that the wait in the queue was too long."""
    return phrase(
        "No GPU became free in %(hours)s hours, so the place in the queue was given up. "
        "Start it again, or choose a smaller size.",
        hours=f"{hours:.3g}",
    )
