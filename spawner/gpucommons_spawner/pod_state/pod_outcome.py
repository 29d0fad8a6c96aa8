"""What became of a pod that was asked for, and how to say it to a person. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.pod_end import failed_start, why_ended
from gpucommons_spawner.pod_state.queue import is_queued, slipped_past


class Outcome(Enum):
    """How far a pod has come."""

    WAITING = auto()
    QUEUED = auto()
    """Kueue holds it back until a GPU is free."""
    RUNNING = auto()
    STUCK = auto()
    """It cannot continue now: no node, or no image. That may change, and often does not."""
    FAILED = auto()
    """It will not run, however long one waits."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome and, unless all is well, the reason in words."""

    outcome: Outcome
    reason: str = ""


_PAST_THE_QUEUE = (
    "The queue for GPUs did not see this session, so it was not started: it could take a GPU "
    "that is promised to somebody else. Tell an administrator that Kueue's webhook for pods is "
    "not active."
)
_NO_IMAGE = "The image cannot be fetched"
_OBSTACLES = {
    "CrashLoopBackOff": (Outcome.FAILED, "The session's program ends as soon as it is started"),
    "CreateContainerConfigError": (Outcome.FAILED, "The session's container cannot be set up"),
    "ErrImageNeverPull": (Outcome.FAILED, "The image is not on the node, and may not be fetched"),
    "ErrImagePull": (Outcome.STUCK, _NO_IMAGE),
    "ImagePullBackOff": (Outcome.STUCK, _NO_IMAGE),
    "InvalidImageName": (Outcome.FAILED, "The image's name is not valid"),
}
"""Reasons that the kubelet gives for a container that waits, and what they mean."""

_OTHER_TEAM = "closed to this size while another team shares its GPUs"
_NOT_BESIDE = "not the one that has your files open"
_ONE_NODE = (
    " Your files can be used on one node at a time, and another session of yours has them open. "
    "Stop that one, or choose a size that its node has room for."
)
_ONE_SESSION = (
    "Your files can be used by one session at a time, and another one of yours has them open. "
    "Stop that one first."
)
_NODE_REASONS = (
    ("Insufficient nvidia.com/gpu.shared", "no free share of a GPU"),
    ("Insufficient nvidia.com/gpu", "too few free GPUs"),
    ("Insufficient cpu", "too little free CPU"),
    ("Insufficient memory", "too little free memory"),
    ("Insufficient ", "not enough of what this size needs"),
    ("Too many pods", "no room for another pod"),
    ("node(s) didn't match Pod's node affinity/selector", "not the kind that this size asks for"),
    ("node(s) had untolerated taint", "closed to this size"),
    ("node(s) were unschedulable", "closed for maintenance"),
    ("node(s) didn't satisfy existing pods anti-affinity", _OTHER_TEAM),
    ("node(s) didn't match pod anti-affinity", _OTHER_TEAM),
    ("node(s) had volume node affinity conflict", "cannot reach your files"),
    ("node(s) didn't match pod affinity rules", _NOT_BESIDE),
)
NO_GPU_FREE = re.compile("too few free GPUs|no free share of a GPU")
"""Found in a reason that is about GPUs."""
_COUNTED = re.compile(r"(\d+) (.+)")
_NO_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" not found')
_SCHEDULER = re.compile(r"0/(\d+) nodes are available: (.*)", re.DOTALL)


def judge(pod: Manifest) -> Judgement:
    """Read a pod's status, and what Kueue does with it."""
    if ended := why_ended(pod):
        return Judgement(Outcome.FAILED, ended)
    if slipped_past(pod):
        return Judgement(Outcome.FAILED, _PAST_THE_QUEUE)
    return Judgement(Outcome.QUEUED) if is_queued(pod) else _judge(pod)


def _judge(pod: Manifest) -> Judgement:
    status = pod.get("status", {})
    if "deletionTimestamp" in pod["metadata"]:
        return Judgement(Outcome.WAITING)
    if status.get("phase") == "Failed":
        told = status.get("message") or status.get("reason") or "no reason was given"
        return Judgement(Outcome.FAILED, f"The node turned the session away: {told}.")
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return Judgement(Outcome.STUCK, in_words(condition.get("message", "")))
    containers = status.get("containerStatuses", ())
    for container in containers:
        if found := _stopped_by(container):
            return found
    running = status.get("phase") == "Running" and status.get("podIP") and containers
    if running and all(container["ready"] for container in containers):
        return Judgement(Outcome.RUNNING)
    return Judgement(Outcome.WAITING)


