"""What each command does: arguments in, one operation, its result shown."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from gpucommons_contract import NoticeLevel

from gpucommons_people.accounts.accounts import Leftover
from gpucommons_people.accounts.removal import Removal
from gpucommons_people.clients.patience import Patience
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.files.configuration import find_configuration, read_configuration
from gpucommons_people.grants import wanted
from gpucommons_people.names import counted, duration
from gpucommons_people.output import Output
from gpucommons_people.people import People
from gpucommons_people.teams.team import Team, checked_team, read_teams

Operation = Callable[[People, argparse.Namespace, Output], Awaitable[None]]


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen command; returns its exit code: 1 for an error, 2 for a wrong input."""
    output = Output(json=arguments.json)
    try:
        asyncio.run(_run(arguments, output))
    except PeopleError as error:
        output.error(error)
        return error.exit_code
    return 0


async def _run(arguments: argparse.Namespace, output: Output) -> None:
    file = find_configuration(arguments.config, arguments.find_config())
    patience = Patience(tell=output.waiting)
    async with People.open(read_configuration(file), patience=patience) as people:
        await _OPERATIONS[arguments.operation](people, arguments, output)


async def _team_add(people: People, a: argparse.Namespace, output: Output) -> None:
    fields = set(Team.model_fields) & set(vars(a))
    given = {name: value for name in fields if (value := getattr(a, name)) is not None}
    for name, option in _DEVICES.items():
        if name in given:
            given[name] = dict(counted(option, each) for each in given[name])
    with suppress(NotThereError):
        # What is not given stays as it is.
        before = (await people.find_team(checked_team(**given).name)).model_dump()
        kept = {name: before[name] | given[name] for name in _DEVICES if name in given}
        given = before | given | kept
    output.changes(await people.apply_teams([checked_team(**given)], dry_run=a.dry_run))


_DEVICES = {"resources": "--resource", "device_classes": "--device-class"}


async def _team_apply(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes(await people.apply_teams(read_teams(a.file), dry_run=a.dry_run))


async def _team_remove(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.remove_team(
        a.name,
        remove_members=a.remove_members,
        delete_workspaces=a.delete_workspaces,
        dry_run=a.dry_run,
    )
    output.changes([change])


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
    change = await people.add_user(
        a.email,
        a.team,
        name=a.display_name,
        admin=a.admin,
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
    )
    with output.countdown() as told:
        change = await people.remove_user(a.email, how, dry_run=a.dry_run, on_wait=told)
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


async def _workspace_restore(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.restore_workspaces(a.email, team=a.team, dry_run=a.dry_run)
    output.changes([change])


async def _workspace_prune(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes([await people.prune(dry_run=a.dry_run)])


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
    "notice_list": _notice_list,
    "notice_send": _notice_send,
    "notice_withdraw": _notice_withdraw,
    "quota_grant": _quota_grant,
    "quota_list": _quota_list,
    "quota_prune": _quota_prune,
    "quota_revoke": _quota_revoke,
    "team_add": _team_add,
    "team_apply": _team_apply,
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
    "workspace_list": _workspace_list,
    "workspace_prune": _workspace_prune,
    "workspace_restore": _workspace_restore,
}
