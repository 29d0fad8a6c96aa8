"""Who asks for a session, and the teams there are, as a watch of their namespaces finds them."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gpucommons_contract import (
    NAMESPACE_PREFIX,
    Annotation,
    Label,
    WorkspaceSizes,
    read_workspace_sizes,
    team_namespace,
)
from gpucommons_contract.formats.wording import joined
from gpucommons_contract.words import phrase
from traitlets.log import get_logger

from gpucommons_spawner.kubernetes.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Team:
    """One team. ``storage_class`` is None where the installation's own is meant."""

    name: str
    display_name: str
    namespace: str
    storage_class: str | None = None
    workspace_sizes: WorkspaceSizes = field(default_factory=WorkspaceSizes)
    has_folder: bool = False
    """Whether sessions are to have the team folder."""
    uid: str = ""
    """Of its namespace: a team that is made again under its name is another."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: their name, the groups that decide what they may choose, and their teams."""

    name: str
    groups: frozenset[str] = frozenset()
    teams: tuple[Team, ...] = ()
    since: str = ""
    """When the account was made: who gets the name of a removed one is somebody else."""

    def groups_in(self, team: Team | None) -> frozenset[str]:
        """Return the groups that count in a session of a team: of the teams, this one alone."""
        if team is None:
            return self.groups
        return self.groups.difference(each.name for each in self.teams) | {team.name}


def only_in(teams: Iterable[Team | None], person: Person) -> str:
    """Say that something is available in some of the person's teams; empty if in all or none."""
    titles = [team.display_name for team in teams if team]
    if not titles or len(titles) == len(person.teams):
        return ""
    return phrase("In the team %(teams)s only.", teams=joined(titles, "or"))


class Teams:
    """All teams as last heard of; a `Sink` for the watch of namespaces.

    A namespace that is being deleted is no longer a team: Kubernetes makes nothing in it.
    """

    def __init__(self) -> None:
        self._teams: dict[str, Team] = {}
        self._read = asyncio.Event()

    async def until_read(self) -> None:
        """Wait until the first list was read. Does not suspend after that."""
        await self._read.wait()

    @property
    def known(self) -> bool:
        """Say whether the first list was read."""
        return self._read.is_set()

    def of(self, groups: Iterable[str]) -> tuple[Team, ...]:
        """Return those of the groups that are teams, in order of their names."""
        return tuple(self._teams[name] for name in sorted(groups) if name in self._teams)

    def all(self) -> tuple[Team, ...]:
        """Return every team, in order of their names."""
        return self.of(self._teams)

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list of namespaces."""
        found = (_team(namespace) for namespace in objects)
        self._teams = {team.name: team for team in found if team}
        self._read.set()

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change of a namespace."""
        self._teams.pop(changed["metadata"]["name"].removeprefix(NAMESPACE_PREFIX), None)
        if kind != "DELETED" and (team := _team(changed)):
            self._teams[team.name] = team


def _team(namespace: Manifest) -> Team | None:
    """Read a team from its namespace; None if the namespace is not one's own."""
    metadata = namespace["metadata"]
    name, labelled = metadata["name"], metadata.get("labels", {}).get(Label.TEAM, "")
    if team_namespace(labelled) != name:
        get_logger().warning(
            "namespace %s is ignored: it is labelled as team %s, whose namespace is %s",
            name,
            labelled,
            team_namespace(labelled),
        )
        return None
    if "deletionTimestamp" in metadata:
        return None
    annotations = metadata.get("annotations", {})
    return Team(
        name=labelled,
        display_name=annotations.get(Annotation.DISPLAY_NAME) or labelled,
        namespace=name,
        storage_class=annotations.get(Annotation.STORAGE_CLASS) or None,
        workspace_sizes=_sizes(name, annotations),
        has_folder=bool(annotations.get(Annotation.TEAM_FOLDER)),
        uid=metadata.get("uid", ""),
    )


def _sizes(namespace: str, annotations: Mapping[str, str]) -> WorkspaceSizes:
    try:
        return read_workspace_sizes(annotations)
    except ValueError as error:
        get_logger().warning(
            "namespace %s: %s. New workspaces there have the installation's size.", namespace, error
        )
        return WorkspaceSizes()
