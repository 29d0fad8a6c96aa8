"""Removing somebody: out at once, sessions notified and stopped, files kept for a while.

The steps are in the order in which a stop between two of them does least harm, and each
looks first at what there is, so that giving the command again finishes the work.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from gpucommons_contract.formats.wording import moment, span
from gpucommons_contract.private_access import Peer

from gpucommons_people import last_snapshot
from gpucommons_people.change import Change
from gpucommons_people.checks import Key, OnProgress, key_of, named
from gpucommons_people.clients.api_answers import ForbiddenError
from gpucommons_people.clients.dex_accounts import Account, Login, other_connectors
from gpucommons_people.clients.hub import HubUser, RecheckResult
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.errors import InputError, NotThereError, PeopleError, UnreachableError
from gpucommons_people.files.configuration import LONGEST_RETENTION_DAYS
from gpucommons_people.grants import list_grants, revoke
from gpucommons_people.installation import Installation
from gpucommons_people.leads import forget_lead, teams_led
from gpucommons_people.names import user_name
from gpucommons_people.own_sizes import forget_own_size, own_sizes_of
from gpucommons_people.private_access.ways import devices_of, end_devices, end_step

OnWait = Callable[[tuple[str, ...], float], None]
"""Called while sessions are waited for: their names, and the seconds until they stop."""

_ONCE_KEPT = ", once a last snapshot of it is there and verified"
_LONGEST_GRACE = timedelta(days=1)
_POLL_S = 1.0
_HUB_PATIENCE_S = 15.0
"""After the grace, how long the hub may take to stop the sessions before we ask it to."""
_STOP_PATIENCE_S = 120.0
"""How long a session may take to stop after it was asked to."""


@dataclass(frozen=True, slots=True)
class Removal:
    """How to remove somebody. retention_days None: as configured."""

    grace: timedelta = timedelta(minutes=10)
    wait: bool = True
    retention_days: int | None = None
    delete_workspaces: bool = False
    without_snapshot: bool = False
    """Workspaces are deleted although there may be no last snapshot of them."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom to tell what is waited for."""

    sessions: OnWait
    snapshots: OnProgress


@dataclass(frozen=True, slots=True)
class Traces:
    """All that there is of a person."""

    user: str
    account: Account | None
    logins: tuple[Login, ...]
    workspaces: tuple[Workspace, ...]
    hub_user: HubUser | None
    grants: tuple[str, ...] = ()
    """Names of the quota grants in force for the person."""
    own_sizes: Mapping[str, str] = field(default_factory=dict)
    """Sizes of workspaces that are the person's own, by team."""
    led: tuple[str, ...] = ()
    """Teams that the person leads."""
    devices: tuple[Peer, ...] = ()
    """Those that are let in through WireGuard."""
    devices_error: str = ""
    """Why it is not known which they are."""
    hub_error: UnreachableError | None = None
    """Why it is not known whether the hub knows the person."""

    @property
    def connectors(self) -> tuple[str, ...]:
        """The connectors other than Dex's own through which the person is signed in."""
        return other_connectors(self.logins)


async def remove_user(
    installation: Installation,
    email: str,
    how: Removal,
    *,
    dry_run: bool = False,
    on_wait: OnWait = lambda _sessions, _seconds: None,
    on_progress: OnProgress = lambda _sentence: None,
) -> Change:
    """Remove somebody from Dex, hub and teams; raises NotThereError if there is no trace."""
    _check(how)
    found = await _look(installation, user_name(email))
    days = (
        installation.configuration.retention_days
        if how.retention_days is None
        else how.retention_days
    )
    until = date.today() + timedelta(days=days)
    steps, left = _plan(found, how, until)
    data: dict[str, object] = {"workspaces": [each.as_json() for each in found.workspaces]}
    if not dry_run and steps:
        installation.audit.check()
        tell = Telling(on_wait, on_progress)
        left = [*await _remove(installation, found, how, until, tell), *left]
    return Change("remove user", found.user, tuple(steps), tuple(left), dry_run, data)


def _check(how: Removal) -> None:
    if not timedelta(0) <= how.grace <= _LONGEST_GRACE:
        raise InputError(
            f"The grace period is {span(how.grace.total_seconds())}; the hub accepts at most a day."
        )
    if how.retention_days is not None and not 0 <= how.retention_days <= LONGEST_RETENTION_DAYS:
        raise InputError(
            f"Files cannot be kept for {how.retention_days} days; from 0 to "
            f"{LONGEST_RETENTION_DAYS} are allowed."
        )


