"""Teams: made, changed, looked at and removed."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gpucommons_contract import Label, team_namespace

from gpucommons_people.change import Change
from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import (
    CLAIMS,
    KINDS,
    NAMESPACES,
    PODS,
    POLICIES,
    QUOTAS,
    Manifest,
)
from gpucommons_people.clients.workspaces import Session, Workspace
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name
from gpucommons_people.own_sizes import keep_own_sizes
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_additions import read_additions, superfluous
from gpucommons_people.teams.team_folder import folder_claim, kept_files
from gpucommons_people.teams.team_objects import (
    QUOTA,
    QUOTA_KEYS,
    device_key,
    devices_of,
    team_from_objects,
    team_objects,
)
from gpucommons_people.teams.usage import counted

_PATIENCE_S = 15.0
"""How long the API server may take to honour a RoleBinding; usually it is less than a second."""
_POLL_S = 0.2
NO_QUEUE = (
    f"This cluster does not have {KINDS['LocalQueue'].api}, Kueue: "
    "the team has no queue, only its quota."
)


@dataclass(frozen=True, slots=True)
class TeamState:
    """A team and what is in it. members are the accounts in Dex alone."""

    team: Team
    members: tuple[str, ...]
    sessions: tuple[Session, ...]
    workspaces: tuple[Workspace, ...]
    folder: Workspace | None
    used: dict[str, str]
    """What is taken, with a limit and without, by the names of a team's fields."""

    def as_json(self) -> dict[str, object]:
        """Turn into what ``--json`` prints."""
        return {
            "team": self.team.model_dump(),
            "used": self.used,
            "members": list(self.members),
            "sessions": [{"user": each.owner, "server": each.server} for each in self.sessions],
            "workspaces": [each.as_json() for each in self.workspaces],
            "team_folder": self.folder.as_json() if self.folder else None,
        }


async def apply_team(installation: Installation, team: Team, *, dry_run: bool = False) -> Change:
    """Make a team, or change it so that it is as given. Changes nothing if it already is."""
    before = await _checked(installation, team)
    additions = read_additions(installation.configuration.team_additions)
    manifests, left = await _manifests(installation.cluster, team, additions)
    if team.team_folder:
        manifests.append(await folder_claim(installation, team))
    elif before and before.team_folder:
        left = (*left, kept_files(team.name))
    if dry_run and before is None:
        return Change("apply team", team.name, _made(team), left, dry_run, team.model_dump())
    if not dry_run:
        installation.audit.check()
        added = [each["metadata"]["name"] for each in additions]
        details = {**team.model_dump(exclude_none=True), "additions": added}
        installation.audit.write("apply team", team.name, details)
    found: dict[str, Manifest] = {}
    changed: list[Manifest] = []
    for manifest in manifests:
        applied, differs = await _apply(installation.cluster, manifest, dry_run)
        found[applied["kind"]] = applied
        changed += [applied] if differs else []
    gone = await _remove_superfluous(installation.cluster, team, additions, dry_run)
    if not dry_run and team.workspaces != (before.workspaces if before else {}):
        await keep_own_sizes(installation.cluster, team.name, team.workspaces)
    after = team_from_objects(found["Namespace"], found["ResourceQuota"])
    after = after.model_copy(update={"workspaces": team.workspaces})
    steps = _differences(before, after, changed) if before else _made(team)
    return Change("apply team", team.name, (*steps, *gone), left, dry_run, team.model_dump())


async def apply_teams(
    installation: Installation, teams: Sequence[Team], *, dry_run: bool = False
) -> tuple[Change, ...]:
    """Apply several teams; every one is checked before the first is changed."""
    for team in teams:
        await _checked(installation, team)
        if team.team_folder:
            await folder_claim(installation, team)
    return tuple([await apply_team(installation, team, dry_run=dry_run) for team in teams])


async def find_team(installation: Installation, name: str) -> Team:
    """Return a team as the cluster has it; NotThereError if there is none."""
    namespace = await _namespace(installation.cluster, team_name(name))
    if namespace is None:
        known = ", ".join(sorted(await installation.team_names())) or "none yet"
        raise NotThereError(f"There is no team {name}. Teams: {known}.")
    return team_from_objects(
        namespace, await _quota(installation.cluster, namespace["metadata"]["name"])
    )


async def list_teams(installation: Installation) -> tuple[Team, ...]:
    """Return all teams, in order of their names."""
    return tuple(
        [await find_team(installation, name) for name in sorted(await installation.team_names())]
    )


async def show_team(installation: Installation, name: str) -> TeamState:
    """Return a team with its members, sessions, workspaces and what they take."""
    team, namespace = await find_team(installation, name), team_namespace(name)
    quota = await installation.cluster.get(QUOTAS, QUOTA, namespace) or {}
    sessions = await installation.workspaces.sessions_of_team(name, namespace)
    pods, claims = [await installation.cluster.list(kind, namespace) for kind in (PODS, CLAIMS)]
    members = [each.email for each in await installation.dex.all() if name in each.groups]
    return TeamState(
        team,
        tuple(members),
        tuple(sessions),
        tuple(await installation.workspaces.of_team(name, namespace)),
        await installation.workspaces.folder_of(name, namespace),
        counted(pods, claims) | _used(quota, team),
    )


