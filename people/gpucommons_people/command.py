"""What ``gpucommons team``, ``user``, ``workspace``, ``quota``, ``notice`` are called with.

And ``gpucommons backup restore`` and others, whose group has commands of another part too.

Only what reads the arguments: ``gpucommons_people.operations`` does what was chosen.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_people import reading_command, vpn_command

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Run = Callable[[argparse.Namespace], int]
"""Runs the chosen command, and returns its exit code."""
FindConfiguration = Callable[[], Path | None]
"""Returns a configuration to use where none is named or installed, such as the local platform's."""


def add_parsers(
    subparsers: "Subparsers", run: Run, find_config: FindConfiguration = lambda: None
) -> None:
    """Add the commands to the program. run and find_config are called once one was chosen."""
    common = _common(run, find_config)
    changing = _changing(common)
    _team(_group(subparsers, "team", "create, change and remove teams"), common, changing)
    _user(_group(subparsers, "user", "create, change and remove accounts"), common, changing)
    _workspace(_group(subparsers, "workspace", "grow and keep files"), common, changing)
    _quota(_group(subparsers, "quota", "grants beyond the quota"), common, changing)
    _notice(
        _group(subparsers, "notice", "show notices to people in their sessions"), common, changing
    )
    text = "let devices in through WireGuard, where there is private access"
    vpn_command.add_parsers(_group(subparsers, "vpn", text), common, changing, _add)


def add_backup_parsers(
    group: "Subparsers", run: Run, find_config: FindConfiguration = lambda: None
) -> None:
    """Add what people's snapshots are read and put back with to the program's group ``backup``."""
    common = _common(run, find_config)
    changing = _changing(common)
    reading_command.add_parsers(group, common, _add)
    text = "put a snapshot of somebody's files back, into a new folder beside what is there"
    restore = _add(group, "restore", changing, "backup_restore", text)
    restore.add_argument("email", nargs="?", default="", help="the user name")
    restore.add_argument("--team", required=True, metavar="TEAM", help="in which team")
    restore.add_argument(
        "--team-folder", action="store_true", help="the folder of the team, in place of a person's"
    )
    which = restore.add_mutually_exclusive_group()
    which.add_argument(
        "--at",
        default="",
        metavar="TIME",
        help="the newest that is not later, such as 2026-11-30T03:00 (UTC); else the newest of all",
    )
    which.add_argument("--snapshot", default="", metavar="ID", help="this one")
    restore.add_argument(
        "--from",
        dest="repository",
        default="",
        metavar="NAME",
        help="repository of an earlier workspace of the same person, which was deleted",
    )
    restore.add_argument("--reason", required=True, metavar="TEXT", help="kept as a record")
    restore.add_argument("--no-wait", action="store_true", help="do not wait until it is done")
    text = "read what the store has of somebody's files, and compare it with what was there"
    verify = _add(group, "verify", changing, "backup_verify", text)
    verify.add_argument("email", nargs="?", default="", help="the user name")
    verify.add_argument("--team", default="", metavar="TEAM", help="in which team")
    verify.add_argument("--team-folder", action="store_true", help="the folder of the team")
    verify.add_argument("--all", action="store_true", help="all workspaces and team folders")
    verify.add_argument(
        "--part",
        default="",
        metavar="SHARE",
        help="how much of the contents is read, such as 5%% or 3/20; 100%%, of all workspaces 5%%",
    )
    verify.add_argument("--no-wait", action="store_true", help="do not wait until it is done")
    text = "erase the snapshots of somebody who has left, and their passwords, for ever"
    erase = _add(group, "erase", changing, "backup_erase", text)
    erase.add_argument("email", nargs="?", default="", help="the user name")
    erase.add_argument("--team", required=True, metavar="TEAM", help="in which team")
    erase.add_argument("--team-folder", action="store_true", help="the folder of the team")
    erase.add_argument(
        "--repository", default="", metavar="NAME", help="this one alone; else all of theirs"
    )
    erase.add_argument("--reason", required=True, metavar="TEXT", help="kept as a record")
    erase.add_argument("--yes", action="store_true", help="do not ask for the name to be typed")
    erase.add_argument("--no-wait", action="store_true", help="do not wait until it is done")
    text = "put nothing back any more, and remove what came back in part"
    cancel = _add(group, "cancel", changing, "backup_cancel", text)
    cancel.add_argument("email", nargs="?", default="", help="the user name")
    cancel.add_argument("--team", required=True, metavar="TEAM", help="in which team")
    cancel.add_argument("--team-folder", action="store_true", help="the folder of the team")
    cancel.add_argument("--no-wait", action="store_true", help="do not wait until it is done")


def _changing(common: argparse.ArgumentParser) -> argparse.ArgumentParser:
    changing = argparse.ArgumentParser(add_help=False, parents=[common])
    changing.add_argument(
        "--dry-run", action="store_true", help="show what would be done, change nothing"
    )
    return changing


