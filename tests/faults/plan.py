"""Which fault begins when, at which server, and for how long: chosen by a seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .fault import DatabaseFault, Fault


@dataclass(frozen=True, slots=True, order=True)
class Spell:
    """A fault at a server; seconds count from the beginning of the plan."""

    begin: float
    end: float
    server: str
    fault: Fault | DatabaseFault


def spells(
    seed: int,
    seconds: float,
    servers: Mapping[str, Sequence[Fault | DatabaseFault]],
    *,
    lengths: tuple[float, float] = (3, 60),
    calms: tuple[float, float] = (5, 90),
) -> list[Spell]:
    """Choose what happens in so many seconds; the same seed gives the same.

    Each server has one fault after another, with calm between them, and knows nothing of the
    others: so they overlap. servers: the faults that each may have. lengths and calms: the
    shortest and the longest, in seconds; short ones are likelier.
    """
    found = []
    for server, faults in sorted(servers.items()):
        chance = random.Random(f"{seed} {server}")
        begin = _between(chance, calms)
        while begin < seconds:
            end = min(seconds, begin + _between(chance, lengths))
            found.append(Spell(begin, end, server, chance.choice(faults)))
            begin = end + _between(chance, calms)
    return sorted(found)


def _between(chance: random.Random, limits: tuple[float, float]) -> float:
    least, most = limits
    return float(least * (most / least) ** chance.random())
