"""Why no node takes a session that waits: more GPUs are asked for than any has free. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from gpucommons_contract import amount

from gpucommons_spawner.availability.node import Node

_COUNTED = {
    "nvidia.com/gpu": ("GPU", "GPUs"),
    "nvidia.com/gpu.shared": ("share of a GPU", "shares of GPUs"),
}
"""What people call resources, one and many."""


def too_few(limits: Mapping[str, str], nodes: Iterable[Node]) -> str:
    """Compare the GPUs that a session asks for with those of the node that has most free.

    Empty if that is not why it cannot be placed.
    """
    ready = [node for node in nodes if node.ready]
    for resource, (one, many) in _COUNTED.items():
        wanted = amount(limits.get(resource, "0"))
        free = max((node.free(resource) for node in ready), default=Decimal(0))
        if wanted > free:
            asked = f"{wanted} {one if wanted == 1 else many} asked"
            return f"{asked}, the node with most free has {max(free, Decimal(0))}."
    return ""