def _notice(
    group: "Subparsers", common: argparse.ArgumentParser, changing: argparse.ArgumentParser
) -> None:
    send = _add(group, "send", changing, "notice_send", "show a notice in sessions, now and later")
    send.add_argument("text", help="one or two sentences")
    send.add_argument(
        "--in", dest="ends_in", metavar="TIME", help="time until the event, such as 2h; counts down"
    )
    send.add_argument(
        "--for",
        dest="stands_for",
        metavar="TIME",
        help="how long new sessions show it, without --in; a day by default, at most 30d",
    )
    send.add_argument(
        "--level", default="warning", choices=["info", "warning", "error"], help="(%(default)s)"
    )
    send.add_argument(
        "--id", default="platform", help="a later one with the same id replaces it (%(default)s)"
    )
    send.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="EMAIL",
        help="only to this person; may be repeated",
    )
    withdraw = _add(group, "withdraw", changing, "notice_withdraw", "withdraw a notice")
    withdraw.add_argument("--id", default="platform", help="id of the notice (%(default)s)")
    _add(group, "list", common, "notice_list", "list the notices that new sessions show")


def _common(run: Run, find_config: FindConfiguration) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config", type=Path, metavar="FILE", help="the installation's settings")
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")
    parser.set_defaults(run=run, find_config=find_config)
    return parser


def _group(subparsers: "Subparsers", name: str, text: str) -> "Subparsers":
    parser = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    return parser.add_subparsers(required=True, metavar="COMMAND", dest="operation")


def _add(
    group: "Subparsers", name: str, parent: argparse.ArgumentParser, operation: str, text: str
) -> argparse.ArgumentParser:
    about = text[0].upper() + text[1:] + "."
    parser = group.add_parser(name, parents=[parent], help=text, description=about)
    parser.set_defaults(operation=operation)
    return parser


def _team(
    group: "Subparsers", common: argparse.ArgumentParser, changing: argparse.ArgumentParser
) -> None:
    add = _add(group, "add", changing, "team_add", "create a team, or change the values given")
    add.add_argument("name", help="a to z, 0 to 9 and hyphens; at most 40 characters")
    add.add_argument("--display-name", metavar="TEXT", help="the name for people to read")
    add.add_argument("--gpus", type=int, metavar="N", help="whole GPUs at once")
    add.add_argument("--gpu-shares", type=int, metavar="N", help="shares of GPUs at once")
    add.add_argument(
        "--resource",
        dest="resources",
        action="append",
        metavar="NAME=N",
        help="other devices, such as nvidia.com/mig-1g.10gb=4; may be repeated",
    )
    add.add_argument(
        "--device-class",
        dest="device_classes",
        action="append",
        metavar="NAME=N",
        help="devices claimed by DRA, such as gpu.nvidia.com=2; may be repeated",
    )
    add.add_argument("--sessions", type=int, metavar="N", help="sessions at once")
    add.add_argument("--cpu", metavar="AMOUNT", help="CPUs of all sessions, such as 64")
    add.add_argument("--memory", metavar="AMOUNT", help="memory of all sessions, such as 512Gi")
    add.add_argument(
        "--storage", metavar="AMOUNT", help="all workspaces and the team folder, such as 2Ti"
    )
    add.add_argument("--storage-class", metavar="NAME", help="of new workspaces")
    add.add_argument("--workspace", metavar="AMOUNT", help="size of each new workspace")
    add.add_argument(
        "--workspace-of",
        dest="workspaces",
        action="append",
        metavar="EMAIL=AMOUNT",
        help="size of this person's, in place of the team's; may be repeated",
    )
    add.add_argument(
        "--team-folder",
        metavar="AMOUNT",
        help="size of a folder that all its sessions share, such as 200Gi; none takes it away",
    )
    add.add_argument("--team-folder-class", metavar="NAME", help="storage class of that folder")
    apply = _add(group, "apply", changing, "team_apply", "create or change the teams of a file")
    apply.add_argument("-f", "--file", type=Path, required=True, metavar="FILE", help="YAML")
    remove = _add(group, "remove", changing, "team_remove", "delete a team that is empty")
    remove.add_argument("name", help="name of the team")
    remove.add_argument(
        "--remove-members", action="store_true", help="take members out and stop the sessions"
    )
    remove.add_argument("--delete-workspaces", action="store_true", help="delete all files too")
    _without_snapshot(remove)
    folder = _add(
        group,
        "delete-folder",
        changing,
        "team_delete_folder",
        "delete the files of a team folder that sessions no longer get",
    )
    folder.add_argument("name", help="name of the team")
    _without_snapshot(folder)
    text = "let somebody see what a team used, or list who may"
    lead = _add(group, "lead", changing, "team_lead", text)
    lead.add_argument("name", help="name of the team")
    lead.add_argument("email", nargs="?", help="the user name; without it, who leads is listed")
    lead.add_argument("--remove", action="store_true", help="let this person do so no more")
    _add(group, "list", common, "team_list", "list the teams")
    _add(group, "show", common, "team_show", "show a team and what is in it").add_argument(
        "name", help="name of the team"
    )


