"""What the scheduler says of a pod that no node takes, so that a person understands it. Pure."""

import re

from gpucommons_contract.words import forms, listed, phrase, phrases, sentences

NO_REASON = phrase("no reason was given")
_NOT_BESIDE = "not the one that has your files open"
_ONE_NODE = phrase(
    "Your files can be used on one node at a time, and another session of yours has them open. "
    "Stop that one, or choose a size that its node has room for."
)
_ONE_SESSION = phrase(
    "Your files can be used by one session at a time, and another one of yours has them open. "
    "Stop that one first."
)
_NODE_REASONS = (
    (
        "Insufficient nvidia.com/gpu.shared",
        *forms(
            "%(count)d of %(total)s has no free share of a GPU",
            "%(count)d of %(total)s have no free share of a GPU",
        ),
    ),
    (
        "Insufficient nvidia.com/gpu",
        *forms(
            "%(count)d of %(total)s has too few free GPUs",
            "%(count)d of %(total)s have too few free GPUs",
        ),
    ),
    (
        "Insufficient cpu",
        *forms(
            "%(count)d of %(total)s has too little free CPU",
            "%(count)d of %(total)s have too little free CPU",
        ),
    ),
    (
        "Insufficient memory",
        *forms(
            "%(count)d of %(total)s has too little free memory",
            "%(count)d of %(total)s have too little free memory",
        ),
    ),
    (
        "Insufficient ",
        *forms(
            "%(count)d of %(total)s has not enough of what this size needs",
            "%(count)d of %(total)s have not enough of what this size needs",
        ),
    ),
    (
        "Too many pods",
        *forms(
            "%(count)d of %(total)s has no room for another pod",
            "%(count)d of %(total)s have no room for another pod",
        ),
    ),
    (
        "node(s) didn't match Pod's node affinity/selector",
        *forms(
            "%(count)d of %(total)s is not the kind that this size asks for",
            "%(count)d of %(total)s are not the kind that this size asks for",
        ),
    ),
    (
        "node(s) had untolerated taint",
        *forms(
            "%(count)d of %(total)s is closed to this size",
            "%(count)d of %(total)s are closed to this size",
        ),
    ),
    (
        "node(s) were unschedulable",
        *forms(
            "%(count)d of %(total)s is closed for maintenance",
            "%(count)d of %(total)s are closed for maintenance",
        ),
    ),
    (
        "node(s) didn't satisfy existing pods anti-affinity",
        *forms(
            "%(count)d of %(total)s is closed to this size while another team shares its GPUs",
            "%(count)d of %(total)s are closed to this size while another team shares its GPUs",
        ),
    ),
    (
        "node(s) didn't match pod anti-affinity",
        *forms(
            "%(count)d of %(total)s is closed to this size while another team shares its GPUs",
            "%(count)d of %(total)s are closed to this size while another team shares its GPUs",
        ),
    ),
    (
        "node(s) had volume node affinity conflict",
        *forms(
            "%(count)d of %(total)s cannot reach your files",
            "%(count)d of %(total)s cannot reach your files",
        ),
    ),
    (
        "node(s) didn't match pod affinity rules",
        *forms(
            "%(count)d of %(total)s is not the one that has your files open",
            "%(count)d of %(total)s are not the one that has your files open",
        ),
    ),
)
"""How the scheduler begins a reason, and what is said of so many nodes."""
NO_GPU_FREE = re.compile("too few free GPUs|no free share of a GPU")
"""Found in a reason that is about GPUs."""
_COUNTED = re.compile(r"(\d+) (.+)")
_NO_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" not found')
_UNBOUND = "unbound immediate PersistentVolumeClaims"
_SCHEDULER = re.compile(r"0/(\d+) nodes are available: (.*)", re.DOTALL)


def awaits_volume(message: str) -> bool:
    """Whether the scheduler waits for a volume to be made, which may take a cloud a minute."""
    return _UNBOUND in message


def in_words(message: str) -> str:
    """Say the scheduler's message so that somebody who never saw one understands it.

    ``0/2 nodes are available: 2 Insufficient nvidia.com/gpu.`` becomes
    ``No node can take this session: 2 of 2 have too few free GPUs.``
    """
    if awaits_volume(message):
        return phrase("The volume with your files, or one with shared data, is not ready.")
    if "ReadWriteOncePod access mode" in message:
        return _ONE_SESSION
    if missing := _NO_CLAIM.search(message):
        return phrase(
            "The volume %(name)s is not there. Tell an administrator: shared data needs a "
            "volume in each team.",
            name=missing[1],
        )
    found = _SCHEDULER.match(message)
    if not found:
        why = message or NO_REASON
        return phrase("The session cannot be placed: %(reason)s", reason=why)
    total, rest = found.groups()
    rest = re.split(r"\. |\.$", rest)[0]  # what follows is about preemption
    parts = [_of_nodes(part, total) for part in rest.split(", ")]
    told = phrase("No node can take this session: %(reasons)s.", reasons=listed(parts, "; "))
    return sentences(told, _ONE_NODE) if _NOT_BESIDE in told else told


def _of_nodes(part: str, total: str) -> str:
    counted = _COUNTED.match(part)
    if not counted:
        return part
    number, reason = counted.groups()
    for known, one, many in _NODE_REASONS:
        if reason.startswith(known):
            return phrases(one, many, int(number), total=total)
    return phrase("%(number)s of %(total)s: %(reason)s", number=number, total=total, reason=reason)
