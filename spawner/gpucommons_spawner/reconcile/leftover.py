"""A start that was given up, and what it may have left."""

import asyncio
from dataclasses import dataclass, replace

from gpucommons_spawner.quota.ledger_entry import Holding


@dataclass(frozen=True, slots=True)
class Leftover:
    """A start that was given up while it was not known whether it has made a pod.

    holding: what such a pod holds. since: the loop's clock, in seconds.
    """

    namespace: str
    name: str
    start: str
    person: str
    holding: Holding
    since: float

    @classmethod
    def of(cls, namespace: str, name: str, start: str, person: str, holding: Holding) -> "Leftover":
        """Note one now. It is no server's any more that holds it."""
        key = f"{namespace}/{name}"
        held = replace(holding, server=entry(key), profile=f"{holding.profile}, given up")
        return cls(namespace, name, start, person, held, asyncio.get_running_loop().time())

    @property
    def key(self) -> str:
        """Name the pod in the cluster."""
        return f"{self.namespace}/{self.name}"


def entry(key: str) -> str:
    """Name in the ledger what a pod without a server holds; no server is called so."""
    return f"pod {key}"