def _user(
    group: "Subparsers", common: argparse.ArgumentParser, changing: argparse.ArgumentParser
) -> None:
    add = _add(group, "add", changing, "user_add", "create an account, or add teams to one")
    add.add_argument("email", help="it becomes the user name")
    add.add_argument("--team", action="append", default=[], metavar="TEAM", help="may be repeated")
    add.add_argument(
        "--display-name", default="", metavar="TEXT", help="shown instead of the address"
    )
    add.add_argument("--admin", action="store_true", help="lets this person administer the hub")
    vpn_command.add_key(add)
    earlier = add.add_mutually_exclusive_group()
    earlier.add_argument("--restore-workspace", action="store_true", help="the same person is back")
    earlier.add_argument("--delete-workspace", action="store_true", help="it is somebody else")
    _without_snapshot(add)
    remove = _add(
        group,
        "remove",
        changing,
        "user_remove",
        "remove somebody; their files are kept for a while",
    )
    remove.add_argument("email", help="the user name")
    remove.add_argument("--grace", default="10m", help="until sessions stop (%(default)s)")
    remove.add_argument("--no-wait", action="store_true", help="do not wait for sessions to stop")
    kept = remove.add_mutually_exclusive_group()
    kept.add_argument("--retain", type=int, metavar="DAYS", help="how long files are kept")
    kept.add_argument("--delete-workspace", action="store_true", help="delete the files now")
    _without_snapshot(remove)
    move = _add(group, "move", changing, "user_move", "take somebody from one team to another")
    move.add_argument("email", help="the user name")
    move.add_argument(
        "--from", dest="source", required=True, metavar="TEAM", help="the team to leave"
    )
    move.add_argument("--to", action="append", default=[], metavar="TEAM", help="may be repeated")
    move.add_argument("--stop-sessions", action="store_true", help="stop those in the old team")
    reset = _add(group, "reset-password", changing, "user_reset", "set another password")
    reset.add_argument("email", help="the user name")
    imported = _add(group, "import", changing, "user_import", "add all people of a CSV file")
    imported.add_argument("file", type=Path, help="with the header email,name,teams[,admin]")
    listed = _add(group, "list", common, "user_list", "list the accounts in Dex")
    listed.add_argument("--team", metavar="TEAM", help="only the members of one")
    _add(group, "show", common, "user_show", "show everything known of somebody").add_argument(
        "email", help="the user name"
    )


def _workspace(
    group: "Subparsers", common: argparse.ArgumentParser, changing: argparse.ArgumentParser
) -> None:
    listed = _add(group, "list", common, "workspace_list", "list workspaces")
    listed.add_argument("--archived", action="store_true", help="only those of people who left")
    grow = _add(group, "grow", changing, "workspace_grow", "let somebody's files have more room")
    grow.add_argument("email", help="the user name")
    grow.add_argument("--team", required=True, metavar="TEAM", help="in which team")
    grow.add_argument("--to", required=True, metavar="AMOUNT", help="the new size, such as 100Gi")
    grow.add_argument("--no-wait", action="store_true", help="do not wait for the storage driver")
    text = "let sessions start with an empty workspace in place of one that was deleted"
    begin = _add(group, "begin-empty", changing, "workspace_begin_empty", text)
    begin.add_argument("email", help="the user name")
    begin.add_argument("--team", required=True, metavar="TEAM", help="in which team")
    begin.add_argument("--reason", required=True, metavar="TEXT", help="kept as a record")
    restore = _add(group, "restore", changing, "workspace_restore", "keep files for good again")
    restore.add_argument("email", help="the user name")
    restore.add_argument("--team", metavar="TEAM", help="only the files in one team")
    text = "delete files whose last day has passed"
    _without_snapshot(_add(group, "prune", changing, "workspace_prune", text))


def _without_snapshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--without-snapshot",
        action="store_true",
        help="delete files although there may be no last snapshot of them",
    )


def _quota(
    group: "Subparsers", common: argparse.ArgumentParser, changing: argparse.ArgumentParser
) -> None:
    grant = _add(
        group, "grant", changing, "quota_grant", "let a person or a team have more for a while"
    )
    whose = grant.add_mutually_exclusive_group(required=True)
    whose.add_argument("--user", metavar="EMAIL", help="for one person")
    whose.add_argument("--team", metavar="TEAM", help="for all sessions of a team together")
    grant.add_argument("--sessions", type=int, metavar="N", help="sessions at once")
    grant.add_argument("--gpus", metavar="N", help="GPUs at once, shares as fractions")
    grant.add_argument(
        "--size",
        action="append",
        default=[],
        metavar="NAME=N",
        help="sessions of a size at once; may be repeated",
    )
    grant.add_argument(
        "--until", required=True, metavar="TIME", help="last day, or 2026-12-01T18:00 (UTC)"
    )
    grant.add_argument("--reason", required=True, metavar="TEXT", help="kept as a record")
    listed = _add(group, "list", common, "quota_list", "list quota grants")
    listed.add_argument("--all", action="store_true", help="include those that have ended")
    revoke = _add(group, "revoke", changing, "quota_revoke", "end a quota grant now")
    revoke.add_argument("id", help="as `gpucommons quota list` shows it")
    _add(group, "prune", changing, "quota_prune", "delete records of grants that ended long ago")
