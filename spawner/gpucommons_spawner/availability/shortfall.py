"""Why no node takes a session that waits: more GPUs are asked for than any has free. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from gpucommons_contract import amount
from gpucommons_contract.words import phrases

from gpucommons_spawner.availability.node import Node

_GPU = "nvidia.com/gpu"
_SHARE = "nvidia.com/gpu.shared"


def too_few(limits: Mapping[str, str], nodes: Iterable[Node]) -> str:
    """Compare the GPUs that a session asks for with those of the node that has most free.

    Empty if that is not why it cannot be placed.
    """
    ready = [node for node in nodes if node.ready]
    for resource in (_GPU, _SHARE):
        wanted = amount(limits.get(resource, "0"))
        free = max((node.free(resource) for node in ready), default=Decimal(0))
        if wanted > free:
            left = max(free, Decimal(0))
            if resource == _SHARE:
                return phrases(
                    "%(count)d share of a GPU asked, the node with most free has %(free)s.",
                    "%(count)d shares of GPUs asked, the node with most free has %(free)s.",
                    int(wanted),
                    free=left,
                )
            return phrases(
                "%(count)d GPU asked, the node with most free has %(free)s.",
                "%(count)d GPUs asked, the node with most free has %(free)s.",
                int(wanted),
                free=left,
            )
    return ""
