"""The commands ``gpucommons session`` and ``gpucommons node``: look after sessions and nodes.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpucommons_config.command_line import FindConfiguration, add_command, as_json, asking

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers

_Parents = Sequence[argparse.ArgumentParser]
_SORTS = ("person", "team", "size", "gpus", "state", "idle", "ends", "hours", "node")
_STATES = ("waiting", "starting", "running", "stopping")


def add_parsers(subparsers: "Subparsers", find_config: FindConfiguration) -> None:
    """Add the commands to the program. find_config as for the account commands."""
    common = (asking(find_config), as_json())
    _add_session(_group(subparsers, "session", "list, stop and notify sessions"), common)
    _add_node(_group(subparsers, "node", "take nodes out of service, and give them back"), common)


def _add_session(group: "Subparsers", common: _Parents) -> None:
    listed = _add(group, "list", "list all sessions", "session_list", common)
    listed.add_argument("--person", default="", metavar="TEXT", help="part of a name")
    listed.add_argument("--team", default="", metavar="NAME", help="of one team alone")
    listed.add_argument("--size", default="", metavar="NAME", help="of one size alone")
    listed.add_argument("--node", default="", metavar="NAME", help="on one node alone")
    listed.add_argument(
        "--state", default="", choices=["", *_STATES], metavar="STATE", help=", ".join(_STATES)
    )
    listed.add_argument(
        "--sort", default="person", choices=_SORTS, metavar="COLUMN", help=", ".join(_SORTS)
    )
    stop = _add(group, "stop", "stop sessions, with notice or now", "session_stop", common)
    _add_sessions(stop)
    stop.add_argument(
        "--notice", default="15m", metavar="TIME", help="until they stop; 0m is now (%(default)s)"
    )
    stop.add_argument("--reason", default="", metavar="TEXT", help="the people read it")
    back = _add(
        group,
        "take-back",
        "let sessions go on that were to be stopped",
        "session_take_back",
        common,
    )
    _add_sessions(back)
    text = "show a message in sessions that run; for later ones, too: gpucommons notice send"
    notify = _add(group, "notify", text, "session_notify", common)
    notify.add_argument("text", help="one or two sentences")
    _add_sessions(notify)
    notify.add_argument(
        "--level", default="info", choices=["info", "warning", "error"], help="(%(default)s)"
    )
    text = "keep sessions although nobody uses them; longer: gpucommons idle exempt"
    extend = _add(group, "extend", text, "session_extend", common)
    _add_sessions(extend)
    extend.add_argument("--hours", required=True, metavar="N", help="from now on, such as 4")


def _add_node(group: "Subparsers", common: _Parents) -> None:
    _add(group, "list", "list the nodes and what is on them", "node_list", common)
    text = "hold new sessions off a node, tell those on it, wait, and stop them"
    drain = _add(group, "drain", text, "node_drain", common)
    drain.add_argument("node", metavar="NODE", help="its name in Kubernetes")
    drain.add_argument(
        "--notice",
        default="",
        metavar="TIME",
        help="until its sessions stop; 0m is now (30m, or as it is being drained already)",
    )
    drain.add_argument("--reason", default="", metavar="TEXT", help="the people read it")
    drain.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show how far it is until the node is empty (--wait)",
    )
    drain.add_argument("--dry-run", action="store_true", help="only say what would be done")
    text = "say what became of the sessions of a node that is drained"
    report = _add(group, "report", text, "node_report", common)
    report.add_argument("node", metavar="NODE", help="its name in Kubernetes")
    back = _add(group, "give-back", "let a node be used again", "node_give_back", common)
    back.add_argument("node", metavar="NODE", help="its name in Kubernetes")


def _add_sessions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sessions", nargs="+", metavar="SESSION", help="NAME, or NAME/SERVER")


def _group(subparsers: "Subparsers", name: str, text: str) -> "Subparsers":
    parser = subparsers.add_parser(name, help=text, description=f"{text.capitalize()}.")
    return parser.add_subparsers(required=True, metavar="COMMAND")


def _add(
    group: "Subparsers", name: str, text: str, operation: str, parents: _Parents
) -> argparse.ArgumentParser:
    parser = add_command(group, name, _run, text, *parents)
    parser.set_defaults(operation=operation)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from gpucommons_config.administration.operations import run  # noqa: PLC0415 -- see above

    return run(arguments)
