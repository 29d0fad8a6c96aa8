"""What events of a pod mean for the person who waits for it. Pure."""

from collections.abc import Iterable

from gpucommons_contract.words import phrase

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.scheduler_words import NO_REASON, in_words

_VOLUME_TROUBLE = ("FailedAttachVolume", "FailedMount")
_STILL_ATTACHED = phrase(
    "The volume with your files is still attached to another node, and one at a time can use it. "
    "If another session of yours runs there, stop it."
)
_NODE_COMES = phrase("A node is being added for this session; this can take minutes")
_EVENTS = {
    "Scheduled": phrase("A node was found"),
    "Pulling": phrase("Fetching the image; the first time on a node this can take minutes"),
    "Pulled": phrase("The image is on the node"),
    "Created": phrase("The container is created"),
    "Started": phrase("The session runs; waiting for it to answer"),
    "Killing": phrase("An earlier session is being stopped"),
    "SuccessfulAttachVolume": phrase("The volume with your files is attached"),
    "TriggeredScaleUp": _NODE_COMES,
    "Nominated": _NODE_COMES,
}
_OF_KARPENTER = "Failed to schedule pod"
"""How it begins what it says under the scheduler's reason FailedScheduling."""
_OF_QUEUE = {
    "CreatedWorkload": phrase("The session has its place in the queue"),
    "Started": phrase("The session has left the queue: there is room for it"),
}
"""What Kueue tells of a pod. Source: Kueue 0.18.3, pkg/controller/jobframework/reconciler.go."""


def describe(event: Manifest) -> str:
    """Say what a Kubernetes event means for the person who waits."""
    reason, message = event.get("reason", ""), event.get("message") or ""
    if "kueue" in event.get("reportingComponent", "") and reason in _OF_QUEUE:
        return phrase("%(words)s.", words=_OF_QUEUE[reason])
    if no_node := _no_node_comes(reason, message):
        return no_node
    if reason == "FailedScheduling":
        return in_words(message)
    if reason == "FailedAttachVolume" and "Multi-Attach" in message:
        return _STILL_ATTACHED
    if reason in _EVENTS:
        return phrase("%(words)s.", words=_EVENTS[reason])
    return message


def a_node_comes(event: Manifest) -> bool:
    """Whether an event says that a node is being added for its pod.

    Sources: kubernetes/autoscaler, cluster-autoscaler/FAQ.md, "What events are emitted by CA?",
    which GKE and AKS run as well; kubernetes-sigs/karpenter,
    pkg/controllers/provisioning/scheduling/events.go, which EKS Auto Mode and AKS' node auto
    provisioning run.
    """
    return event.get("reason") in ("TriggeredScaleUp", "Nominated")


def _no_node_comes(reason: str, message: str) -> str:
    """Say that no node is added, and why; empty if an event is not about that.

    Sources: as for `a_node_comes`; for FailedScaleUp, GKE's own cluster autoscaler, whose message
    names zones before the reason.
    """
    if reason == "NotTriggerScaleUp":
        why = message.removeprefix("pod didn't trigger scale-up").lstrip(": ")
    elif reason == "FailedScaleUp":
        why = message.partition(" failed: ")[2].partition(". Pod is at risk")[0] or message
    elif reason == "FailedScheduling" and message.startswith(_OF_KARPENTER):
        why = message.removeprefix(_OF_KARPENTER).lstrip(", ")
    else:
        return ""
    return phrase(
        "No node is added for this session now: %(reason)s.", reason=why.strip("().") or NO_REASON
    )


def volume_trouble(events: Iterable[Manifest]) -> str:
    """Say what was last told of a volume that the node cannot use; empty if nothing was."""
    told = [each for each in events if each.get("reason") in _VOLUME_TROUBLE]
    return describe(told[-1]) if told else ""
