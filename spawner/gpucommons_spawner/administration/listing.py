"""Which sessions an administrator wants to see, and in which order. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from gpucommons_contract.words import phrase

from gpucommons_spawner.administration.session_line import LineState, SessionLine

_LATE = datetime.max.replace(tzinfo=UTC)
_NONE = Decimal(0)

_KEYS: Mapping[str, Callable[[SessionLine], Any]] = {
    "person": lambda line: line.person,
    "team": lambda line: line.team,
    "size": lambda line: line.size,
    "gpus": lambda line: -line.gpus,
    "state": lambda line: list(LineState).index(line.state),
    "idle": lambda line: (line.use and line.use.idle_since) or _LATE,
    "ends": lambda line: line.ends_at or _LATE,
    "hours": lambda line: -(line.hours or _NONE),
    "node": lambda line: (not line.node, line.node),
}
"""What sorts by each column: the most urgent, or largest, first."""
SORTS: Mapping[str, str] = {
    "person": phrase("Person"),
    "team": phrase("Team"),
    "size": phrase("Size"),
    "gpus": phrase("GPUs, most first"),
    "state": phrase("State"),
    "idle": phrase("Idle for longest"),
    "ends": phrase("Ends soonest"),
    "hours": phrase("GPU-hours this month, most first"),
    "node": phrase("Node"),
}
"""What the list can be sorted by, in words."""
_FILTERS = ("person", "team", "size", "state", "node")
_USUAL = "person"


class ListingError(ValueError):
    """What was asked for is not to be had; the message says what is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions are wanted; empty fields ask for all. person is a part of a name."""

    person: str = ""
    team: str = ""
    size: str = ""
    state: str = ""
    node: str = ""
    sort: str = _USUAL

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "Wanted":
        """Read a query. Raises ListingError."""
        found = cls(
            **{name: fields.get(name, "").strip() for name in _FILTERS},
            sort=fields.get("sort", "") or _USUAL,
        )
        if found.state and found.state not in set(LineState):
            raise ListingError(f"state must be one of: {', '.join(LineState)}.")
        if found.sort.removeprefix("-") not in _KEYS:
            raise ListingError(
                f"sort must be one of: {', '.join(_KEYS)}; with - before it for the other "
                "direction."
            )
        return found

    @property
    def chooses(self) -> bool:
        """Whether not all sessions are wanted."""
        return any(getattr(self, name) for name in _FILTERS)

    def of(self, lines: Iterable[SessionLine]) -> list[SessionLine]:
        """Return those that are wanted, in order."""
        found = sorted(filter(self._wants, lines), key=lambda line: (line.person, line.server))
        name = self.sort.removeprefix("-")
        return sorted(found, key=_KEYS[name], reverse=self.sort.startswith("-"))

    def _wants(self, line: SessionLine) -> bool:
        exact = all(getattr(self, name) in ("", str(getattr(line, name))) for name in _FILTERS[1:])
        return exact and self.person.lower() in line.name.lower()

    def query(self, **other: str) -> str:
        """Write it as a query, with other values for some fields; begins with ``?``."""
        fields = {name: getattr(self, name) for name in (*_FILTERS, "sort")} | other
        kept = {key: value for key, value in fields.items() if value}
        if kept.get("sort") == _USUAL:
            del kept["sort"]
        return f"?{urlencode(kept)}"

    def sorted_by(self, column: str) -> str:
        """Return the query that sorts by a column, or turns the order round if it does already."""
        return self.query(sort=f"-{column}" if self.sort == column else column)

    def direction(self, column: str) -> str:
        """Return the value of ``aria-sort`` of a column; empty unless it is sorted by."""
        directions = {column: "ascending", f"-{column}": "descending"}
        return directions.get(self.sort, "")


@dataclass(frozen=True, slots=True)
class Offered:
    """The values that can be chosen: those of the sessions there are."""

    teams: Sequence[str]
    sizes: Sequence[str]
    nodes: Sequence[str]

    @classmethod
    def of(cls, lines: Sequence[SessionLine]) -> "Offered":
        """Collect them."""

        def values(name: str) -> list[str]:
            return sorted({value for line in lines if (value := getattr(line, name))})

        return cls(values("team"), values("size"), values("node"))

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """Return the values of a field, each with how it is called."""
        return [(value, value) for value in getattr(self, name)]
