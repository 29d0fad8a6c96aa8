"""What each command does: arguments in, one operation, its result shown."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from gpucommons_contract import NoticeLevel

from gpucommons_people import reading_operations, vpn_operations
from gpucommons_people.accounts.accounts import Leftover
from gpucommons_people.accounts.removal import Removal
from gpucommons_people.clients.patience import Patience
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.files.configuration import find_configuration, read_configuration
from gpucommons_people.grants import wanted
from gpucommons_people.names import counted, duration, sized
from gpucommons_people.output import Output
from gpucommons_people.people import People
from gpucommons_people.teams.team import Team, checked_team, read_teams
from gpucommons_people.workspaces.erasing import wiping
from gpucommons_people.workspaces.growth import growth
from gpucommons_people.workspaces.restoration import restoration
from gpucommons_people.workspaces.verification import verification

Operation = Callable[[People, argparse.Namespace, Output], Awaitable[int | None]]
"""Returns an exit code; None is that of success."""


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen command; returns its exit code: 1 for an error, 2 for a wrong input."""
    output = Output(json=arguments.json)
    try:
        return asyncio.run(_run(arguments, output)) or 0
    except PeopleError as error:
        output.error(error)
        return error.exit_code


async def _run(arguments: argparse.Namespace, output: Output) -> int | None:
    file = find_configuration(arguments.config, arguments.find_config())
    patience = Patience(tell=output.waiting)
    async with People.open(read_configuration(file), patience=patience) as people:
        return await _OPERATIONS[arguments.operation](people, arguments, output)


async def _team_add(people: People, a: argparse.Namespace, output: Output) -> None:
    fields = set(Team.model_fields) & set(vars(a))
    given = {name: value for name in fields if (value := getattr(a, name)) is not None}
    for name, (read, option) in _BY_NAME.items():
        if name in given:
            given[name] = dict(read(option, each) for each in given[name])
    with suppress(NotThereError):
        # What is not given stays as it is.
        before = (await people.find_team(_checked(given).name)).model_dump()
        kept = {name: before[name] | given[name] for name in _BY_NAME if name in given}
        given = before | given | kept
    output.changes(await people.apply_teams([_checked(given)], dry_run=a.dry_run))


def _checked(given: Mapping[str, Any]) -> Team:
    """Check a team as it was typed. An own size that is empty is none, as is the folder `none`."""
    own = {user: size for user, size in given.get("workspaces", {}).items() if size}
    folder = given.get("team_folder")
    no_folder = {"team_folder": None} if folder == _NO_FOLDER else {}
    return checked_team(**{**given, **no_folder, "workspaces": own})


_NO_FOLDER = "none"


_BY_NAME: Mapping[str, tuple[Callable[[str, str], tuple[str, object]], str]] = {
    "resources": (counted, "--resource"),
    "device_classes": (counted, "--device-class"),
    "workspaces": (sized, "--workspace-of"),
}
"""Field of a team: how its option is read, and the option. What is given is added."""


