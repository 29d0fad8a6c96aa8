"""Taking a team away, with all that is in it."""

from collections.abc import Sequence
from dataclasses import replace

from gpucommons_contract import team_namespace

from gpucommons_people import last_snapshot
from gpucommons_people.change import Change
from gpucommons_people.clients.dex_accounts import Account
from gpucommons_people.clients.kinds import NAMESPACES
from gpucommons_people.clients.workspaces import Session, Workspace
from gpucommons_people.errors import PeopleError
from gpucommons_people.grants import list_grants, revoke
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name
from gpucommons_people.teams.teams import TeamState, is_going, show_team

_ELSEWHERE = "Groups in LDAP, OIDC or GitHub are as they were; without the team they mean nothing."

_VOLUMES = (
    "Volumes of shared data wait for the claims of this team for ever, and a later team of the "
    "name cannot have them. An administrator of the cluster deletes them; the data stays: "
    "kubectl delete persistentvolume -l gpucommons.io/team={team}"
)


async def remove_team(
    installation: Installation,
    name: str,
    *,
    remove_members: bool = False,
    delete_workspaces: bool = False,
    without_snapshot: bool = False,
    dry_run: bool = False,
) -> Change:
    """Delete a team with all that is in its namespace.

    Refused while there are members or sessions (unless remove_members) or workspaces (unless
    delete_workspaces). Where snapshots are taken, there must be a last one of each workspace first,
    which is waited for, unless without_snapshot. Members keep their accounts and other teams; the
    team's sessions stop, and its quota grants end.
    """
    namespace = await installation.cluster.get(NAMESPACES, team_namespace(team_name(name)))
    if namespace and is_going(namespace):
        left = (f"The cluster is still deleting namespace {team_namespace(name)}.",)
        return Change("remove team", name, left=left, dry_run=dry_run)
    state = await show_team(installation, name)
    _check_empty(state, remove_members, delete_workspaces)
    members = [each for each in await installation.dex.all() if name in each.groups]
    grants = [each.name for each in await list_grants(installation) if each.team == name]
    if not dry_run:
        installation.audit.check()
        installation.audit.write("remove team", name, _contents(state))
        await _empty(installation, name, members, state.sessions)
        if not without_snapshot:
            # As they are now: sessions may have changed them until they were stopped.
            now = await show_team(installation, name)
            those = [*now.workspaces, *([now.folder] if now.folder else [])]
            await last_snapshot.demand(installation, those)
        for each in grants:  # a later team may get the name
            await revoke(installation, each)
        await installation.cluster.delete(NAMESPACES, team_namespace(name))
    steps = (
        *(f"Take {each.email} out of team {name}." for each in members),
        *(f"Stop {each}." for each in state.sessions),
        *(f"Delete the workspace of {each.owner}, {each.size}." for each in state.workspaces),
        *([f"Delete the team folder, {state.folder.size}."] if state.folder else []),
        *([f"End the quota grants ({', '.join(grants)})."] if grants else []),
        f"Delete namespace {team_namespace(name)} with all that is in it.",
    )
    alone = [each.email for each in members if set(each.groups) == {name}]
    volumes = _VOLUMES.format(team=name)
    notes = (*(f"{email} is not in any team now." for email in alone), _ELSEWHERE, volumes)
    return Change("remove team", name, steps, notes, dry_run, _contents(state))


def _check_empty(state: TeamState, remove_members: bool, delete_workspaces: bool) -> None:
    problems = []
    if not remove_members:
        problems += [f"{email} is a member (--remove-members)" for email in state.members]
        problems += [f"{each} runs (--remove-members)" for each in state.sessions]
    if not delete_workspaces:
        problems += [f"{_workspace(each)} (--delete-workspaces)" for each in state.workspaces]
        if state.folder:
            problems.append(f"it has a team folder of {state.folder.size} (--delete-workspaces)")
    if problems:
        raise PeopleError(
            f"Team {state.team.name} is not empty, so it was not removed. The option in brackets "
            "lets each go:",
            tuple(problems),
        )


def _workspace(workspace: Workspace) -> str:
    kept = f", kept until {workspace.kept_until}" if workspace.kept_until else ""
    return f"{workspace.owner} has a workspace of {workspace.size}{kept}"


async def _empty(
    installation: Installation, name: str, members: Sequence[Account], sessions: Sequence[Session]
) -> None:
    for account in members:
        groups = tuple(each for each in account.groups if each != name)
        await installation.dex.change(replace(account, groups=groups))
    for session in sessions if installation.hub else ():
        await installation.hub_needed().stop(session.owner, session.server)


def _contents(state: TeamState) -> dict[str, object]:
    kept = ("members", "sessions", "workspaces", "team_folder")
    return {key: state.as_json()[key] for key in kept}
