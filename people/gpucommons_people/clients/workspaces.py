"""Workspaces: the volumes with people's files, one per person and team."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gpucommons_contract import (
    NAMESPACE_PREFIX,
    TEAM_FOLDER_COMPONENT,
    TEAM_FOLDER_OWNER,
    Annotation,
    Label,
    SnapshotState,
    read_moment,
    snapshot_state,
    written_moment,
)

from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import CLAIMS, NAMESPACES, PODS, Kind, Manifest
from gpucommons_people.clients.snapshots import snapshot_json
from gpucommons_people.errors import NotThereError

_OWNER = "hub.jupyter.org/username"
"""KubeSpawner's annotation on claims and pods (get_pvc_manifest, _build_common_annotations)."""
_COMPONENT = "component"
_STORAGE = "singleuser-storage"
"""KubeSpawner's label on claims; anything else in the namespace is none of ours."""
_SESSION = "singleuser-server"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The files of one person in one team, or the folder of a team.

    kept_until is set once the person left.
    """

    name: str
    owner: str
    team: str
    namespace: str
    size: str
    storage_class: str
    kept_until: date | None = None
    snapshot: SnapshotState = field(default_factory=SnapshotState)
    created: datetime | None = None  # UTC
    deleting: bool = False
    """Whether it goes as soon as the last pod that has it has ended."""

    def as_json(self) -> dict[str, object]:
        """Turn into what ``--json`` prints."""
        return {
            "owner": self.owner,
            "team": self.team,
            "name": self.name,
            "namespace": self.namespace,
            "size": self.size,
            "storage_class": self.storage_class,
            "kept_until": self.kept_until.isoformat() if self.kept_until else None,
            "created": written_moment(self.created) if self.created else None,
            **snapshot_json(self.snapshot),
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A running session, as its pod describes it. server is empty for the default one."""

    owner: str
    server: str
    team: str
    pod: str
    claims: frozenset[str] = frozenset()
    """Names of the claims that it has mounted."""

    def __str__(self) -> str:
        return f"session {self.server or '(default)'} of {self.owner}"