def _stopped_by(container: Manifest) -> Judgement | None:
    """Read why a container waits; None if that is nothing unusual."""
    waiting = container.get("state", {}).get("waiting", {})
    reason, told = waiting.get("reason", ""), waiting.get("message", "")
    if reason not in _OBSTACLES:
        return None
    outcome, words = _OBSTACLES[reason]
    if reason == "CrashLoopBackOff" and (said := failed_start(container)):
        return Judgement(outcome, said)
    return Judgement(outcome, f"{words}: {told}." if told else f"{words}.")


def in_words(message: str) -> str:
    """Say the scheduler's message so that somebody who never saw one understands it.

    ``0/2 nodes are available: 2 Insufficient nvidia.com/gpu.`` becomes
    ``No node can take this session: 2 of 2 have too few free GPUs.``
    """
    if "unbound immediate PersistentVolumeClaims" in message:
        return "The volume with your files, or one with shared data, is not ready."
    if "ReadWriteOncePod access mode" in message:
        return _ONE_SESSION
    if missing := _NO_CLAIM.search(message):
        return (
            f"The volume {missing[1]} is not there. Tell an administrator: shared data needs a "
            "volume in each team."
        )
    found = _SCHEDULER.match(message)
    if not found:
        return f"The session cannot be placed: {message or 'no reason was given'}"
    total, rest = found.groups()
    rest = re.split(r"\. |\.$", rest)[0]  # what follows is about preemption
    parts = [_of_nodes(part, total) for part in rest.split(", ")]
    told = f"No node can take this session: {'; '.join(parts)}."
    return told + (_ONE_NODE if _NOT_BESIDE in told else "")


def _of_nodes(part: str, total: str) -> str:
    counted = _COUNTED.match(part)
    if not counted:
        return part
    number, reason = counted.groups()
    for known, words in _NODE_REASONS:
        if reason.startswith(known):
            verb = "is" if words.startswith(("closed", "not the")) else "has"
            if words.startswith("cannot"):
                return f"{number} of {total} {words}"
            verb = verb if number == "1" else {"is": "are", "has": "have"}[verb]
            return f"{number} of {total} {verb} {words}"
    return f"{number} of {total}: {reason}"


_VOLUME_TROUBLE = ("FailedAttachVolume", "FailedMount")
_STILL_ATTACHED = (
    "The volume with your files is still attached to another node, and one at a time can use it. "
    "If another session of yours runs there, stop it."
)
_NODE_COMES = "A node is being added for this session; this can take minutes"
_EVENTS = {
    "Scheduled": "A node was found",
    "Pulling": "Fetching the image; the first time on a node this can take minutes",
    "Pulled": "The image is on the node",
    "Created": "The container is created",
    "Started": "The session runs; waiting for JupyterLab to answer",
    "Killing": "An earlier session is being stopped",
    "SuccessfulAttachVolume": "The volume with your files is attached",
    "TriggeredScaleUp": _NODE_COMES,
    "Nominated": _NODE_COMES,
}
_OF_KARPENTER = "Failed to schedule pod"
"""How it begins what it says under the scheduler's reason FailedScheduling."""
_OF_QUEUE = {
    "CreatedWorkload": "The session has its place in the queue",
    "Started": "The session has left the queue: there is room for it",
}
"""What Kueue tells of a pod. Source: Kueue 0.18.3, pkg/controller/jobframework/reconciler.go."""


def describe(event: Manifest) -> str:
    """Say what a Kubernetes event means for the person who waits."""
    reason, message = event.get("reason", ""), event.get("message") or ""
    if "kueue" in event.get("reportingComponent", "") and reason in _OF_QUEUE:
        return f"{_OF_QUEUE[reason]}."
    if no_node := _no_node_comes(reason, message):
        return no_node
    if reason == "FailedScheduling":
        return in_words(message)
    if reason == "FailedAttachVolume" and "Multi-Attach" in message:
        return _STILL_ATTACHED
    if reason in _EVENTS:
        return f"{_EVENTS[reason]}."
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
    return f"No node is added for this session now: {why.strip('().') or 'no reason was given'}."


def volume_trouble(events: Iterable[Manifest]) -> str:
    """Say what was last told of a volume that the node cannot use; empty if nothing was."""
    told = [each for each in events if each.get("reason") in _VOLUME_TROUBLE]
    return describe(told[-1]) if told else ""
