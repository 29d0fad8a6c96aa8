"""Workspaces of people who left: kept for a while, restored, or deleted after their day."""

from datetime import UTC, date, datetime, timedelta

from gpucommons_contract import SnapshotState
from gpucommons_contract.formats.wording import read_moment
from gpucommons_contract.workspaces.checks import CheckKind, CheckState

from gpucommons_people import last_snapshot
from gpucommons_people.change import Change
from gpucommons_people.clients.workspaces import Workspace, in_use
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import user_name

_AFTER_VAIN = timedelta(weeks=1)


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


async def prune(
    installation: Installation, *, without_snapshot: bool = False, dry_run: bool = False
) -> Change:
    """Delete archived workspaces whose last day has passed.

    One that is in use, or whose owner is in the team again, stays: its date is a mistake. One
    without a last snapshot stays too, unless ``without_snapshot``: that is asked for.
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
    unkept = [] if without_snapshot else await last_snapshot.lacking(installation, gone)
    for each in unkept:
        gone.remove(each)
        left.append(await _asked(installation, each, dry_run))
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


async def _asked(installation: Installation, workspace: Workspace, dry_run: bool) -> str:
    """Ask for a last snapshot, unless that is of no use now; returns what to say."""
    state, stays = workspace.snapshot, f"{_named(workspace)} stays until"
    if state.is_last_taken:
        why = f" {state.copy_error}" if state.copy_error else ""
        return f"{stays} its last snapshot is in the second store, too.{why} {last_snapshot.WAY_ON}"
    why = f" The last try: {state.check.says}" if state.check and state.check.says else ""
    if (again := _next_try(state)) and datetime.now(UTC) < again:
        asked = f"which is asked for again from {again:%Y-%m-%d} on"
    else:
        asked = "which is asked for"
        if not dry_run:
            try:
                await last_snapshot.ask_for(installation, workspace)
            except PeopleError as error:
                why = f" {error}"
    return f"{stays} there is a last snapshot of it, {asked}.{why} {last_snapshot.WAY_ON}"


def _next_try(state: SnapshotState) -> datetime | None:
    """Return when to ask again after one that was taken in vain, which is kept for good.

    None where none was, or where a session had the workspace since: then it may have changed.
    """
    last = state.check
    if last is None or last.kind != CheckKind.FINAL:
        return None
    is_incomplete = last.state == CheckState.FAILED and last.snapshot
    if not (is_incomplete or last.state == CheckState.DAMAGED):
        return None
    try:
        tried = read_moment(last.at)
    except ValueError:  # of a note that somebody has changed
        return None
    is_used = state.mounted_at and state.mounted_at >= tried
    return None if is_used else tried + _AFTER_VAIN


def _named(workspace: Workspace) -> str:
    return f"the workspace of {workspace.owner} in team {workspace.team} ({workspace.size})"


def _way_on(workspace: Workspace) -> str:
    return f"If the person is back, run: gpucommons workspace restore {workspace.owner}."
