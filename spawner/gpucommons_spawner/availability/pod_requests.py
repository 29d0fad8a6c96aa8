"""What the scheduler reserves for a pod, summed as it does. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from gpucommons_contract import amount

from gpucommons_spawner.kubernetes.manifest import Manifest

Resources = Mapping[str, Decimal]


def requests_of(spec: Manifest) -> dict[str, Decimal]:
    """Sum what a pod with this spec asks for: its containers together, or its largest init
    container if that is more. A sidecar counts as a container; a runtime may add its overhead.

    A limit without a request is one, too: the API server writes it so into every pod.
    """
    total: dict[str, Decimal] = {}
    for container in spec.get("containers") or ():
        add(total, _of_container(container), 1)
    for container in spec.get("initContainers") or ():
        wants = _of_container(container)
        if container.get("restartPolicy") == "Always":
            add(total, wants, 1)
            continue
        for resource, quantity in wants.items():
            total[resource] = max(quantity, total.get(resource, Decimal(0)))
    add(total, _amounts(spec.get("overhead") or {}), 1)
    total["pods"] = Decimal(1)
    return total


def add(total: dict[str, Decimal], part: Resources, sign: int) -> None:
    """Add, or with a sign of -1 take away, what a part has of each resource."""
    for resource, quantity in part.items():
        total[resource] = total.get(resource, Decimal(0)) + sign * quantity


def _of_container(container: Manifest) -> Resources:
    resources = container.get("resources") or {}
    return _amounts({**(resources.get("limits") or {}), **(resources.get("requests") or {})})


def _amounts(written: Mapping[str, str]) -> Resources:
    return {key: amount(value) for key, value in written.items()}
