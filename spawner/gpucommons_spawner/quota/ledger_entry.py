"""What sessions take of the allowances, and sums of it."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Holding:
    """What one session, or one that is about to start, takes.

    units are GPUs, product is their model if the size asks for one; profile is what the person
    chose, in words; longest is how long it may last, None without limit; begun is since when it
    runs; ends is when Kubernetes ends it at the latest, None while that is not known or if it may
    last.
    """

    server: str
    units: Decimal
    profile: str
    team: str = ""
    size: str = ""
    running: bool = False
    ends: datetime | None = None
    product: str = ""
    longest: timedelta | None = None
    begun: datetime | None = None

    def __str__(self) -> str:
        where = f"server {self.server}" if self.server else "default server"
        return f"{self.profile} ({where}, {'running' if self.running else 'starting'})"


class Holdings:
    """Holdings that count together, by person and server; oldest first. Their sums are kept."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Holding] = {}
        self._sizes: dict[str, int] = {}
        self._ends: list[tuple[datetime, str, str]] = []
        """When each that has an end reaches it, its person and server; the first to end first."""
        self.units = Decimal(0)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[tuple[str, Holding]]:
        return ((person, holding) for (person, _), holding in self._held.items())

    def get(self, person: str, server: str) -> Holding | None:
        """Return one holding."""
        return self._held.get((person, server))

    def of_size(self, size: str) -> int:
        """Count the sessions of a size."""
        return self._sizes.get(size, 0)

    def in_order_of_ends(self) -> Iterator[tuple[str, Holding]]:
        """List those that are known to end, the first to end first."""
        return ((person, self._held[person, server]) for _, person, server in self._ends)

    def put(self, person: str, holding: Holding) -> None:
        """Enter a holding, in the place of the one of the same server."""
        self._forget(person, self._held.get((person, holding.server)))
        self._held[person, holding.server] = holding
        self._count(holding, 1)
        if holding.ends:
            insort(self._ends, (holding.ends, person, holding.server))

    def drop(self, person: str, server: str) -> None:
        """Take a holding out. Doing so twice is harmless."""
        self._forget(person, self._held.pop((person, server), None))

    def _forget(self, person: str, holding: Holding | None) -> None:
        if holding:
            self._count(holding, -1)
            if holding.ends:
                del self._ends[bisect_left(self._ends, (holding.ends, person, holding.server))]

    def _count(self, holding: Holding, sign: int) -> None:
        self.units += sign * holding.units
        self._sizes[holding.size] = self.of_size(holding.size) + sign
