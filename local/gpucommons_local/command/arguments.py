"""What the commands of the local platform are called with.

Only what reads the arguments is imported here; the rest when a command was chosen.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_local.gpu.command import add_parser as add_sim
from gpucommons_local.machine.instance import DEFAULT_NAME, DEFAULT_PORT, Instance

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the local platform's commands to the program."""
    start = _add(subparsers, "up", "start the local platform")
    start.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="the hub's port on 127.0.0.1 (%(default)s)"
    )
    what = start.add_mutually_exclusive_group()
    what.add_argument(
        "--https",
        action="store_true",
        help="serve hub and Dex by HTTPS, with an authority of the platform's own; without it, "
        "HTTP again",
    )
    what.add_argument(
        "--only-cluster",
        action="store_true",
        help="a cluster to install GPU Commons on: it enforces NetworkPolicies, and has Kueue and "
        "simulated GPUs, and nothing else",
    )
    _add(subparsers, "down", "stop the local platform; files stay")
    build = _add(subparsers, "build", "build programs and images, start nothing")
    build.add_argument("--tests", action="store_true", help="also get what the tests need")
    images = _add(subparsers, "images", "build more environments")
    images.add_argument("images", nargs="+", metavar="IMAGE", help="such as pytorch, scipy:2026.05")
    shown = _add(subparsers, "status", "show address, accounts and the health of each part")
    shown.add_argument("--json", action="store_true", help="for programs")
    restart = _add(subparsers, "restart", "stop and start one part")
    restart.add_argument("part", help="as `gpucommons status` names it, such as hub")
    inside = _add(subparsers, "exec", "run a command inside the node")
    inside.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND", help="such as kubectl get pods -A"
    )
    add_sim(subparsers)
    parser = subparsers.choices["sim"]
    parser.add_argument("--name", default=DEFAULT_NAME, help=argparse.SUPPRESS)
    parser.set_defaults(run=partial(_run, "sim"))


def _add(subparsers: "Subparsers", name: str, text: str) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("--name", default=DEFAULT_NAME, help="which platform (%(default)s)")
    parser.set_defaults(run=partial(_run, name))
    return parser


def _run(name: str, arguments: argparse.Namespace) -> int:
    from gpucommons_local.command.running import COMMANDS  # noqa: PLC0415 -- slow

    return COMMANDS[name](arguments)


def find_people_file() -> Path | None:
    """Return what the account commands read to work on this machine's platform, if there is one."""
    from gpucommons_local.hub.people_file import people_file  # noqa: PLC0415 -- slow

    file = people_file(Instance())
    return file if file.exists() else None
