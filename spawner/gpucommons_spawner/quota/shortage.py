"""Why an allowance has no room for one more session, and from when on it has. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from gpucommons_contract.words import phrase, phrases, sentences

from gpucommons_spawner.catalogue.allowance import Allowance
from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.catalogue.size import Size
from gpucommons_spawner.quota.ledger_entry import Holding, Holdings

_NAMED = 5
"""How many sessions a refusal names; a team may have hundreds."""


class QuotaOwner(NamedTuple):
    """Whose allowance it is, and the sentences about it."""

    team: str = ""
    """What the team is called; empty where it is the person's own."""

    def shown(self, person: str, holding: Holding) -> str:
        """Name a session: in a team, with whose it is."""
        return f"{person}: {holding}" if self.team else str(holding)

    def may_have_no(self, sessions: str) -> str:
        """Say that nothing which could be stopped is in the way."""
        if self.team:
            return phrase(
                "The team %(team)s may have no %(sessions)s now.", team=self.team, sessions=sessions
            )
        return phrase("You may have no %(sessions)s now.", sessions=sessions)

    def has(self, amount: str, listed: str) -> str:
        """Say how much there is, and which sessions that are, if any are named."""
        if self.team and listed:
            return phrase(
                "The team %(team)s has %(amount)s: %(listed)s.",
                team=self.team,
                amount=amount,
                listed=listed,
            )
        if self.team:
            return phrase("The team %(team)s has %(amount)s.", team=self.team, amount=amount)
        if listed:
            return phrase("You have %(amount)s: %(listed)s.", amount=amount, listed=listed)
        return phrase("You have %(amount)s.", amount=amount)

    def may_have_gpus(self, wanted: str, most: str) -> str:
        """Say that a session needs more GPUs than there may ever be at once."""
        if self.team:
            return phrase(
                "This needs %(wanted)s; the team %(team)s may have %(most)s.",
                wanted=wanted,
                team=self.team,
                most=most,
            )
        return phrase("This needs %(wanted)s; you may have %(most)s.", wanted=wanted, most=most)

    def holds_gpus(self, wanted: str, amount: str, listed: str) -> str:
        """Say that a session needs more GPUs than are left, and which have the others."""
        if self.team and listed:
            return phrase(
                "This needs %(wanted)s; the team %(team)s holds %(amount)s: %(listed)s.",
                wanted=wanted,
                team=self.team,
                amount=amount,
                listed=listed,
            )
        if self.team:
            return phrase(
                "This needs %(wanted)s; the team %(team)s holds %(amount)s.",
                wanted=wanted,
                team=self.team,
                amount=amount,
            )
        if listed:
            return phrase(
                "This needs %(wanted)s; you hold %(amount)s: %(listed)s.",
                wanted=wanted,
                amount=amount,
                listed=listed,
            )
        return phrase("This needs %(wanted)s; you hold %(amount)s.", wanted=wanted, amount=amount)

    def way_on(self, one: str, several: str, found: int) -> str:
        """Say what to do, where something that runs is in the way."""
        if self.team:
            return phrase("Wait until one of them is stopped, or ask an administrator for more.")
        return one if found == 1 else several


class QuotaRequest(NamedTuple):
    """A session that somebody wants; what its server holds already will be replaced."""

    person: str
    holding: Holding
    size_title: str = "this size"

    @classmethod
    def of_size(
        cls, person: str, server: str, team: str, name: str, size: Size, *, profile: str = ""
    ) -> "QuotaRequest":
        """Return what a session of a size takes; profile is what was chosen, in words."""
        holding = Holding(
            server=server,
            units=size.units,
            profile=profile,
            team=team,
            size=name,
            product=size.product,
            longest=size.max_duration,
        )
        return cls(person, holding, size.display_name)


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
        return sentences(owner.may_have_no(phrase("sessions")), phrase("Ask an administrator."))
    if allowance.sizes.get(wanted.size) == 0:
        none = phrase("session of the size %(size)s", size=request.size_title)
        return sentences(
            owner.may_have_no(none), phrase("Choose another size, or ask an administrator.")
        )
    if allowance.gpus is not None and wanted.units > allowance.gpus:
        most = (
            phrase("%(gpus)s at most", gpus=gpus(allowance.gpus))
            if allowance.gpus
            else phrase("none now")
        )
        return sentences(
            owner.may_have_gpus(gpus(wanted.units), most),
            phrase("Choose a smaller size, or ask an administrator for more."),
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
            way = owner.way_on(phrase("Stop it."), phrase("Stop one."), found)
            return sentences(owner.has(of_most(count, sessions(most)), listed), way)
    if (most := allowance.sizes.get(wanted.size)) is not None:
        same = held.of_size(wanted.size) - (earlier is not None and earlier.size == wanted.size)
        if same >= most:
            of = of_size(of_most(same, sessions(most)), request.size_title)
            listed, found = _listed(held, request, owner, lambda each: each.size == wanted.size)
            way = owner.way_on(
                phrase("Stop it or choose another size."),
                phrase("Stop one or choose another size."),
                found,
            )
            return sentences(owner.has(of, listed), way)
    if wanted.units and allowance.gpus is not None:
        units = held.units - (earlier.units if earlier else 0)
        if units + wanted.units > allowance.gpus:
            of = of_most(shown(units), gpus(allowance.gpus))
            listed, found = _listed(held, request, owner, lambda each: bool(each.units))
            way = owner.way_on(
                phrase("Stop it or choose a smaller size."),
                phrase("Stop one or choose a smaller size."),
                found,
            )
            return sentences(owner.holds_gpus(gpus(wanted.units), of, listed), way)
    return None


def shown(units: Decimal) -> str:
    """Write GPUs for people: at most three decimals."""
    return plainly(round(units, 3))


def _listed(
    held: Holdings, request: QuotaRequest, owner: QuotaOwner, counts: Callable[[Holding], bool]
) -> tuple[str, int]:
    """Name the sessions that count, and say how many were found; only a few are looked for."""
    mine = (request.person, request.holding.server)
    found = (
        owner.shown(person, each)
        for person, each in held
        if counts(each) and (person, each.server) != mine
    )
    names = list(islice(found, _NAMED + 1))
    if not names:
        return "", 0
    some = ", ".join(names[:_NAMED])
    return phrase("%(some)s and others", some=some) if len(names) > _NAMED else some, len(names)


def of_most(held: object, most: str) -> str:
    """Write how much of what there may be is held."""
    return phrase("%(held)s of %(most)s", held=held, most=most)


def sessions(count: int) -> str:
    """Write how many sessions."""
    return phrases("%(count)d session", "%(count)d sessions", count)


def of_size(amount: str, title: str) -> str:
    """Write of which size an amount of sessions is."""
    return phrase("%(amount)s of the size %(size)s", amount=amount, size=title)


def gpus(units: Decimal) -> str:
    """Write how many GPUs."""
    whole = int(units) if units == int(units) else 2
    return phrases("%(units)s GPU", "%(units)s GPUs", whole, units=shown(units))


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
