"""How much may be had at once: by one person, and by a team together."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import Field

from gpucommons_spawner.catalogue.base import CatalogueModel, Whole

_Number = TypeVar("_Number", int, Decimal)


class Allowance(CatalogueModel):
    """How much may be had at once. What is left out, or null, is not limited."""

    sessions: Whole | None = Field(default=None, ge=0, description="sessions at once")
    gpus: Decimal | None = Field(
        default=None, ge=0, description="GPUs at once, shares counted as fractions"
    )
    sizes: dict[str, Annotated[Whole, Field(ge=0)] | None] = Field(
        default_factory=dict, description="sessions of a size at once, by the size's name"
    )

    def over(self, usual: "Allowance") -> "Allowance":
        """Return this allowance, with what it leaves out taken from another."""
        return Allowance(
            sessions=self.sessions if self._says("sessions") else usual.sessions,
            gpus=self.gpus if self._says("gpus") else usual.gpus,
            sizes={**usual.sizes, **self.sizes},
        )

    def _says(self, field: str) -> bool:
        return field in self.model_fields_set


class Quotas(CatalogueModel):
    """Allowances of one person: the default, those of groups and people, which replace it.

    Those of teams are for all sessions of a team together.
    """

    default: Allowance = Field(default=Allowance(), description="for everybody")
    groups: dict[str, Allowance] = Field(
        default_factory=dict,
        description=(
            "for each member of a team or another group, instead of the default; the most "
            "generous of a person's groups counts"
        ),
    )
    users: dict[str, Allowance] = Field(
        default_factory=dict, description="for one person, by user name, whatever their groups"
    )
    each_team: Allowance = Field(
        default=Allowance(), description="for all sessions of a team together, in every team"
    )
    teams: dict[str, Allowance] = Field(
        default_factory=dict,
        description="for all sessions of one team together, instead of each_team",
    )

    def of(self, groups: Iterable[str], user: str = "") -> Allowance:
        """Return a person's allowance: the most generous of their groups', field by field.

        What a group leaves out is taken from the default; what is said of the person counts
        before all.
        """
        matching = [
            self.groups[group].over(self.default) for group in groups if group in self.groups
        ]
        usual = _most_generous(matching) if matching else self.default
        return self.users[user].over(usual) if user in self.users else usual

    def of_team(self, team: str) -> Allowance:
        """Return what all sessions of a team may have together."""
        return self.teams[team].over(self.each_team) if team in self.teams else self.each_team

    def all(self) -> Iterable[tuple[tuple[str, ...], Allowance]]:
        """List every allowance of the file, with the keys that lead to it."""
        yield ("default",), self.default
        yield ("each_team",), self.each_team
        for field in ("groups", "users", "teams"):
            for name, allowance in getattr(self, field).items():
                yield (field, name), allowance


def _most_generous(allowances: list[Allowance]) -> Allowance:
    sizes = set.intersection(*(set(each.sizes) for each in allowances))
    return Allowance(
        sessions=_largest(each.sessions for each in allowances),
        gpus=_largest(each.gpus for each in allowances),
        sizes={name: _largest(each.sizes[name] for each in allowances) for name in sorted(sizes)},
    )


def _largest(limits: Iterable[_Number | None]) -> _Number | None:
    """Return the largest limit; None, which means no limit, beats all."""
    known = list(limits)
    return None if None in known else max(limit for limit in known if limit is not None)
