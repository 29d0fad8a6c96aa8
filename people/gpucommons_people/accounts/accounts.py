"""Accounts in Dex: made, extended, given another password, looked at."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from http import HTTPStatus

from gpucommons_people import last_snapshot
from gpucommons_people.accounts.newcomer import Newcomer
from gpucommons_people.accounts.passwords import hashed, new_password
from gpucommons_people.change import Change
from gpucommons_people.clients.api_answers import ClusterError
from gpucommons_people.clients.dex_accounts import Account
from gpucommons_people.clients.workspaces import Workspace, in_use
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.files import handout
from gpucommons_people.installation import Installation
from gpucommons_people.names import user_name
from gpucommons_people.private_access import ways

_DELETION_S = 60.0
_POLL_S = 0.5


class Leftover(StrEnum):
    """What to do with what somebody of the same name left: files, and what the hub remembers."""

    REFUSE = "refuse"
    RESTORE = "restore"
    """The same person is back."""
    DELETE = "delete"
    """This is somebody else. Where snapshots are taken, there must be a last one first."""
    DELETE_WITHOUT_SNAPSHOT = "delete without snapshot"

    @property
    def deletes(self) -> bool:
        """Whether files are deleted."""
        return self in (Leftover.DELETE, Leftover.DELETE_WITHOUT_SNAPSHOT)


async def add_user(
    installation: Installation,
    person: Newcomer,
    leftover: Leftover,
    *,
    workspaces: Sequence[Workspace] | None = None,
    dry_run: bool = False,
) -> Change:
    """Make an account, or add teams to the one there is; unchanged if it is so already.

    workspaces are the person's; without them they are looked up.
    """
    account = await installation.dex.get(person.user)
    if workspaces is None:
        workspaces = await installation.workspaces.of(person.user)
    if account:
        return await _extend(installation, account, person, workspaces, dry_run)
    workspaces = await _without_deleted(installation, person.user, workspaces)
    await check_leftovers(installation, person.user, workspaces, leftover)
    return await make_account(installation, person, workspaces, leftover, dry_run=dry_run)


async def _without_deleted(
    installation: Installation, user: str, workspaces: Sequence[Workspace]
) -> Sequence[Workspace]:
    """Wait until those are gone that are being deleted: sessions and snapshots take a while to end.

    Raises PeopleError if they are not for long: a new session would not get a workspace.
    """
    deadline = time.monotonic() + _DELETION_S
    while going := [each for each in workspaces if each.deleting]:
        if time.monotonic() > deadline:
            raise PeopleError(
                f"The workspace that somebody called {user} had is still being deleted: a pod has "
                "it. Run the same command again in a minute.",
                tuple(_left_behind(each) for each in going),
            )
        await asyncio.sleep(_POLL_S)
        workspaces = await installation.workspaces.of(user)
    return workspaces


async def check_leftovers(
    installation: Installation, user: str, workspaces: Sequence[Workspace], leftover: Leftover
) -> None:
    """Refuse to let a new account have what another person of that name left."""
    if workspaces and leftover is Leftover.REFUSE:
        raise PeopleError(
            f"There is no account {user}, but somebody of that name left files. If the same person "
            "is back, pass --restore-workspace; if it is somebody else, pass --delete-workspace.",
            tuple(_left_behind(each) for each in workspaces),
        )
    known = await installation.hub.user(user) if installation.hub else None
    if known and known.servers and leftover is not Leftover.RESTORE:
        raise PeopleError(
            f"There is no account {user}, but sessions of that name are running. Finish the "
            f"removal first: gpucommons user remove {user}."
        )
    if known and known.was_active and leftover is Leftover.REFUSE:
        raise PeopleError(
            f"There is no account {user}, but the hub remembers somebody of that name, whose "
            "tokens the new account would revive. If it is the same person, pass "
            f"--restore-workspace; if not, run first: gpucommons user remove {user}."
        )


async def make_account(
    installation: Installation,
    person: Newcomer,
    workspaces: Sequence[Workspace],
    leftover: Leftover,
    *,
    dry_run: bool = False,
) -> Change:
    """Make an account that is not there, its handout first. The rest was checked before."""
    template = handout.template(installation.configuration)
    fate = [each for each in workspaces if leftover.deletes or each.team in person.teams]
    verb = "Delete" if leftover.deletes else "Restore"
    steps = (
        *(f"{verb} the workspace in team {each.team}, {each.size}." for each in fate),
        f"Create the account {person.user}{_in(person.teams)}{_as_admin(person)}.",
        f"Write the first password to {installation.handouts.file(person.user)}.",
        *ways.first_step(installation),
    )
    data = {"teams": list(person.teams), "admin": person.admin}
    data["handout"] = str(installation.handouts.file(person.user))
    change = Change("add user", person.user, steps, _without_team(person), dry_run, data)
    if dry_run:
        return change
    installation.audit.check()
    installation.audit.write("add user", person.user, {**data, "workspaces": leftover})
    await _settle(installation, person.user, fate, leftover)
    password = person.password or new_password()
    account = Account(
        email=person.user,
        name=person.name or person.user.partition("@")[0],
        user_id=str(uuid.uuid4()),  # so that no login of an earlier account fits this one
        groups=person.groups(installation.configuration.admin_group),
        hash=await hashed(password),
    )
    async with ways.first_way(installation, person.user, person.keys) as way:
        text = _handout(installation, template, account, password, way)
        await _with_handout(installation, account, text, installation.dex.create)
    return change


async def _extend(
    installation: Installation,
    account: Account,
    person: Newcomer,
    workspaces: Sequence[Workspace],
    dry_run: bool,
) -> Change:
    """Add teams to an account; the same person's files in those teams are kept for good again."""
    wanted = person.groups(installation.configuration.admin_group)
    new = tuple(each for each in wanted if each not in account.groups)
    back = [each for each in workspaces if each.kept_until and each.team in person.teams]
    renamed = bool(person.name) and person.name != account.name
    steps = (
        *(f"Add {each} to the groups of {account.email}." for each in new),
        *([f"Change the name shown to {person.name}."] if renamed else ()),
        *(f"Keep the workspace in team {each.team} for good again." for each in back),
    )
    data = {"groups": [*account.groups, *new]}
    change = Change("add user", account.email, steps, (), dry_run, data)
    if dry_run:
        return change
    if change.changed:
        installation.audit.check()
        installation.audit.write("add user", account.email, {"added": list(new)})
    for workspace in back:
        await installation.workspaces.restore(workspace)
    if new or renamed:
        name = person.name or account.name
        await write(installation, replace(account, groups=(*account.groups, *new), name=name))
    installation.handouts.publish(account.email, account.hash)  # if an earlier run was interrupted
    return change