async def _look(installation: Installation, user: str) -> Traces:
    hub, hub_user, hub_error = installation.hub_needed(), None, None
    try:
        # A hub that is down must not keep somebody's account alive: it is waited for later.
        hub_user = await hub.user(user, patient=False)
    except UnreachableError as error:
        hub_error = error
    account = await installation.dex.get(user)
    logins = await installation.dex.logins(user, account.user_id if account else None)
    workspaces = await installation.workspaces.of(user)
    grants = await _grants(installation, user)
    sizes = await own_sizes_of(installation, user)
    led = await teams_led(installation, user)
    devices, devices_error = await _devices(installation, user)
    found = Traces(
        user,
        account,
        tuple(logins),
        tuple(workspaces),
        hub_user,
        grants,
        sizes,
        led,
        devices,
        devices_error,
        hub_error,
    )
    if not (account or logins or workspaces or hub_user or hub_error or sizes or led or devices):
        raise NotThereError(
            f"There is no {user}: no account in Dex, no login, nobody in the hub, no workspace. "
            "`gpucommons user list` shows the accounts in Dex."
        )
    return found


async def _grants(installation: Installation, user: str) -> tuple[str, ...]:
    """Find quota grants. Where they may not be read, that keeps nobody in."""
    try:
        return tuple(each.name for each in await list_grants(installation) if each.user == user)
    except ForbiddenError:
        return ()


async def _devices(installation: Installation, user: str) -> tuple[tuple[Peer, ...], str]:
    """Find devices. Where they cannot be read, that must not keep an account alive: it is said."""
    try:
        return await devices_of(installation, user), ""
    except ForbiddenError as error:
        return (), str(error)


def _plan(found: Traces, how: Removal, until: date) -> tuple[list[str], list[str]]:
    """Say what will be done, and what stays."""
    steps, left = [], []
    if found.account:
        steps.append(f"Delete the account of {found.user} in Dex, and so every membership.")
    if found.logins:
        steps.append(f"Revoke what keeps {found.user} signed in ({len(found.logins)} in Dex).")
    if found.hub_user and found.hub_user.servers:
        grace = span(how.grace.total_seconds())
        steps.append(f"Notify {_sessions(found.hub_user.servers)}, and stop after {grace}.")
    steps += _rights_ended(found)
    for each in found.workspaces:
        where = f"the workspace in team {each.team}, {each.size}"
        if how.delete_workspaces:
            once = "" if how.without_snapshot or each.snapshot.has_last else _ONCE_KEPT
            steps.append(f"Delete {where}{once if each.snapshot.repository else ''}.")
        elif each.kept_until:
            left.append(f"{where[0].upper()}{where[1:]}, is kept until {each.kept_until}.")
        else:
            steps.append(f"Keep {where}, until {until}; `gpucommons workspace prune` deletes it.")
    if found.hub_user or found.hub_error:
        steps.append("Delete the person in the hub, with all tokens.")
    if found.devices_error:
        left.append(
            f"Devices of {found.user} may still be let in through WireGuard: {found.devices_error}"
        )
    if found.connectors:
        left.append(
            f"{found.user} signs in through {', '.join(found.connectors)} too. Disable the account "
            "there: until then Dex lets this person in again."
        )
    elif steps and not found.account:
        left.append(
            f"Dex has no account {found.user} of its own. If it comes from LDAP, OIDC or GitHub, "
            "disable it there: until then Dex lets this person in again."
        )
    return steps, left


def _rights_ended(found: Traces) -> Iterator[str]:
    """Say what the person has by name, which somebody new of that name must not have."""
    if found.devices:
        yield end_step(found.devices)
    if found.grants:
        yield f"End the quota grants ({', '.join(found.grants)})."
    if found.own_sizes:
        own = ", ".join(f"{size} in team {team}" for team, size in found.own_sizes.items())
        yield f"Forget the size of new workspaces that is the person's own: {own}."
    if found.led:
        yield f"Let the person lead no more: team {', team '.join(found.led)}."


async def _remove(
    installation: Installation, found: Traces, how: Removal, until: date, tell: Telling
) -> list[str]:
    """Do what was planned; returns what could not be finished yet."""
    user = found.user
    if found.account:
        groups = list(found.account.groups)
        installation.audit.write("delete account", user, {"groups": groups})
        await installation.dex.delete(user)
    if found.logins:
        installation.audit.write("revoke logins", user, {"count": len(found.logins)})
        await installation.dex.revoke(found.logins)
    await end_devices(installation, found.devices)
    for name in found.grants:  # somebody new may get the name
        await revoke(installation, name)
    for team, size in found.own_sizes.items():
        installation.audit.write("forget workspace size", user, {"team": team, "size": size})
        await forget_own_size(installation, user, team)
    for team in found.led:  # somebody new may get the name
        installation.audit.write("end lead", user, {"team": team})
        await forget_lead(installation, user, team)
    installation.handouts.remove(user)
    if found.hub_error:
        found = replace(found, hub_user=await _hub_user(installation, user), hub_error=None)
    standing = await _recheck(installation, found, how)
    # Archiving disturbs no session, so it need not wait for one.
    for workspace in found.workspaces:
        if not how.delete_workspaces and not workspace.kept_until:
            installation.audit.write(
                "archive workspace", user, {"team": workspace.team, "until": until}
            )
            await installation.workspaces.archive(workspace, until)
    if not how.delete_workspaces:
        await last_snapshot.ask_ahead(installation, found.workspaces)
    if standing and standing.sessions and not how.wait:
        return [_unfinished(standing, how)]
    if found.hub_user:
        await _wait(installation, user, standing, tell.sessions)
    stay = await _delete(installation, found, how, tell) if how.delete_workspaces else []
    if found.hub_user:
        installation.audit.write("delete hub user", user, {})
        await installation.hub_needed().delete_user(user)
    return stay


