"""The whole file with its priorities and defaults, and what its parts say of one another."""

from collections.abc import Iterable, Iterator
from typing import Self

from pydantic import Field, model_validator

from gpucommons_spawner.catalogue.allowance import Quotas
from gpucommons_spawner.catalogue.base import (
    CatalogueModel,
    Name,
    ObjectName,
    ShortName,
    catalogue_error,
)
from gpucommons_spawner.catalogue.data import Data
from gpucommons_spawner.catalogue.environment import Environment
from gpucommons_spawner.catalogue.idle import IdleRules
from gpucommons_spawner.catalogue.image import has_digest
from gpucommons_spawner.catalogue.names import group_advice, team_advice, user_advice
from gpucommons_spawner.catalogue.size import Size

Keys = tuple[str | int, ...]
"""The way to something in the file."""


class Priorities(CatalogueModel):
    """What sessions have whose size has no priority of its own."""

    teams: dict[str, ObjectName] = Field(
        default_factory=dict,
        description=(
            "for sessions of a team: the name of a PriorityClass of the cluster or, with the "
            "queue, of a WorkloadPriorityClass of Kueue"
        ),
    )

    def of(self, team: str, of_size: str | None) -> str | None:
        """Return the priority of a session. That of its size counts before its team's.

        A size has one to say what it is for, such as a cheap one that gives way to all.
        """
        return of_size or self.teams.get(team)


class Defaults(CatalogueModel):
    """What somebody gets who says nothing and has no last choice."""

    environment: str | None = Field(default=None, description="name of an environment")
    size: str | None = Field(default=None, description="name of a size")


class Catalogue(CatalogueModel):
    """What people may choose, who may, and how much at once."""

    environments: dict[Name, Environment] = Field(min_length=1, description="families of images")
    sizes: dict[Name, Size] = Field(min_length=1, description="what a session gets of a node")
    data: dict[ShortName, Data] = Field(
        default_factory=dict, description="data that sessions see read-only as /data/NAME"
    )
    quotas: Quotas = Field(default=Quotas(), description="how much at once")
    priorities: Priorities = Field(default=Priorities(), description="who goes first")
    idle: IdleRules = Field(default=IdleRules(), description="when idle sessions are stopped")
    defaults: Defaults = Field(
        default=Defaults(), description="for a person who names none and has no last choice"
    )
    require_digests: bool = Field(
        default=False,
        description="whether every image must be pinned by digest; true in production",
    )

    @model_validator(mode="after")
    def _defaults_exist(self) -> Self:
        for key, offers in (("environment", self.environments), ("size", self.sizes)):
            name = getattr(self.defaults, key)
            if name is not None and name not in offers:
                raise catalogue_error(
                    f"{name} is not one of {', '.join(offers)}; write one of them", "defaults", key
                )
        return self

    @model_validator(mode="after")
    def _sizes_exist(self) -> Self:
        named: list[tuple[Keys, str]] = [
            (("quotas", *keys, "sizes", s), s) for keys, a in self.quotas.all() for s in a.sizes
        ]
        for keys, size in [*named, *((("idle", *k), s) for k, s in self.idle.sizes_named())]:
            if size not in self.sizes:
                raise catalogue_error(
                    f"there is no such size; sizes are {', '.join(self.sizes)}", *keys
                )
            if keys[-1] == "release_to" and self.sizes[size].gpu_fields().units:
                raise catalogue_error(f"{size} has a GPU; name a size without one", *keys)
        return self

    @model_validator(mode="after")
    def _idle_rules_can_hold(self) -> Self:
        for keys, advice in self.idle.contradictions():
            raise catalogue_error(advice, "idle", *keys)
        return self

    def without_digest(self) -> list[tuple[str, ...]]:
        """List the keys of images that are not pinned by digest."""
        return [
            ("environments", name, "versions", version, "image")
            for name, environment in self.environments.items()
            for version, one in environment.versions.items()
            if not has_digest(one.image)
        ]

    def names_of_nobody(self) -> Iterator[tuple[Keys, str]]:
        """List the keys of what counts for nobody because of its name, each with advice."""
        for names, advice_on in (
            (self._users(), user_advice),
            (self._teams(), team_advice),
            (self._groups(), group_advice),
        ):
            for keys, name in names:
                if advice := advice_on(name):
                    yield keys, advice

    def _users(self) -> Iterator[tuple[Keys, str]]:
        yield from _keys_of(("quotas", "users"), self.quotas.users)

    def _teams(self) -> Iterator[tuple[Keys, str]]:
        yield from _keys_of(("quotas", "teams"), self.quotas.teams)
        yield from _keys_of(("priorities", "teams"), self.priorities.teams)
        yield from _keys_of(("idle", "teams"), self.idle.teams)
        for number, schedule in enumerate(self.idle.schedules):
            yield from _items_of(("idle", "schedules", number, "teams"), schedule.teams)
        for name, data in self.data.items():
            yield from _items_of(("data", name, "teams"), data.teams)

    def _groups(self) -> Iterator[tuple[Keys, str]]:
        yield from _keys_of(("quotas", "groups"), self.quotas.groups)
        for name, environment in self.environments.items():
            yield from _items_of(("environments", name, "access"), environment.access)
        for name, size in self.sizes.items():
            yield from _items_of(("sizes", name, "access"), size.access)


def _keys_of(keys: Keys, names: Iterable[str]) -> Iterator[tuple[Keys, str]]:
    yield from (((*keys, name), name) for name in names)


def _items_of(keys: Keys, names: Iterable[str] | None) -> Iterator[tuple[Keys, str]]:
    yield from (((*keys, at), name) for at, name in enumerate(names or ()))
