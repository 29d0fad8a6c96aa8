"""Why Kueue does not take a waiting session, where more than patience is needed. Pure.

Kueue says it in the Workload that it makes for a pod: condition ``QuotaReserved``, in English.
Source: Kueue 0.18.3, pkg/controller/core/workload_controller.go and
pkg/scheduler/flavorassigner/flavorassigner.go.
"""

import re
from collections.abc import Mapping

from gpucommons_spawner.watch import Manifest

_TELL = "Tell an administrator."
_NEVER = (
    (
        r"LocalQueue (\S+) (?:doesn't exist|is terminating or missing)",
        r"this team has no queue of the name \1",
    ),
    (
        r"ClusterQueue (\S+) (?:doesn't exist|is terminating or missing)",
        r"the ClusterQueue \1, to which it leads, is not there",
    ),
    (r"namespace doesn't match ClusterQueue selector", "it is closed to this team"),
    (r"DeviceClass (\S+) is not mapped", r"it does not know the device class \1"),
    (r"resource (\S+) unavailable in ClusterQueue", r"it has no \1 to give"),
    (
        r"insufficient quota for (\S+) in flavor .* request \((\S+)\) > "
        r"maximum capacity \((\S+)\)",
        r"this size asks for \2 of \1, more than it ever has (\3)",
    ),
    (
        r"untolerated taint|doesn't match node affinity",
        "no kind of nodes that it has is one for this size",
    ),
)
"""What an administrator has to mend first, and how to say it."""
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


def _obstacle(workload: Manifest) -> str:
    for condition in workload.get("status", {}).get("conditions") or ():
        if condition["type"] == "QuotaReserved" and condition["status"] == "False":
            return _in_words(condition.get("reason", ""), condition.get("message", ""))
    return ""


def _in_words(reason: str, message: str) -> str:
    if _PATIENCE in message:
        return ""
    if _CLOSED.search(message):
        return (
            "The queue lets nobody in now: an administrator has stopped it, or something that "
            "it needs is missing. Whoever waits keeps their turn."
        )
    for pattern, words in _NEVER:
        if found := re.search(pattern, message):
            return f"The queue cannot ever take this session: {found.expand(words)}. {_TELL}"
    if reason == _INADMISSIBLE:
        return f"The queue does not take this session: {message}. {_TELL}"
    return ""
