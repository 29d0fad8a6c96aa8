"""The ways in that the login page offers: connectors of Dex, by name. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gpucommons_authenticator.errors import UnknownConnectorError

_KEYS = {"id", "label"}


@dataclass(frozen=True, slots=True)
class Connector:
    """One of Dex's connectors: its id there, and what people call it."""

    id: str
    label: str


def parse_connectors(entries: Iterable[object]) -> tuple[Connector, ...]:
    """Check the list as an operator writes it. Raises ValueError naming the entry and the key."""
    found: dict[str, Connector] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"connectors, entry {number}"
        if not isinstance(entry, dict) or set(entry) != _KEYS:
            raise ValueError(f"{where} is {entry!r}; it must have id and label only")
        for key, value in entry.items():
            if not isinstance(value, str) or not value:
                raise ValueError(f"{where}: {key} is {value!r}; it must be text, and not empty")
        if entry["id"] in found:
            raise ValueError(
                f"{where}: the id {entry['id']!r} appears twice; each id must be unique"
            )
        found[entry["id"]] = Connector(**entry)
    return tuple(found.values())


def chosen(connectors: Sequence[Connector], wanted: str) -> Connector | None:
    """Return the connector that a link asks for; without a wish the only one, if there is one.

    None leaves the choice to Dex's own page. Raises UnknownConnectorError.
    """
    if not connectors:
        return None
    if not wanted:
        return connectors[0] if len(connectors) == 1 else None
    for connector in connectors:
        if connector.id == wanted:
            return connector
    raise UnknownConnectorError(wanted, [connector.label for connector in connectors])
