"""What became of a pod that was asked for, and why. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

from gpucommons_contract.words import phrase

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.pod_end import failed_start, why_ended
from gpucommons_spawner.pod_state.queue import is_queued, slipped_past
from gpucommons_spawner.pod_state.scheduler_words import NO_REASON, awaits_volume, in_words


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


_PAST_THE_QUEUE = phrase(
    "The queue for GPUs did not see this session, so it was not started: it could take a GPU "
    "that is promised to somebody else. Tell an administrator that Kueue's webhook for pods is "
    "not active."
)
_NO_IMAGE = phrase("The image cannot be fetched")
_OBSTACLES = {
    "CrashLoopBackOff": (
        Outcome.FAILED,
        phrase("The session's program ends as soon as it is started"),
    ),
    "CreateContainerConfigError": (
        Outcome.FAILED,
        phrase("The session's container cannot be set up"),
    ),
    "ErrImageNeverPull": (
        Outcome.FAILED,
        phrase("The image is not on the node, and may not be fetched"),
    ),
    "ErrImagePull": (Outcome.STUCK, _NO_IMAGE),
    "ImagePullBackOff": (Outcome.STUCK, _NO_IMAGE),
    "InvalidImageName": (Outcome.FAILED, phrase("The image's name is not valid")),
}
"""Reasons that the kubelet gives for a container that waits, and what they mean."""


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
        told = status.get("message") or status.get("reason") or NO_REASON
        away = phrase("The node turned the session away: %(reason)s.", reason=told)
        return Judgement(Outcome.FAILED, away)
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            told = condition.get("message", "")
            outcome = Outcome.WAITING if awaits_volume(told) else Outcome.STUCK
            return Judgement(outcome, in_words(told))
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
    if told:
        return Judgement(outcome, phrase("%(words)s: %(told)s.", words=words, told=told))
    return Judgement(outcome, phrase("%(words)s.", words=words))
