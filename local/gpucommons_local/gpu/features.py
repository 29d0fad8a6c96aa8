"""Node labels from the file that GPU Feature Discovery writes.

On a real cluster Node Feature Discovery reads that file and labels the node.
The local platform does this one step itself, with the same rules: only labels
of ``nvidia.com/``, and those that are no longer in the file go away.
"""

import re
from collections.abc import Mapping

PREFIX = "nvidia.com/"
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


def labels_from_features(text: str) -> dict[str, str]:
    """Read lines of ``label=value``; blank lines and comments are passed over.

    Raises ValueError for a line that is no valid label of NVIDIA's.
    """
    labels = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        label, equals, value = line.partition("=")
        name = label.removeprefix(PREFIX)
        valid = label.startswith(PREFIX) and _NAME.fullmatch(name)
        if not (valid and equals and (not value or _NAME.fullmatch(value))):
            raise ValueError(f"Not a label that GPU Feature Discovery would write: {line}")
        labels[label] = value
    return labels


def label_changes(
    features: Mapping[str, str], node_labels: Mapping[str, str]
) -> dict[str, str | None]:
    """Say what to patch on a node that has ``node_labels``: a new value, or None to remove."""
    stale = {label for label in node_labels if label.startswith(PREFIX)} - features.keys()
    changed = {label: value for label, value in features.items() if node_labels.get(label) != value}
    return {**changed, **dict.fromkeys(stale)}
