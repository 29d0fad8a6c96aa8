"""Why an allowance has no room for one session more, in words. Pure."""

from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.holdings import Holding, Holdings
from gpucommons_spawner.quantity import plainly

_NAMED = 5
"""How many sessions a refusal names; a team may have hundreds."""


class Holder(NamedTuple):
    """Whose allowance it is, for the sentence: ``You``, or ``The team Vision``."""

    name: str = "You"
    is_team: bool = False

    def says(self, have: str, has: str) -> str:
        """Write the subject with its verb."""
        return f"{self.name} {has if self.is_team else have}"

    @property
    def within(self) -> str:
        """The name as it stands within a sentence."""
        return self.name[0].lower() + self.name[1:]

    def shown(self, person: str, holding: Holding) -> str:
        """Name a session: in a team, with whose it is."""
        return f"{person}: {holding}" if self.is_team else str(holding)

    def way_on(self, found: int, otherwise: str = "") -> str:
        """Say what to do."""
        if self.is_team:
            return "Wait until one of them is stopped, or ask an administrator for more."
        if found:
            return f"Stop {'it' if found == 1 else 'one'}{otherwise}."
        return "Choose a smaller size, or ask an administrator for more."


class Wish(NamedTuple):
    """A session that somebody wants; what its server holds already is to be replaced."""

    person: str
    holding: Holding
    size_title: str = "this size"


def shortage(held: Holdings, allowance: Allowance, wish: Wish, holder: Holder) -> str | None:
    """Say what there is too little of; None if the session fits.

    Counts only what is limited: a page asks this for every size of every team.
    """
    wanted = wish.holding
    earlier = held.get(wish.person, wanted.server)
    if (most := allowance.sessions) is not None:
        count = len(held) - (earlier is not None)
        if count >= most:
            listed, found = _listed(held, wish, holder, lambda _: True)
            has = holder.says("have", "has")
            return f"{has} {count} of {sessions(most)}{listed}. {holder.way_on(found)}"
    if (most := allowance.sizes.get(wanted.size)) is not None:
        same = held.of_size(wanted.size) - (earlier is not None and earlier.size == wanted.size)
        if same >= most:
            of = f"{same} of {sessions(most)} of the size {wish.size_title}"
            listed, found = _listed(held, wish, holder, lambda each: each.size == wanted.size)
            way = holder.way_on(found, " or choose another size")
            return f"{holder.says('have', 'has')} {of}{listed}. {way}"
    if wanted.units and allowance.gpus is not None:
        units = held.units - (earlier.units if earlier else 0)
        if units + wanted.units > allowance.gpus:
            of = f"{shown(units)} of {gpus(allowance.gpus)}"
            listed, found = _listed(held, wish, holder, lambda each: bool(each.units))
            way = holder.way_on(found, " or choose a smaller size")
            verb = "holds" if holder.is_team else "hold"
            return f"This needs {gpus(wanted.units)}; {holder.within} {verb} {of}{listed}. {way}"
    return None


def shown(units: Decimal) -> str:
    """Write GPUs for people: at most three decimals."""
    return plainly(round(units, 3))


def _listed(
    held: Holdings, wish: Wish, holder: Holder, counts: Callable[[Holding], bool]
) -> tuple[str, int]:
    """List the sessions that count, and say how many were found; only so many are looked for."""
    mine = (wish.person, wish.holding.server)
    found = (
        holder.shown(person, each)
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