async def reset_password(
    installation: Installation, email: str, *, password: str | None = None, dry_run: bool = False
) -> Change:
    """Give an account another password, and write it to a handout. Sessions continue."""
    account = await installation.account(user_name(email))
    template = handout.template(installation.configuration)
    file = installation.handouts.file(account.email)
    steps = (f"Give {account.email} another password.", f"Write it to {file}.")
    left = (f"Sessions and logins of {account.email} are not affected.",)
    change = Change("reset password", account.email, steps, left, dry_run, {"handout": str(file)})
    if dry_run:
        return change
    installation.audit.check()
    installation.audit.write("reset password", account.email, {})
    password = password or new_password()
    account = replace(account, hash=await hashed(password))
    way = ways.of_earlier_handout(installation)
    text = _handout(installation, template, account, password, way)
    await _with_handout(installation, account, text, installation.dex.change)
    return change


async def write(installation: Installation, account: Account) -> None:
    """Write a changed account, unless somebody else changed it since it was read."""
    try:
        await installation.dex.change(account)
    except ClusterError as error:
        raise _raced(error, account.email) from error


def _handout(
    installation: Installation, template: str, account: Account, password: str, way: str
) -> str:
    return handout.handout(
        template,
        installation.configuration,
        user_name=account.email,
        name=account.name,
        groups=account.groups,
        password=password,
        private_access=way,
    )


async def _with_handout(
    installation: Installation,
    account: Account,
    text: str,
    act: Callable[[Account], Awaitable[None]],
) -> None:
    """Bring a password into force, its handout before it; see `Handouts`."""
    installation.handouts.prepare(account.email, text, account.hash)
    try:
        await act(account)
    except ClusterError as error:
        # Refused, so it never was in force.
        installation.handouts.discard(account.email, account.hash)
        raise _raced(error, account.email) from error
    installation.handouts.publish(account.email, account.hash)


async def _settle(
    installation: Installation, user: str, workspaces: Sequence[Workspace], leftover: Leftover
) -> None:
    """Delete or restore what an earlier person of that name left, before the account is there."""
    if leftover.deletes:
        sessions = await installation.workspaces.sessions() if workspaces else []
        if used := [str(each) for one in workspaces for each in in_use(one, sessions)]:
            raise PeopleError(f"A workspace of {user} is in use and was not deleted.", tuple(used))
        if leftover is Leftover.DELETE:
            await last_snapshot.demand(installation, workspaces)
        if installation.hub:
            await installation.hub.delete_user(user)
    for each in workspaces:
        if leftover.deletes:
            await installation.workspaces.delete(each)
        elif each.kept_until:
            await installation.workspaces.restore(each)


def _raced(error: ClusterError, user: str) -> PeopleError:
    if error.status == HTTPStatus.CONFLICT:
        return PeopleError(
            f"Somebody else changed the account {user} at the same moment. Run the command again."
        )
    if error.status == HTTPStatus.NOT_FOUND:
        return NotThereError(
            "The cluster has no accounts of Dex: Dex creates the kind passwords.dex.coreos.com "
            "when it first starts with its storage in Kubernetes. Start Dex, then try again."
        )
    return error


def _left_behind(workspace: Workspace) -> str:
    until = f"kept until {workspace.kept_until}" if workspace.kept_until else "not archived"
    return f"{workspace.size} in team {workspace.team}, {until}"


def _in(teams: Sequence[str]) -> str:
    return f" in {', '.join(teams)}" if teams else ""


def _as_admin(person: Newcomer) -> str:
    return " as an administrator" if person.admin else ""


def _without_team(person: Newcomer) -> tuple[str, ...]:
    if person.teams:
        return ()
    return (f"{person.user} is not in any team, and cannot start a session until they are.",)
