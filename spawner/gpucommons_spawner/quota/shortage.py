"""Why an allowance has no room for one more session, and from when on it has. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from gpucommons_spawner.catalogue.allowance import Allowance
from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.quota.ledger_entry import Holding, Holdings

_NAMED = 5
"""How many sessions a refusal names; a team may have hundreds."""


class QuotaOwner(NamedTuple):
    """Whose allowance it is, for the sentence: ``You``, or ``The team Vision``."""

    name: str = "You"
    is_team: bool = False

    def says(self, have: str, has: str) -> str:
        """Write the subject with its verb."""
        return f"{self.name} {has if self.is_team else have}"

    @property
    def within(self) -> str:
        """The name as it is written within a sentence."""
        return self.name[0].lower() + self.name[1:]

    def shown(self, person: str, holding: Holding) -> str:
        """Name a session: in a team, with whose it is."""
        return f"{person}: {holding}" if self.is_team else str(holding)

    def way_on(self, found: int, otherwise: str = "") -> str:
        """Say what to do, where something that runs is in the way."""
        if self.is_team:
            return "Wait until one of them is stopped, or ask an administrator for more."
        return f"Stop {'it' if found == 1 else 'one'}{otherwise}."

    def may_have(self, what: str) -> str:
        """Say that nothing which could be stopped is in the way, and who can help."""
        return f"{self.name} may have {what}."


class QuotaRequest(NamedTuple):
    """A session that somebody wants; what its server holds already will be replaced."""

    person: str
    holding: Holding
    size_title: str = "this size"


def shortage(
    held: Holdings, allowance: Allowance, request: QuotaRequest, owner: QuotaOwner
) -> str | None:
    """Say what there is too little of; None if the session fits.

    Counts only what is limited: a page asks this for every size of every team.
    """
    return _never(allowance, request, owner) or _used_up(held, allowance, request, owner)


def _never(allowance: Allowance, request: QuotaRequest, owner: QuotaOwner) -> str | None:
    """Say of what there may be less than one session needs, whatever runs."""
    wanted = request.holding
    if allowance.sessions == 0:
        return f"{owner.may_have('no sessions now')} Ask an administrator."
    if allowance.sizes.get(wanted.size) == 0:
        none = owner.may_have(f"no session of the size {request.size_title} now")
        return f"{none} Choose another size, or ask an administrator."
    if allowance.gpus is not None and wanted.units > allowance.gpus:
        most = f"{gpus(allowance.gpus)} at most" if allowance.gpus else "none now"
        return (
            f"This needs {gpus(wanted.units)}; {owner.within} may have {most}. "
            "Choose a smaller size, or ask an administrator for more."
        )
    return None


def _used_up(
    held: Holdings, allowance: Allowance, request: QuotaRequest, owner: QuotaOwner
) -> str | None:
    """Say what too much of is held for one session more."""
    wanted = request.holding
    earlier = held.get(request.person, wanted.server)
    if (most := allowance.sessions) is not None:
        count = len(held) - (earlier is not None)
        if count >= most:
            listed, found = _listed(held, request, owner, lambda _: True)
            has = owner.says("have", "has")
            return f"{has} {count} of {sessions(most)}{listed}. {owner.way_on(found)}"
    if (most := allowance.sizes.get(wanted.size)) is not None:
        same = held.of_size(wanted.size) - (earlier is not None and earlier.size == wanted.size)
        if same >= most:
            of = f"{same} of {sessions(most)} of the size {request.size_title}"
            listed, found = _listed(held, request, owner, lambda each: each.size == wanted.size)
            way = owner.way_on(found, " or choose another size")
            return f"{owner.says('have', 'has')} {of}{listed}. {way}"
    if wanted.units and allowance.gpus is not None:
        units = held.units - (earlier.units if earlier else 0)
        if units + wanted.units > allowance.gpus:
            of = f"{shown(units)} of {gpus(allowance.gpus)}"
            listed, found = _listed(held, request, owner, lambda each: bool(each.units))
            way = owner.way_on(found, " or choose a smaller size")
            verb = "holds" if owner.is_team else "hold"
            return f"This needs {gpus(wanted.units)}; {owner.within} {verb} {of}{listed}. {way}"
    return None


def shown(units: Decimal) -> str:
    """Write GPUs for people: at most three decimals."""
    return plainly(round(units, 3))


def _listed(
    held: Holdings, request: QuotaRequest, owner: QuotaOwner, counts: Callable[[Holding], bool]
) -> tuple[str, int]:
    """List the sessions that count, and say how many were found; only a few are looked for."""
    mine = (request.person, request.holding.server)
    found = (
        owner.shown(person, each)
        for person, each in held
        if counts(each) and (person, each.server) != mine
    )
    names = list(islice(found, _NAMED + 1))
    if not names:
        return "", 0
    more = " and others" if len(names) > _NAMED else ""
    return f": {', '.join(names[:_NAMED])}{more}", len(names)


def sessions(count: int) -> str:
    """Write how many sessions."""
    return f"{count} {'session' if count == 1 else 'sessions'}"


def gpus(units: Decimal) -> str:
    """Write how many GPUs."""
    return f"{shown(units)} {'GPU' if units == 1 else 'GPUs'}"


_Weight = Callable[[Holding], Decimal | int]


def free_from(
    limits: Iterable[tuple[Holdings, Allowance]], request: QuotaRequest
) -> datetime | None:
    """Return when enough of what is in the way has reached its end.

    None if not enough of it has one: then nobody knows. All limits must have room.
    """
    latest: datetime | None = None
    for held, allowance in limits:
        for excess, weight in _excesses(held, allowance, request):
            when = _freed(held, request, excess, weight)
            if when is None:
                return None
            latest = max(latest, when) if latest else when
    return latest


def _excesses(
    held: Holdings, allowance: Allowance, request: QuotaRequest
) -> Iterator[tuple[Decimal | int, _Weight]]:
    """List by how much each limit would be passed, and how much of it a session takes.

    Taken from the sums that are kept: a page asks this for every size, at any scale.
    """
    wanted, earlier = request.holding, held.get(request.person, request.holding.server)
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


def _freed(
    held: Holdings, request: QuotaRequest, excess: Decimal | int, weight: _Weight
) -> datetime | None:
    """Return when that much of a limit has been given back; None if it is not known."""
    freed: Decimal | int = 0
    for person, each in held.in_order_of_ends():
        if (person, each.server) != (request.person, request.holding.server):
            freed += weight(each)
            if freed >= excess:
                return each.ends
    return None
