"""Moving somebody from one team to another, or out of one of several."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from gpucommons_people.accounts import check_team, write
from gpucommons_people.change import Change
from gpucommons_people.dex_accounts import Account
from gpucommons_people.errors import PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name
from gpucommons_people.workspaces import Session, Workspace


async def move_user(
    it: Installation,
    email: str,
    *,
    source: str,
    targets: Iterable[str],
    stop_sessions: bool = False,
    dry_run: bool = False,
) -> Change:
    """Take somebody out of the team source and into targets, in one step.

    Files are never carried along: the workspace in the old team is kept there for the time of
    retention, one that waits in a new team is kept for good again. So moving back finds them.
    Sessions in the old team go on until they are stopped, at once with stop_sessions.
    """
    account = await it.account(user_name(email))
    wanted = tuple(dict.fromkeys(targets))
    groups = await _groups(it, account, team_name(source), wanted)
    until = date.today() + timedelta(days=it.configuration.retention_days)
    there, back = await _workspaces(it, account.email, source, wanted)
    old = [each for each in there if not each.kept_until]
    sessions = [
        each
        for each in await it.workspaces.sessions()
        if each.owner == account.email and each.team == source
    ]
    stopped = sessions if stop_sessions else []
    steps = (
        *([_changed(account, groups)] if groups != account.groups else ()),
        *(f"Keep the workspace in team {source}, {each.size}, until {until}." for each in old),
        *(f"Keep the workspace in team {each.team} for good again." for each in back),
        *(f"Stop {each}." for each in stopped),
    )
    left = (
        *(_staying(each, each.kept_until or until) for each in there),
        *(_going_on(each) for each in sessions if not stop_sessions),
    )
    data = {"from": source, "to": list(wanted), "groups": list(groups)}
    change = Change("move user", account.email, steps, left, dry_run, data)
    if not dry_run and change.changed:
        it.audit.check()
        it.audit.write("move user", account.email, data)
        # A new workspace is kept for good before its owner can use it.
        for workspace in back:
            await it.workspaces.restore(workspace)
        if groups != account.groups:
            await write(it, replace(account, groups=groups))
        for workspace in old:
            await it.workspaces.archive(workspace, until)
        for session in stopped:
            await it.hub_needed().stop(session.owner, session.server)
    return change


async def _groups(
    it: Installation, account: Account, source: str, targets: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the groups after the move; the same if it has been done already."""
    known = await it.team_names()
    for team in targets:
        check_team(team, known)
    if source in targets:
        raise PeopleError(f"{source} is both the old and the new team. Name two different ones.")
    if source not in account.groups and not (targets and set(targets) <= set(account.groups)):
        groups = ", ".join(account.groups) or "none"
        raise PeopleError(f"{account.email} is not in team {source}. Groups: {groups}.")
    kept = tuple(each for each in account.groups if each != source)
    after = (*kept, *(each for each in targets if each not in kept))
    if not set(after) - {it.configuration.admin_group}:
        raise PeopleError(
            f"{account.email} would be in no team. Name one with --to, or remove the account "
            f"with: gpucommons user remove {account.email}."
        )
    return after


async def _workspaces(
    it: Installation, user: str, source: str, targets: tuple[str, ...]
) -> tuple[list[Workspace], list[Workspace]]:
    """Return those in the old team, and those to be kept for good again."""
    found = await it.workspaces.of(user)
    old = [each for each in found if each.team == source]
    return old, [each for each in found if each.team in targets and each.kept_until]


def _changed(account: Account, groups: tuple[str, ...]) -> str:
    return f"Change the groups of {account.email}: {_listed(account.groups)} → {_listed(groups)}."


def _listed(groups: tuple[str, ...]) -> str:
    return ", ".join(groups) or "none"


def _staying(workspace: Workspace, until: date) -> str:
    return (
        f"The files in team {workspace.team} are not carried along. Until {until} moving back "
        "finds them as they are; after that day `gpucommons workspace prune` deletes them."
    )


def _going_on(session: Session) -> str:
    return (
        f"The {session} in team {session.team} goes on until it is stopped "
        "(--stop-sessions stops it at once)."
    )
