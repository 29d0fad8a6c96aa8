"""The commands ``gpucommons team``, ``user``, ``workspace``, ``quota`` and ``notice``.

Only what reads the arguments is imported here; the rest when a command was chosen.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FindConfiguration = Callable[[], Path | None]
"""Returns a configuration to use where none is named or installed, such as the local platform's."""


def add_parsers(subparsers: "Subparsers", find_config: FindConfiguration = lambda: None) -> None:
    """Add the commands to the program. find_config is asked once a command was chosen."""
    common = _common(find_config)
    changing = argparse.ArgumentParser(add_help=False, parents=[common])
    changing.add_argument(
        "--dry-run", action="store_true", help="show what would be done, change nothing"
    )
    _team(_group(subparsers, "team", "create, change and remove teams"), common, changing)
    _user(_group(subparsers, "user", "create, change and remove accounts"), common, changing)
    _workspace(_group(subparsers, "workspace", "files of people who left"), common, changing)
    _quota(_group(subparsers, "quota", "grants beyond the quota"), common, changing)
    _notice(
        _group(subparsers, "notice", "show notices to people in their sessions"), common, changing
    )


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


def _common(find_config: FindConfiguration) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config", type=Path, metavar="FILE", help="the installation's settings")
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")
    parser.set_defaults(run=_run, find_config=find_config)
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
    add.add_argument("--storage", metavar="AMOUNT", help="all workspaces together, such as 2Ti")
    add.add_argument("--storage-class", metavar="NAME", help="of new workspaces")
    apply = _add(group, "apply", changing, "team_apply", "create or change the teams of a file")
    apply.add_argument("-f", "--file", type=Path, required=True, metavar="FILE", help="YAML")
    remove = _add(group, "remove", changing, "team_remove", "delete a team that is empty")
    remove.add_argument("name", help="name of the team")
    remove.add_argument(
        "--remove-members", action="store_true", help="take members out and stop the sessions"
    )
    remove.add_argument("--delete-workspaces", action="store_true", help="delete all files too")
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
    earlier = add.add_mutually_exclusive_group()
    earlier.add_argument("--restore-workspace", action="store_true", help="the same person is back")
    earlier.add_argument("--delete-workspace", action="store_true", help="it is somebody else")
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
    restore = _add(group, "restore", changing, "workspace_restore", "keep files for good again")
    restore.add_argument("email", help="the user name")
    restore.add_argument("--team", metavar="TEAM", help="only the files in one team")
    _add(group, "prune", changing, "workspace_prune", "delete files whose last day has passed")


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


def _run(arguments: argparse.Namespace) -> int:
    from gpucommons_people.operations import run  # noqa: PLC0415 -- see above

    return run(arguments)