class Workspaces:
    """The workspaces and sessions of all teams."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def of_team(self, team: str, namespace: str) -> list[Workspace]:
        """Return the workspaces in a team's namespace, in order of their owners."""
        label = f"{_COMPONENT}={_STORAGE}"
        found = await self._objects(CLAIMS, team, namespace, label)
        return sorted((_workspace(each, team) for each in found), key=lambda each: each.owner)

    async def sessions_of_team(self, team: str, namespace: str) -> list[Session]:
        """Return the sessions in a team's namespace."""
        label = f"{_COMPONENT}={_SESSION}"
        found = await self._objects(PODS, team, namespace, label)
        return [_session(each, team) for each in found]

    async def all(self) -> list[Workspace]:
        """Return the workspaces of all teams. A namespace that is being deleted counts too."""
        return [
            workspace
            for team, namespace in await self._teams()
            for workspace in await self.of_team(team, namespace)
        ]

    async def sessions(self) -> list[Session]:
        """Return the sessions of all teams."""
        return [
            session
            for team, namespace in await self._teams()
            for session in await self.sessions_of_team(team, namespace)
        ]

    async def folder_of(self, team: str, namespace: str) -> Workspace | None:
        """Return the folder of a team; None if it has none."""
        label = f"{_COMPONENT}={TEAM_FOLDER_COMPONENT}"
        found = await self._objects(CLAIMS, team, namespace, label)
        return next(
            (replace(_workspace(each, team), owner=TEAM_FOLDER_OWNER) for each in found), None
        )

    async def folders(self) -> list[Workspace]:
        """Return the folders of all teams."""
        found = [await self.folder_of(team, namespace) for team, namespace in await self._teams()]
        return [each for each in found if each]

    async def of(self, owner: str) -> list[Workspace]:
        """Return the workspaces of one person, in all teams."""
        return [each for each in await self.all() if each.owner == owner]

    async def of_in(self, owner: str, team: str, lacking: Callable[[str], str]) -> Workspace:
        """Return the workspace of one person in one team.

        Without one raises NotThereError with what ``lacking`` says. It is given a sentence, to end
        with or to go on from, that names the teams in which there is one; empty if in none.
        """
        mine = await self.of(owner)
        for each in mine:
            if each.team == team:
                return each
        teams = ", ".join(each.team for each in mine)
        raise NotThereError(lacking(f" There is one in: {teams}." if teams else ""))

    async def archive(self, workspace: Workspace, until: date) -> None:
        """Keep a workspace for a last time, until the end of a day."""
        await self._annotate(workspace, until.isoformat())

    async def restore(self, workspace: Workspace) -> None:
        """Keep a workspace for good again."""
        await self._annotate(workspace, None)

    async def grow(self, workspace: Workspace, size: str) -> Manifest:
        """Request a larger volume; returns the claim. The driver grows it later."""
        patch = {"spec": {"resources": {"requests": {"storage": size}}}}
        return await self._cluster.merge(CLAIMS, workspace.name, workspace.namespace, patch)

    async def delete(self, workspace: Workspace) -> bool:
        """Delete a workspace with all files; False if it was gone."""
        return await self._cluster.delete(CLAIMS, workspace.name, workspace.namespace)

    async def _objects(self, kind: Kind, team: str, namespace: str, label: str) -> list[Manifest]:
        try:
            return await self._cluster.list(kind, namespace, label)
        except ForbiddenError as error:
            raise ForbiddenError(
                f"{error} If creating team {team} was interrupted, finish it with: "
                f"gpucommons team add {team}",
                error.status,
            ) from error

    async def _annotate(self, workspace: Workspace, value: str | None) -> None:
        patch = {"metadata": {"annotations": {str(Annotation.RETAIN_UNTIL): value}}}
        await self._cluster.merge(CLAIMS, workspace.name, workspace.namespace, patch)

    async def _teams(self) -> list[tuple[str, str]]:
        found = await self._cluster.list(NAMESPACES, label=Label.TEAM)
        names = (each["metadata"]["name"] for each in found)
        return [
            (n.removeprefix(NAMESPACE_PREFIX), n) for n in names if n.startswith(NAMESPACE_PREFIX)
        ]


def in_use(workspace: Workspace, sessions: Iterable[Session]) -> list[Session]:
    """Return the sessions that have a workspace mounted."""
    return [
        each for each in sessions if each.team == workspace.team and workspace.name in each.claims
    ]


def _workspace(claim: Manifest, team: str) -> Workspace:
    metadata, spec = claim["metadata"], claim["spec"]
    annotations = metadata.get("annotations") or {}
    until = annotations.get(Annotation.RETAIN_UNTIL)
    return Workspace(
        name=metadata["name"],
        owner=annotations.get(_OWNER, ""),
        team=team,
        namespace=metadata["namespace"],
        size=spec["resources"]["requests"]["storage"],
        storage_class=spec.get("storageClassName") or "",
        kept_until=_day(until),
        snapshot=snapshot_state(annotations),
        created=read_moment(made) if (made := metadata.get("creationTimestamp")) else None,
        deleting="deletionTimestamp" in metadata,
    )


def _day(text: str | None) -> date | None:
    """Read a retention date. One that cannot be read keeps the workspace: it never passes."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return date.max


def _session(pod: Manifest, team: str) -> Session:
    annotations = pod["metadata"].get("annotations") or {}
    volumes = pod["spec"].get("volumes") or []
    return Session(
        owner=annotations.get(Annotation.USER) or annotations.get(_OWNER, ""),
        server=annotations.get(Annotation.SERVER, ""),
        team=team,
        pod=pod["metadata"]["name"],
        claims=frozenset(
            each["persistentVolumeClaim"]["claimName"]
            for each in volumes
            if "persistentVolumeClaim" in each
        ),
    )