def _used(quota: Manifest, team: Team) -> dict[str, str]:
    """Return what the quota counts, which is only what it limits."""
    used = (quota.get("status") or {}).get("used") or {}
    keys = {**QUOTA_KEYS, **{name: device_key(name) for name in devices_of(team)}}
    return {field: str(used[key]) for field, key in keys.items() if key in used}


async def _checked(installation: Installation, team: Team) -> Team | None:
    """Return the team as it is now, None if it is new; raises if it must not be made."""
    if team.name == installation.configuration.admin_group:
        raise InputError(
            f"A team cannot be called {team.name}: members of that group administer the hub."
        )
    namespace = await _namespace(installation.cluster, team.name)
    if namespace is None:
        return None
    name = namespace["metadata"]["name"]
    if is_going(namespace):
        raise PeopleError(f"Namespace {name} is still being deleted. Try again in a minute.")
    return team_from_objects(namespace, await _quota(installation.cluster, name))


async def _quota(cluster: Cluster, namespace: str) -> Manifest | None:
    """Return a team's quota; None where it may not be read.

    That is in a team whose making was interrupted before its first RoleBinding: there is none.
    """
    try:
        return await cluster.get(QUOTAS, QUOTA, namespace)
    except ForbiddenError:
        return None


async def _namespace(cluster: Cluster, team: str) -> Manifest | None:
    name = team_namespace(team)
    found = await cluster.get(NAMESPACES, name)
    if found and (found["metadata"].get("labels") or {}).get(Label.TEAM) != team:
        raise PeopleError(
            f"Namespace {name} belongs to something else: it has no label {Label.TEAM}={team}. "
            "Give the team another name, or set that label if the namespace was meant for it."
        )
    return found


def is_going(namespace: Manifest) -> bool:
    """Say whether a namespace is being deleted."""
    return "deletionTimestamp" in namespace["metadata"]


async def _manifests(
    cluster: Cluster, team: Team, additions: Sequence[Manifest]
) -> tuple[list[Manifest], tuple[str, ...]]:
    manifests = team_objects(team, additions)
    if await cluster.serves(KINDS["LocalQueue"]):
        return manifests, ()
    return [each for each in manifests if each["kind"] != "LocalQueue"], (NO_QUEUE,)


async def _apply(cluster: Cluster, manifest: Manifest, dry_run: bool) -> tuple[Manifest, bool]:
    """Apply one object; return it as it is then, and whether that is another than before.

    In a new team this is forbidden until the RoleBinding that was just made holds.
    """
    deadline = time.monotonic() + (0 if dry_run else _PATIENCE_S)
    kind, metadata = KINDS[manifest["kind"]], manifest["metadata"]
    while True:
        try:
            before = await cluster.get(kind, metadata["name"], metadata.get("namespace"))
            after = await cluster.apply(manifest, dry_run=dry_run)
        except ForbiddenError:
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(_POLL_S)
        else:
            return after, before is None or _essence(before) != _essence(after)


async def _remove_superfluous(
    cluster: Cluster, team: Team, additions: Sequence[Manifest], dry_run: bool
) -> list[str]:
    """Delete additions that the installation no longer makes; return the steps."""
    namespace = team_namespace(team.name)
    found = await cluster.list(POLICIES, namespace, label=Label.TEAM_ADDITION)
    names = superfluous(found, additions)
    for name in names:
        if not dry_run:
            await cluster.delete(POLICIES, name, namespace)
    return [f"Delete NetworkPolicy {name}: team_additions no longer has it." for name in names]


def _essence(manifest: Manifest) -> tuple[object, ...]:
    metadata = manifest["metadata"]
    content = {k: v for k, v in manifest.items() if k not in {"metadata", "status"}}
    return content, metadata.get("labels"), metadata.get("annotations")


def _made(team: Team) -> tuple[str, ...]:
    limits = _shown({**team.limits(), **devices_of(team)})
    return (
        f"Create team {team.name} in namespace {team_namespace(team.name)}, "
        f"{'without limits' if limits == _NONE else f'limited to {limits}'}.",
    )


def _differences(before: Team, after: Team, changed: Sequence[Manifest]) -> tuple[str, ...]:
    fields = [name for name in Team.model_fields if getattr(before, name) != getattr(after, name)]
    steps = [
        f"Change {name} of team {before.name}: {_shown(getattr(before, name))} → "
        f"{_shown(getattr(after, name))}."
        for name in fields
    ]
    told = {"Namespace"} if _ON_NAMESPACE & set(fields) else set()
    told |= {"PersistentVolumeClaim"} if "team_folder" in fields else set()
    limited = {*QUOTA_KEYS, "resources", "device_classes"}
    told |= {"ResourceQuota"} if limited & set(fields) else set()
    return (
        *steps,
        *(
            f"Bring {each['kind']} {each['metadata']['name']} up to date."
            for each in changed
            if each["kind"] not in told
        ),
    )


_ON_NAMESPACE = {
    "display_name",
    "storage_class",
    "workspace",
    "team_folder",
    "team_folder_class",
}


def _shown(value: object) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{name} {count}" for name, count in value.items())
    return _NONE if value is None or value == "" else str(value)


_NONE = "none"
