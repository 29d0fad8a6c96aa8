"""Moving somebody from one team to another, or out of one of several."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from gpucommons_people import last_snapshot
from gpucommons_people.accounts.accounts import write
from gpucommons_people.accounts.newcomer import check_team
from gpucommons_people.change import Change
from gpucommons_people.clients.dex_accounts import Account
from gpucommons_people.clients.workspaces import Session, Workspace
from gpucommons_people.errors import PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name


@dataclass(slots=True)
class _Plan:
    """What a move changes, and what it leaves as it is."""

    account: Account
    source: str
    targets: tuple[str, ...]
    groups: tuple[str, ...]
    """After the move."""
    there: list[Workspace]
    """In the old team."""
    back: list[Workspace]
    """In a new team, where they waited to be deleted."""
    sessions: list[Session]
    """In the old team."""
    until: date
    """Until when the workspaces in the old team are kept."""
    stopped: list[Session] = field(default_factory=list)

    @property
    def archived(self) -> list[Workspace]:
        """The workspaces in the old team that are not to be deleted on some day yet."""
        return [workspace for workspace in self.there if not workspace.kept_until]

    def change(self, *, dry_run: bool) -> Change:
        """Return the move in sentences and data."""
        source, until = self.source, self.until
        regrouped = [_changed(self.account, self.groups)]
        steps = (
            *(regrouped if self.groups != self.account.groups else ()),
            *(
                f"Keep the workspace in team {source}, {w.size}, until {until}."
                for w in self.archived
            ),
            *(f"Keep the workspace in team {w.team} for good again." for w in self.back),
            *(f"Stop {session}." for session in self.stopped),
        )
        left = (
            *(_staying(workspace, workspace.kept_until or until) for workspace in self.there),
            *(_going_on(session) for session in self.sessions if session not in self.stopped),
        )
        data = {"from": source, "to": list(self.targets), "groups": list(self.groups)}
        return Change("move user", self.account.email, steps, left, dry_run, data)


async def move_user(
    installation: Installation,
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
    Sessions in the old team continue until they are stopped, at once with stop_sessions.
    """
    plan = await _planned(installation, email, source, tuple(dict.fromkeys(targets)))
    plan.stopped = plan.sessions if stop_sessions else []
    change = plan.change(dry_run=dry_run)
    if not dry_run and change.changed:
        installation.audit.check()
        installation.audit.write("move user", plan.account.email, change.data)
        await _carry_out(installation, plan)
    return change


async def _planned(
    installation: Installation, email: str, source: str, targets: tuple[str, ...]
) -> _Plan:
    account = await installation.account(user_name(email))
    there, back = await _workspaces(installation, account.email, team_name(source), targets)
    sessions = [
        session
        for session in await installation.workspaces.sessions()
        if session.owner == account.email and session.team == source
    ]
    # What is left in the old team shows that a move was interrupted, or is given again.
    begun = bool(there or sessions)
    groups = await _groups(installation, account, source, targets, begun=begun)
    until = date.today() + timedelta(days=installation.configuration.retention_days)
    return _Plan(account, source, targets, groups, there, back, sessions, until)


async def _carry_out(installation: Installation, plan: _Plan) -> None:
    # A new workspace is kept for good before its owner can use it.
    for workspace in plan.back:
        await installation.workspaces.restore(workspace)
    if plan.groups != plan.account.groups:
        await write(installation, replace(plan.account, groups=plan.groups))
    for workspace in plan.archived:
        await installation.workspaces.archive(workspace, plan.until)
    for session in plan.stopped:
        await installation.hub_needed().stop(session.owner, session.server)
    await last_snapshot.ask_ahead(installation, plan.archived)


async def _groups(
    installation: Installation,
    account: Account,
    source: str,
    targets: tuple[str, ...],
    *,
    begun: bool,
) -> tuple[str, ...]:
    """Return the groups after the move; the same if that much of it has been done already."""
    known = await installation.team_names()
    for team in targets:
        check_team(team, known)
    if source in targets:
        raise PeopleError(f"{source} is both the old and the new team. Name two different ones.")
    done = set(targets) <= set(account.groups) if targets else begun
    if source not in account.groups and not done:
        groups = ", ".join(account.groups) or "none"
        raise PeopleError(f"{account.email} is not in team {source}. Groups: {groups}.")
    kept = tuple(each for each in account.groups if each != source)
    after = (*kept, *(each for each in targets if each not in kept))
    if not set(after) - {installation.configuration.admin_group}:
        raise PeopleError(
            f"{account.email} would be in no team. Name one with --to, or remove the account "
            f"with: gpucommons user remove {account.email}."
        )
    return after


async def _workspaces(
    installation: Installation, user: str, source: str, targets: tuple[str, ...]
) -> tuple[list[Workspace], list[Workspace]]:
    """Return those in the old team, and those to be kept for good again."""
    found = await installation.workspaces.of(user)
    old = [each for each in found if each.team == source]
    return old, [each for each in found if each.team in targets and each.kept_until]


def _changed(account: Account, groups: tuple[str, ...]) -> str:
    return f"Change the groups of {account.email}: {_listed(account.groups)} → {_listed(groups)}."


def _listed(groups: tuple[str, ...]) -> str:
    return ", ".join(groups) or "none"


def _staying(workspace: Workspace, until: date) -> str:
    return (
        f"The files in team {workspace.team} are not moved. Until {until}, moving back "
        "finds them unchanged; after that day `gpucommons workspace prune` deletes them."
    )


def _going_on(session: Session) -> str:
    return (
        f"The {session} in team {session.team} keeps running until it is stopped "
        "(--stop-sessions stops it at once)."
    )
