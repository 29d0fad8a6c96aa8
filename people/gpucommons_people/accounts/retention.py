"""Workspaces of people who left: kept for a while, restored, or deleted after their day."""

from datetime import date

from gpucommons_people.change import Change
from gpucommons_people.clients.workspaces import Workspace, in_use
from gpucommons_people.errors import NotThereError
from gpucommons_people.installation import Installation
from gpucommons_people.names import user_name


async def restore_workspaces(
    installation: Installation, email: str, *, team: str | None = None, dry_run: bool = False
) -> Change:
    """Keep somebody's workspaces for good again, in one team or all: the person is back."""
    user = user_name(email)
    found = [each for each in await installation.workspaces.of(user) if team in {None, each.team}]
    if not found:
        raise NotThereError(f"{user} has no workspace{f' in team {team}' if team else ''}.")
    archived = [each for each in found if each.kept_until]
    steps = tuple(f"Keep the workspace in team {each.team} for good again." for each in archived)
    data = {"workspaces": [each.as_json() for each in archived]}
    if archived and not dry_run:
        installation.audit.check()
        installation.audit.write("restore workspaces", user, data)
        for workspace in archived:
            await installation.workspaces.restore(workspace)
    return Change("restore workspaces", user, steps, (), dry_run, data)


async def prune(installation: Installation, *, dry_run: bool = False) -> Change:
    """Delete archived workspaces whose last day has passed.

    One that is in use, or whose owner is in the team again, stays: its date is a mistake.
    """
    today = date.today()
    workspaces = await installation.workspaces.all()
    due = [each for each in workspaces if each.kept_until and each.kept_until < today]
    sessions = await installation.workspaces.sessions() if due else []
    groups = {each.email: each.groups for each in await installation.dex.all()} if due else {}
    left, gone = [], []
    for each in due:
        if in_use(each, sessions):
            left.append(f"{_named(each)} is in use, so it stays. {_way_on(each)}")
        elif each.team in groups.get(each.owner, ()):
            left.append(f"{_named(each)} stays: {each.owner} is in the team. {_way_on(each)}")
        else:
            gone.append(each)
    steps = tuple(f"Delete {_named(each)}, kept until {each.kept_until}." for each in gone)
    data = {"deleted": [each.as_json() for each in gone]}
    if gone and not dry_run:
        installation.audit.check()
        for each in gone:
            installation.audit.write(
                "delete workspace", each.owner, {"team": each.team, "why": "prune"}
            )
            await installation.workspaces.delete(each)
    return Change("prune workspaces", "", steps, tuple(left), dry_run, data)


def _named(workspace: Workspace) -> str:
    return f"the workspace of {workspace.owner} in team {workspace.team} ({workspace.size})"


def _way_on(workspace: Workspace) -> str:
    return f"If the person is back, run: gpucommons workspace restore {workspace.owner}."
