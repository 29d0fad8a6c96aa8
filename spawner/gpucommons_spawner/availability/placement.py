"""Which nodes may take a pod, and what it needs of them, judged as the scheduler does. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from gpucommons_spawner.availability.node import Node
from gpucommons_spawner.availability.pod_requests import requests_of
from gpucommons_spawner.kubernetes.manifest import Manifest

_PASSING = (
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cloudprovider.kubernetes.io/shutdown",
    "ToBeDeletedByClusterAutoscaler",
)
"""Taints that come and go with a node's state, and say nothing of what it is for.

Source: https://kubernetes.io/docs/reference/labels-annotations-taints/
"""


@dataclass(frozen=True, slots=True)
class Placement:
    """What a pod asks of the node that takes it."""

    needs: Mapping[str, Decimal]
    selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, str], ...]
    terms: tuple[Manifest, ...] | None
    """Required node affinity, one of which must hold; None without."""

    @classmethod
    def of(cls, spec: Manifest) -> Self:
        """Read it from a pod's spec, as it is sent to the API server."""
        affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
        required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
        return cls(
            needs=requests_of(spec),
            selector=spec.get("nodeSelector") or {},
            tolerations=tuple(spec.get("tolerations") or ()),
            terms=None if required is None else tuple(required.get("nodeSelectorTerms") or ()),
        )

    def admits(self, node: Node) -> bool:
        """Return whether the node is of the kind that the pod may be on, and lets it in now."""
        return self.fits_kind(node) and self._tolerates_all(node.taints)

    def fits_kind(self, node: Node) -> bool:
        """Return whether the node is of the kind, whatever state it is in now."""
        lasting = (taint for taint in node.taints if taint["key"] not in _PASSING)
        return (
            all(node.labels.get(key) == value for key, value in self.selector.items())
            and (self.terms is None or any(_holds(term, node) for term in self.terms))
            and self._tolerates_all(lasting)
        )

    def _tolerates_all(self, taints: Iterable[Mapping[str, str]]) -> bool:
        return all(any(_tolerates(each, taint) for each in self.tolerations) for taint in taints)


def _tolerates(toleration: Mapping[str, str], taint: Mapping[str, str]) -> bool:
    """Judge as the scheduler does; what a toleration leaves out fits all."""
    if (toleration.get("key") or taint["key"]) != taint["key"]:
        return False
    if (toleration.get("effect") or taint.get("effect")) != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return True
    return (toleration.get("value") or "") == (taint.get("value") or "")


def _holds(term: Manifest, node: Node) -> bool:
    """Return whether all that a term says holds; an empty one holds nowhere."""
    labels, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    return bool(labels or fields) and (
        all(_matches(each, node.labels) for each in labels)
        and all(_matches(each, {"metadata.name": node.name}) for each in fields)
    )


def _matches(rule: Manifest, values: Mapping[str, str]) -> bool:
    """Judge one expression. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/
    assign-pod-node/#operators
    """
    found, wanted = values.get(rule["key"]), rule.get("values") or []
    judgements: Mapping[str, Callable[[], bool]] = {
        "In": lambda: found in wanted,
        "NotIn": lambda: found not in wanted,
        "Exists": lambda: found is not None,
        "DoesNotExist": lambda: found is None,
        "Gt": lambda: _is_more(found, wanted[0]),
        "Lt": lambda: _is_more(wanted[0], found),
    }
    return judgements[rule["operator"]]()


def _is_more(one: str | None, other: str | None) -> bool:
    try:
        return int(one or "") > int(other or "")
    except ValueError:
        return False
