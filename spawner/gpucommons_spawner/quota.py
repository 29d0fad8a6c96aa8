"""Who holds what: the hub's ledger of sessions and GPUs.

A start is checked and entered in one step with nothing awaited in between, so
two starts can never both take the last GPU. An entry stays from the press of
Start until the session is gone; it is found again after a hub restart.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from gpucommons_spawner.catalogue import Allowance
from gpucommons_spawner.quantity import plainly


class QuotaExceededError(Exception):
    """The person may not have this much more. The text says who holds what, and what to do."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What one session, or one that is about to start, takes of its person's allowance.

    units are GPUs; profile is what the person chose, in words.
    """

    server: str
    units: Decimal
    profile: str
    running: bool = False

    def __str__(self) -> str:
        where = f"server {self.server}" if self.server else "default server"
        return f"{self.profile} ({where}, {'running' if self.running else 'starting'})"


class Ledger:
    """All holdings of one hub. One person holds few, so a look-up costs the same at any scale."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, Holding]] = {}

    def reserve(self, person: str, holding: Holding, allowance: Allowance) -> None:
        """Enter a holding if the allowance has room for it.

        An earlier holding of the same server is replaced.
        Raises QuotaExceededError, and then nothing has changed.
        """
        refusal = self.refusal(person, holding.units, allowance, server=holding.server)
        if refusal:
            raise QuotaExceededError(refusal)
        self.restore(person, holding)

    def restore(self, person: str, holding: Holding) -> None:
        """Enter a holding unasked: the session is there already, after a hub restart."""
        self._held.setdefault(person, {})[holding.server] = holding

    def confirm(self, person: str, server: str) -> None:
        """Note that a session that was starting is running."""
        if holding := self._held.get(person, {}).get(server):
            self._held[person][server] = replace(holding, running=True)

    def release(self, person: str, server: str) -> None:
        """Give back what a server held. Doing so twice is harmless."""
        mine = self._held.get(person, {})
        mine.pop(server, None)
        if not mine:
            self._held.pop(person, None)

    def held(self, person: str) -> tuple[Holding, ...]:
        """List what a person holds, oldest first."""
        return tuple(self._held.get(person, {}).values())

    def refusal(
        self, person: str, units: Decimal, allowance: Allowance, *, server: str | None = None
    ) -> str | None:
        """Say why there is no room for a session with this many GPUs; None if there is.

        What ``server`` holds does not count: it is to be replaced.
        """
        others = [holding for holding in self.held(person) if holding.server != server]
        if allowance.sessions is not None and len(others) >= allowance.sessions:
            return (
                f"You have {len(others)} of {allowance.sessions} "
                f"{_plural('session', allowance.sessions)}{_list(others)}. {_way_on(others)}"
            )
        gpus = sum((holding.units for holding in others), Decimal(0))
        if units and allowance.gpus is not None and gpus + units > allowance.gpus:
            with_gpu = [holding for holding in others if holding.units]
            return (
                f"This needs {_gpus(units)}; you hold {plainly(gpus)} of "
                f"{_gpus(allowance.gpus)}{_list(with_gpu)}. "
                f"{_way_on(with_gpu, ' or choose a smaller size')}"
            )
        return None


def _gpus(units: Decimal) -> str:
    return f"{plainly(units)} {_plural('GPU', units)}"


def _plural(noun: str, count: int | Decimal) -> str:
    return noun if count == 1 else f"{noun}s"


def _list(holdings: list[Holding]) -> str:
    return f": {', '.join(map(str, holdings))}" if holdings else ""


def _way_on(holdings: list[Holding], otherwise: str = "") -> str:
    if holdings:
        return f"Stop {'it' if len(holdings) == 1 else 'one'}{otherwise}."
    return "Choose a smaller size, or ask an administrator for more."
