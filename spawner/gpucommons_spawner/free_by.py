"""By when there is room for a session that is refused now, as far as that is known. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.holdings import Holding, Holdings
from gpucommons_spawner.shortage import Wish

_Weight = Callable[[Holding], Decimal | int]


def free_by(limits: Iterable[tuple[Holdings, Allowance]], wish: Wish) -> datetime | None:
    """Answer when enough of what is in the way has reached its end.

    None if not enough of it has one: then nobody knows. All limits must have room.
    """
    latest: datetime | None = None
    for held, allowance in limits:
        for excess, weight in _excesses(held, allowance, wish):
            when = _freed(held, wish, excess, weight)
            if when is None:
                return None
            latest = max(latest, when) if latest else when
    return latest


def _excesses(
    held: Holdings, allowance: Allowance, wish: Wish
) -> Iterator[tuple[Decimal | int, _Weight]]:
    """List by how much each limit would be passed, and how much of it a session takes.

    Taken from the sums that are kept: a page asks this for every size, at any scale.
    """
    wanted, earlier = wish.holding, held.get(wish.person, wish.holding.server)
    count, same, units = len(held), held.of_size(wanted.size), held.units
    if earlier:
        count, units = count - 1, units - earlier.units
        same -= earlier.size == wanted.size
    found: list[tuple[Decimal | int | None, Decimal | int, _Weight]] = [
        (allowance.sessions, count + 1, lambda _: 1),
        (allowance.sizes.get(wanted.size), same + 1, lambda each: int(each.size == wanted.size)),
    ]
    if wanted.units:
        found.append((allowance.gpus, units + wanted.units, lambda each: each.units))
    for most, after, weight in found:
        if most is not None and after > most:
            yield after - most, weight


def _freed(held: Holdings, wish: Wish, excess: Decimal | int, weight: _Weight) -> datetime | None:
    """Answer when so much of a limit has been given back; None if it is not known."""
    freed: Decimal | int = 0
    for person, each in held.in_order_of_ends():
        if (person, each.server) != (wish.person, wish.holding.server):
            freed += weight(each)
            if freed >= excess:
                return each.ends
    return None
