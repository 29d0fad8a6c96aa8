"""What a session's pod says about the session. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gpucommons_contract import Annotation, Label

from gpucommons_accounting.records.event import Event, EventKind, Source

Manifest = Mapping[str, Any]
SESSION_SELECTOR = f"{Label.SIZE},component=singleuser-server"
"""Labels that sessions carry, and nothing else; the second is KubeSpawner's."""
_CONTAINER = "notebook"
"""KubeSpawner's name of the container that a session is."""
_LABELS = {
    "team": Label.TEAM,
    "environment": Label.ENVIRONMENT,
    "version": Label.VERSION,
    "size": Label.SIZE,
    "mode": Label.GPU_MODE,
    "units": Label.GPU_UNITS,
}
_IDENTITIES = {"person_since": Annotation.USER_SINCE, "team_uid": Annotation.TEAM_UID}
"""Left out of the fact where a pod has none: those of earlier versions go on saying the same."""
_POD_REASONS = {
    "Evicted": "evicted",
    "Preempting": "preempted",
    "DeadlineExceeded": "max-duration",
    "NodeLost": "node-lost",
    "Terminated": "node-lost",  # by a node that shuts down
    "NodeShutdown": "node-lost",
    "Shutdown": "node-lost",
}
"""``status.reason`` of a pod that failed."""
_DISRUPTIONS = {
    "PreemptionByScheduler": "preempted",
    "DeletionByTaintManager": "node-lost",
    "EvictionByEvictionAPI": "evicted",
    "TerminationByKubelet": "evicted",
    "DeletionByPodGC": "node-lost",
}
"""Reasons of the condition ``DisruptionTarget``. Source:
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions"""
_QUEUE = ("WorkloadEvictedDueToPreempted", "preempted"), ("WorkloadEvicted", "evicted")
"""How reasons of Kueue's condition ``TerminationTarget`` begin. Source:
https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/"""
_OOM = "OOMKilled"
_FINISHED = ("Succeeded", "Failed")


def facts_of(pod: Manifest, product_of: Callable[[str], str]) -> Iterator[Event]:
    """Yield all that the pod says now.

    product_of: the GPU's model on a node of that name, empty if none is known.
    """
    metadata, status = pod["metadata"], pod.get("status") or {}
    uid = metadata["uid"]

    def fact(kind: EventKind, at: datetime, source: Source, **payload: str) -> Event:
        return Event(source, kind, uid, at, payload)

    created = _moment(metadata["creationTimestamp"])
    yield fact(EventKind.CREATED, created, Source.API_SERVER, **_choice(pod))
    if asked := (metadata.get("annotations") or {}).get(Annotation.ASKED):
        yield fact(EventKind.ASKED, _moment(asked), Source.HUB)
    if bound := _since(status, "PodScheduled"):
        node = pod["spec"].get("nodeName") or ""
        product = product_of(node)
        yield fact(EventKind.BOUND, bound, Source.API_SERVER, node=node, product=product)
    if ready := _since(status, "Ready"):
        yield fact(EventKind.READY, ready, Source.KUBELET)
    elif started := _started(status):  # a pod that has finished is not ready any more
        yield fact(EventKind.READY, started, Source.KUBELET, container="started")
    if deleted := metadata.get("deletionTimestamp"):
        grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
        yield fact(EventKind.STOPPING, _moment(deleted) - grace, Source.API_SERVER)
    if ended := _ended(status):
        at = _moment(ended["finishedAt"])
        yield fact(EventKind.ENDED, at, Source.KUBELET)
    elif status.get("phase") in _FINISHED:  # its kubelet wrote down nothing of the container
        yield fact(EventKind.ENDED, _last_change(status) or created, Source.API_SERVER)
    at = _moment(ended["finishedAt"]) if ended else created
    if code := _code(status, ended, stopping=bool(deleted)):
        source = Source.KUBELET if ended else Source.API_SERVER
        yield fact(EventKind.REASON, at, source, code=code)


def _choice(pod: Manifest) -> dict[str, str]:
    labels = pod["metadata"].get("labels") or {}
    annotations = pod["metadata"].get("annotations") or {}
    said = {name: labels.get(label, "") for name, label in _LABELS.items()}
    said["units"] = said["units"] or "0"
    said["person"] = annotations.get(Annotation.USER, "")
    said["server"] = annotations.get(Annotation.SERVER, "")
    for name, annotation in _IDENTITIES.items():
        if known := annotations.get(annotation):
            said[name] = known
    said["image"] = next(
        (each["image"] for each in pod["spec"]["containers"] if each["name"] == _CONTAINER), ""
    )
    return said


def _since(status: Manifest, condition: str) -> datetime | None:
    """Return since when a condition is true; None if it is not."""
    for each in status.get("conditions") or ():
        if each["type"] == condition and each["status"] == "True" and each["lastTransitionTime"]:
            return _moment(each["lastTransitionTime"])
    return None


def _ended(status: Manifest) -> Manifest | None:
    """Return how the session's container ended; None while it may still run."""
    ended: Manifest = _state(status).get("terminated") or {}
    return ended if status.get("phase") in _FINISHED and ended.get("finishedAt") else None


def _started(status: Manifest) -> datetime | None:
    """Return since when the session's container of a finished pod ran."""
    started = (_state(status).get("terminated") or {}).get("startedAt")
    return _moment(started) if started and status.get("phase") in _FINISHED else None


def _state(status: Manifest) -> Manifest:
    """Return the state of the session's container."""
    for each in status.get("containerStatuses") or ():
        if each["name"] == _CONTAINER:
            found: Manifest = each.get("state") or {}
            return found
    return {}


def _last_change(status: Manifest) -> datetime | None:
    """Return when anything was last different."""
    moments = (each.get("lastTransitionTime") for each in status.get("conditions") or ())
    return max((_moment(each) for each in moments if each), default=None)


def _code(status: Manifest, ended: Manifest | None, *, stopping: bool) -> str:
    """Return why it ended, as far as the pod says; empty if it does not."""
    for each in status.get("conditions") or ():
        reason = each.get("reason") or ""
        if each["type"] == "DisruptionTarget" and each["status"] == "True":
            return _DISRUPTIONS.get(reason, "evicted")
        if each["type"] == "TerminationTarget":
            for begins, taken in _QUEUE:
                if reason.startswith(begins):
                    return taken
    if code := _POD_REASONS.get(status.get("reason") or ""):
        return code
    if ended and ended.get("reason") == _OOM:
        return "out-of-memory"
    return "failed" if ended and not stopping else ""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
