"""GPUs that there were, by the nodes that had them: the denominator of how full a site was."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gpucommons_accounting.reckoning.periods.calendar import Period, microseconds


class NodeState(StrEnum):
    """Whether sessions can use a node's GPUs."""

    UP = "up"
    CORDONED = "cordoned"
    """Nothing new is put there, because somebody says so: planned."""
    DOWN = "down"
    """Not heard of: not planned."""
    ABSENT = "absent"
    """There is no such node, or nobody looked."""


@dataclass(frozen=True, slots=True)
class NodeFact:
    """How one node is from a moment on, until the next fact about it."""

    node: str
    at: datetime
    state: NodeState
    product: str = ""
    gpus: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Capacity:
    """GPU time of a product in a period, in GPU-microseconds."""

    reported: Decimal = Decimal(0)
    """All of it: of nodes that are up, cordoned and down."""
    cordoned: Decimal = Decimal(0)
    down: Decimal = Decimal(0)

    @property
    def usable(self) -> Decimal:
        """What sessions could have had."""
        return self.reported - self.cordoned - self.down

    def allocation_rate(self, allocated: Decimal, beside: Decimal = Decimal(0)) -> Decimal | None:
        """Return which part of the usable time was held; None where there was none.

        beside: what of ``allocated`` was held on nodes that were cordoned or down, as by sessions
        that are there until they end. So much of these nodes was of use.
        """
        usable = self.usable + beside
        return allocated / usable if usable else None


def spans(facts: Iterable[NodeFact], as_of: datetime) -> Iterator[tuple[NodeFact, datetime]]:
    """Yield each fact with the moment until which it holds: the next one of its node, or now."""
    by_node: dict[str, list[NodeFact]] = {}
    for fact in sorted(facts, key=lambda each: each.at):
        by_node.setdefault(fact.node, []).append(fact)
    for history in by_node.values():
        ends = [following.at for following in history[1:]] + [max(as_of, history[-1].at)]
        yield from zip(history, ends, strict=True)


def capacity(facts: Iterable[NodeFact], period: Period, as_of: datetime) -> dict[str, Capacity]:
    """Sum up the GPUs of a period by product, until ``as_of``."""
    sums: dict[str, dict[NodeState, Decimal]] = {}
    for fact, end in spans(facts, as_of):
        time = fact.gpus * microseconds(period.common(fact.at, end))
        states = sums.setdefault(fact.product, dict.fromkeys(NodeState, Decimal(0)))
        states[fact.state] += time
    return {
        product: Capacity(
            reported=states[NodeState.UP] + states[NodeState.CORDONED] + states[NodeState.DOWN],
            cordoned=states[NodeState.CORDONED],
            down=states[NodeState.DOWN],
        )
        for product, states in sums.items()
        if product
    }