async def _team_apply(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes(await people.apply_teams(read_teams(a.file), dry_run=a.dry_run))


async def _team_remove(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.remove_team(
        a.name,
        remove_members=a.remove_members,
        delete_workspaces=a.delete_workspaces,
        without_snapshot=a.without_snapshot,
        dry_run=a.dry_run,
    )
    output.changes([change])


async def _team_delete_folder(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.delete_team_folder(
        a.name, without_snapshot=a.without_snapshot, dry_run=a.dry_run
    )
    output.changes([change])


async def _team_lead(people: People, a: argparse.Namespace, output: Output) -> None:
    if a.email is None and a.remove:
        raise InputError("Say who is to lead the team no more: gpucommons team lead TEAM USER.")
    if a.email is None:
        output.leads(a.name, await people.list_leads(a.name))
        return
    do = people.end_lead if a.remove else people.make_lead
    output.changes([await do(a.name, a.email, dry_run=a.dry_run)])


async def _team_list(people: People, _a: argparse.Namespace, output: Output) -> None:
    output.teams(await people.list_teams())


async def _team_show(people: People, a: argparse.Namespace, output: Output) -> None:
    output.team(await people.show_team(a.name))


async def _user_add(people: People, a: argparse.Namespace, output: Output) -> None:
    leftover = Leftover.REFUSE
    if a.restore_workspace:
        leftover = Leftover.RESTORE
    elif a.delete_workspace:
        leftover = Leftover.DELETE
        if a.without_snapshot:
            leftover = Leftover.DELETE_WITHOUT_SNAPSHOT
    change = await people.add_user(
        a.email,
        a.team,
        name=a.display_name,
        admin=a.admin,
        keys=vpn_operations.keys_of(a),
        leftover=leftover,
        dry_run=a.dry_run,
    )
    output.changes([change])


async def _user_remove(people: People, a: argparse.Namespace, output: Output) -> None:
    how = Removal(
        grace=duration(a.grace),
        wait=not a.no_wait,
        retention_days=a.retain,
        delete_workspaces=a.delete_workspace,
        without_snapshot=a.without_snapshot,
    )
    with output.countdown() as told:
        change = await people.remove_user(
            a.email, how, dry_run=a.dry_run, on_wait=told, on_progress=output.waiting
        )
    output.changes([change])


async def _user_move(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.move_user(
        a.email, source=a.source, targets=a.to, stop_sessions=a.stop_sessions, dry_run=a.dry_run
    )
    output.changes([change])


async def _user_reset(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes([await people.reset_password(a.email, dry_run=a.dry_run)])


async def _user_import(people: People, a: argparse.Namespace, output: Output) -> None:
    with output.progress() as told:
        change = await people.import_users(a.file, dry_run=a.dry_run, on_progress=told)
    output.changes([change])


async def _user_list(people: People, a: argparse.Namespace, output: Output) -> None:
    output.users(await people.list_users(a.team))


async def _user_show(people: People, a: argparse.Namespace, output: Output) -> None:
    output.user(await people.show_user(a.email))


async def _workspace_list(people: People, a: argparse.Namespace, output: Output) -> None:
    output.workspaces(await people.list_workspaces(archived=a.archived))


async def _workspace_grow(people: People, a: argparse.Namespace, output: Output) -> None:
    what = growth(a.email, a.team, a.to, wait=not a.no_wait)
    change = await people.grow_workspace(what, dry_run=a.dry_run, on_wait=output.waiting)
    output.changes([change])


async def _workspace_begin_empty(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.begin_empty(a.email, a.team, reason=a.reason, dry_run=a.dry_run)
    output.changes([change])


async def _workspace_restore(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.restore_workspaces(a.email, team=a.team, dry_run=a.dry_run)
    output.changes([change])


async def _backup_restore(people: People, a: argparse.Namespace, output: Output) -> None:
    if bool(a.email) is a.team_folder:
        raise InputError("Give the user name of somebody, or --team-folder, and not both.")
    what = restoration(
        a.email,
        a.team,
        reason=a.reason,
        snapshot=a.snapshot,
        at=a.at,
        repository=a.repository,
        wait=not a.no_wait,
    )
    change = await people.restore_snapshot(what, dry_run=a.dry_run, on_progress=output.waiting)
    output.changes([change])


async def _backup_cancel(people: People, a: argparse.Namespace, output: Output) -> None:
    if bool(a.email) is a.team_folder:
        raise InputError("Give the user name of somebody, or --team-folder, and not both.")
    change = await people.cancel_restore(
        a.email, a.team, dry_run=a.dry_run, wait=not a.no_wait, on_progress=output.waiting
    )
    output.changes([change])


async def _backup_erase(people: People, a: argparse.Namespace, output: Output) -> None:
    if bool(a.email) is a.team_folder:
        raise InputError("Give the user name of somebody, or --team-folder, and not both.")
    what = wiping(a.email, a.team, reason=a.reason, repository=a.repository, wait=not a.no_wait)
    if not (a.yes or a.dry_run or (sys.stdin.isatty() and not a.json)):
        raise InputError("Nobody can be asked here whether that is meant: pass --yes.")

    def confirm(steps: Sequence[str]) -> bool:
        return a.yes or output.confirmed(steps, what.subject)

    change = await people.erase_snapshots(
        what, confirm, dry_run=a.dry_run, on_progress=output.waiting
    )
    output.changes([change])


async def _backup_verify(people: People, a: argparse.Namespace, output: Output) -> None:
    what = verification(
        a.email,
        a.team,
        team_folder=a.team_folder,
        everything=a.all,
        part=a.part,
        wait=not a.no_wait,
    )
    change = await people.verify_snapshots(what, dry_run=a.dry_run, on_progress=output.waiting)
    output.changes([change])


async def _workspace_prune(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.prune(without_snapshot=a.without_snapshot, dry_run=a.dry_run)
    output.changes([change])


async def _quota_grant(people: People, a: argparse.Namespace, output: Output) -> None:
    what = wanted(
        user=a.user,
        team=a.team,
        until=a.until,
        reason=a.reason,
        sessions=a.sessions,
        gpus=a.gpus,
        sizes=a.size,
    )
    output.changes([await people.grant_quota(what, dry_run=a.dry_run)])


async def _quota_list(people: People, a: argparse.Namespace, output: Output) -> None:
    output.grants(await people.list_grants(ended=a.all))


async def _quota_revoke(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes([await people.revoke_grant(a.id, dry_run=a.dry_run)])


async def _quota_prune(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes([await people.prune_grants(dry_run=a.dry_run)])


async def _notice_send(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.send_notice(
        a.text,
        notice_id=a.id,
        level=NoticeLevel(a.level),
        ends_in=None if a.ends_in is None else duration(a.ends_in),
        stands_for=None if a.stands_for is None else duration(a.stands_for),
        users=a.user,
        dry_run=a.dry_run,
    )
    output.changes([change])


async def _notice_withdraw(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes([await people.withdraw_notice(a.id, dry_run=a.dry_run)])


async def _notice_list(people: People, _a: argparse.Namespace, output: Output) -> None:
    output.notices(await people.list_notices())


_OPERATIONS: Mapping[str, Operation] = {
    "backup_cancel": _backup_cancel,
    **reading_operations.OPERATIONS,
    "backup_erase": _backup_erase,
    "backup_restore": _backup_restore,
    "backup_verify": _backup_verify,
    "notice_list": _notice_list,
    "notice_send": _notice_send,
    "notice_withdraw": _notice_withdraw,
    "quota_grant": _quota_grant,
    "quota_list": _quota_list,
    "quota_prune": _quota_prune,
    "quota_revoke": _quota_revoke,
    "team_add": _team_add,
    "team_apply": _team_apply,
    "team_delete_folder": _team_delete_folder,
    "team_lead": _team_lead,
    "team_list": _team_list,
    "team_remove": _team_remove,
    "team_show": _team_show,
    "user_add": _user_add,
    "user_import": _user_import,
    "user_list": _user_list,
    "user_move": _user_move,
    "user_remove": _user_remove,
    "user_reset": _user_reset,
    "user_show": _user_show,
    **vpn_operations.OPERATIONS,
    "workspace_grow": _workspace_grow,
    "workspace_list": _workspace_list,
    "workspace_prune": _workspace_prune,
    "workspace_begin_empty": _workspace_begin_empty,
    "workspace_restore": _workspace_restore,
}
