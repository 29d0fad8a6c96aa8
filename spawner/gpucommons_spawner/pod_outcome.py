"""What became of a pod that was asked for, and how to say it to a person. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from gpucommons_spawner.queue import is_queued, slipped_past
from gpucommons_spawner.watch import Manifest
from gpucommons_spawner.why_ended import why_ended


class Outcome(Enum):
    """How far a pod has come."""

    WAITING = auto()
    QUEUED = auto()
    """Kueue holds it back until a GPU is free."""
    RUNNING = auto()
    STUCK = auto()
    """It cannot go on now: no node, or no image. That may change, and often does not."""
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
    "not in force."
)
_NO_IMAGE = "The image cannot be fetched"
_OBSTACLES = {
    "CrashLoopBackOff": (Outcome.FAILED, "The session's program ends as soon as it is started"),
    "CreateContainerConfigError": (Outcome.FAILED, "The session's container cannot be set up"),
    "ErrImageNeverPull": (Outcome.FAILED, "The image is not on the node, and may not be fetched"),
    "ErrImagePull": (Outcome.STUCK, _NO_IMAGE),
    "ImagePullBackOff": (Outcome.FAILED, _NO_IMAGE),
    "InvalidImageName": (Outcome.FAILED, "The image's name is not valid"),
}
"""Reasons that the kubelet gives for a container that waits, and what they mean."""

_OVER = ("Succeeded", "Failed", "Unknown")
_LATE = timedelta(seconds=30)
"""How late a kubelet that is alive may be with a deletion. Its pod's grace is over before that."""

_OTHER_TEAM = "closed to this size while another team shares its GPUs"
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
        if found := _stopped_by(container.get("state", {}).get("waiting", {})):
            return found
    running = status.get("phase") == "Running" and status.get("podIP") and containers
    if running and all(container["ready"] for container in containers):
        return Judgement(Outcome.RUNNING)
    return Judgement(Outcome.WAITING)


def _stopped_by(waiting: Manifest) -> Judgement | None:
    """Read why a container waits; None if that is nothing unusual."""
    reason, told = waiting.get("reason", ""), waiting.get("message", "")
    if reason not in _OBSTACLES:
        return None
    outcome, words = _OBSTACLES[reason]
    return Judgement(outcome, f"{words}: {told}." if told else f"{words}.")


def is_over(pod: Manifest) -> bool:
    """Whether the pod has ended, whatever its containers are said to do.

    Of a node that was lost nobody hears what became of them. ``Unknown`` is such a pod.
    """
    return pod.get("status", {}).get("phase") in _OVER


def is_lost(pod: Manifest, now: datetime) -> bool:
    """Whether the pod should be gone by now, and its node does not say that it is."""
    due = pod["metadata"].get("deletionTimestamp")
    return due is not None and now > datetime.fromisoformat(due) + _LATE


def in_words(message: str) -> str:
    """Say the scheduler's message so that somebody who never saw one understands it.

    ``0/2 nodes are available: 2 Insufficient nvidia.com/gpu.`` becomes
    ``No node can take this session: 2 of 2 have too few free GPUs.``
    """
    if "unbound immediate PersistentVolumeClaims" in message:
        return "The volume with your files, or one with shared data, is not ready."
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
    return f"No node can take this session: {'; '.join(parts)}."


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


_EVENTS = {
    "Scheduled": "A node was found",
    "Pulling": "Fetching the image; the first time on a node this can take minutes",
    "Pulled": "The image is on the node",
    "Created": "The container is made",
    "Started": "The session runs; waiting for JupyterLab to answer",
    "Killing": "An earlier session is being stopped",
    "SuccessfulAttachVolume": "The volume with your files is attached",
    "TriggeredScaleUp": "A node is being added for this session; this can take minutes",
}


def describe(event: Manifest) -> str:
    """Say what a Kubernetes event means for the person who waits."""
    reason, message = event.get("reason", ""), event.get("message") or ""
    if reason == "FailedScheduling":
        return in_words(message)
    if reason in _EVENTS:
        return f"{_EVENTS[reason]}."
    return message
