"""Which environment and size the session is started with. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from gpucommons_people.errors import InputError
from gpucommons_spawner.catalogue import Catalogue, Size
from gpucommons_spawner.catalogue.offer import Offer


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the catalogue is started. An empty team is the person's only one."""

    environment: str
    size_name: str
    size: Size
    team: str = ""

    @property
    def options(self) -> dict[str, str]:
        """What the hub is asked for, as the picker's page asks."""
        team = {"team": self.team} if self.team else {}
        return {"environment": self.environment, "size": self.size_name, **team}

    def __str__(self) -> str:
        where = f" in team {self.team}" if self.team else ""
        return f"{self.environment}, size {self.size_name}{where}"


def choose(catalogue: Catalogue, environment: str, size: str, team: str = "") -> Choice:
    """Choose what is named; what is empty is the catalogue's default, or else its first that is on.

    Whether the person may have it, the hub says. Raises InputError that lists the names there are.
    """
    defaults = catalogue.defaults
    chosen = _name("environment", environment or defaults.environment, catalogue.environments)
    size_name = _name("size", size or defaults.size, catalogue.sizes)
    return Choice(chosen, size_name, catalogue.sizes[size_name], team)


def _name(kind: str, name: str | None, offers: Mapping[str, Offer]) -> str:
    usable = [key for key, offer in offers.items() if not offer.disabled]
    if name is None and usable:
        return usable[0]
    if name not in usable:
        raise InputError(
            f"The catalogue has no {kind} {name or 'that is on'}. Choose one of "
            f"{', '.join(usable) or 'none'} with --{kind}."
        )
    return name