async def _delete(
    installation: Installation, found: Traces, how: Removal, tell: Telling
) -> list[str]:
    """Delete the workspaces; returns why some stay."""
    left: list[str] = []
    missed: Mapping[Key, str] = {}
    # As they are now: a session may have changed them until it was stopped.
    planned = {key_of(each) for each in found.workspaces}
    mine = await installation.workspaces.of(found.user) if planned else []
    workspaces = [each for each in mine if key_of(each) in planned]
    if not how.without_snapshot:
        needed = await last_snapshot.lacking(installation, workspaces)
        try:
            missed = await last_snapshot.take(installation, needed, tell.snapshots)
        except PeopleError as error:  # of the cluster's snapshots: the person must go nevertheless
            missed = {key_of(each): f"{named(each)} stays. {error}" for each in needed}
    for workspace in workspaces:
        if why := missed.get(key_of(workspace)):
            left.append(f"{why} Give the command again. {last_snapshot.WAY_ON}")
            continue
        details = {"team": workspace.team, "without_snapshot": how.without_snapshot}
        installation.audit.write("delete workspace", found.user, details)
        await installation.workspaces.delete(workspace)
    return left


async def _hub_user(installation: Installation, user: str) -> HubUser | None:
    """Ask a hub that did not answer at first, as long as a command waits."""
    try:
        return await installation.hub_needed().user(user)
    except UnreachableError as error:
        raise PeopleError(f"{user} can no longer sign in, but is not out yet: {error}") from error


async def _recheck(installation: Installation, found: Traces, how: Removal) -> RecheckResult | None:
    """Let the hub see the refusal at once. None if it no longer knows the person."""
    if found.hub_user is None:
        return None
    hub = installation.hub_needed()
    standing = await hub.recheck(found.user, how.grace.total_seconds())
    if standing is None:
        if await hub.user(found.user):
            raise PeopleError(
                f"{found.user} can no longer sign in, but the hub does not know how to check "
                "people. Is it a hub of GPU Commons of the same version? Update it, then run the "
                "same command again; it continues from here."
            )
        return None
    if standing.allowed:
        raise PeopleError(
            f"The hub says that {found.user} may still be here: {standing.reason} Disable the "
            "account where it comes from, then run the same command again. Sessions and files "
            "are as they were."
        )
    return standing


async def _wait(
    installation: Installation, user: str, standing: RecheckResult | None, on_wait: OnWait
) -> None:
    """Wait until no session is left; those that the hub does not stop in time are stopped."""
    hub = installation.hub_needed()
    stops_at = standing.stops_at if standing and standing.stops_at is not None else time.time()
    asked_at: float | None = None
    while (known := await hub.user(user)) and known.servers:
        now = time.time()
        on_wait(known.servers, max(0.0, stops_at - now))
        if asked_at is None and now > stops_at + _HUB_PATIENCE_S:
            asked_at = now
            for server in known.servers:
                await hub.stop(user, server)
        elif asked_at is not None and now > asked_at + _STOP_PATIENCE_S:
            raise PeopleError(
                f"{user} is out, but {_sessions(known.servers)} did not stop. "
                "Look at the hub's log; then run the same command again."
            )
        await asyncio.sleep(_POLL_S)


def _unfinished(standing: RecheckResult, how: Removal) -> str:
    stops = datetime.fromtimestamp(standing.stops_at or time.time(), UTC)
    rest = (
        "the workspaces and the person in the hub"
        if how.delete_workspaces
        else ("the person in the hub")
    )
    return (
        f"By {moment(stops, round_up=True)} the hub stops {_sessions(standing.sessions)}. "
        f"Run the same command again after that: it deletes {rest}."
    )


def _sessions(names: tuple[str, ...]) -> str:
    listed = ", ".join(name or "(default)" for name in names)
    return f"the session{'s' if len(names) > 1 else ''} {listed}"
