"""What ``gpucommons backup status``, ``list``, ``browse`` and ``export`` are called with."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    Add = Callable[[Subparsers, str, argparse.ArgumentParser, str, str], argparse.ArgumentParser]


def add_parsers(group: "Subparsers", common: argparse.ArgumentParser, add: "Add") -> None:
    """Add the commands to a group; ``add`` makes one of group, name, parent, operation, text."""
    text = "show how old everybody's last snapshot is; exit code 1 if one is late"
    status = add(group, "status", common, "backup_status", text)
    status.add_argument("--team", metavar="TEAM", help="only of one team")
    status.add_argument(
        "--late-after",
        default="3h",
        metavar="TIME",
        help="how old it may be of what has changed since (%(default)s)",
    )
    text = "list the snapshots of somebody's files"
    _whose(add(group, "list", common, "backup_list", text))
    text = "look into a snapshot of somebody's files"
    browse = add(group, "browse", common, "backup_browse", text)
    _whose(browse)
    browse.add_argument("path", help="a folder; / has all files")
    _which(browse)
    text = "put a snapshot of somebody's files into a file, with their SHA-256 sums"
    export = add(group, "export", common, "backup_export", text)
    _whose(export)
    _which(export)
    export.add_argument("--path", default="", metavar="PATH", help="only this folder")
    export.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help="a new .tar.zst or .tar"
    )


def _whose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", help="the user name")
    parser.add_argument("--team", required=True, metavar="TEAM", help="in which team")
    parser.add_argument(
        "--reason", required=True, metavar="TEXT", help="kept as a record; the person reads it"
    )


def _which(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--at",
        default="",
        metavar="TIME",
        help="the newest that is not later, such as 2026-11-30T03:00 (UTC); else the newest of all",
    )
    which.add_argument("--snapshot", default="", metavar="ID", help="this one")
