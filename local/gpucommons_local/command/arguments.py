"""What the commands of the local platform are called with.

Only what reads the arguments: ``gpucommons_local.command.running`` does what was chosen.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_local.gpu.command import add_parser as add_sim
from gpucommons_local.machine.instance import DEFAULT_NAME, DEFAULT_PORT, OBSERVABILITY, Instance

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


Run = Callable[[str, argparse.Namespace], int]
"""Runs the command of a name, and returns its exit code."""


def add_parsers(subparsers: "Subparsers", run: Run) -> None:
    """Add the local platform's commands to the program. run is called once one was chosen."""
    add = partial(_parser, subparsers, run)
    start = add("up", "start the local platform")
    start.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="the hub's port on 127.0.0.1 (%(default)s)"
    )
    start.add_argument(
        "--all",
        action="store_true",
        help="first build also what a session does without, which else is built after the start",
    )
    start.add_argument(
        "--environment",
        dest="environments",
        action="append",
        metavar="IMAGE",
        help="also build an environment once all else is built, such as pytorch, which takes "
        "20 GB; may be given again",
    )
    start.add_argument(
        "--addon",
        action="append",
        default=[],
        choices=[OBSERVABILITY],
        help="also run this, may be repeated: observability is Prometheus and Alertmanager, which "
        "watch the platform; without it they are off again",
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
    add("down", "stop the local platform; files stay")
    build = add("build", "build programs and images, start nothing")
    build.add_argument("--tests", action="store_true", help="also get what the tests need")
    images = add("images", "build more environments")
    images.add_argument("images", nargs="+", metavar="IMAGE", help="such as pytorch, scipy:2026.05")
    shown = add("status", "show address, accounts and the health of each part")
    shown.add_argument("--json", action="store_true", help="for programs")
    restart = add("restart", "stop and start one part")
    restart.add_argument("part", help="as `gpucommons status` names it, such as hub")
    inside = add("exec", "run a command inside the node")
    inside.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND", help="such as kubectl get pods -A"
    )
    add_sim(subparsers)
    parser = subparsers.choices["sim"]
    parser.add_argument("--name", default=DEFAULT_NAME, help=argparse.SUPPRESS)
    parser.set_defaults(run=partial(run, "sim"))


def _parser(subparsers: "Subparsers", run: Run, name: str, text: str) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("--name", default=DEFAULT_NAME, help="which platform (%(default)s)")
    parser.set_defaults(run=partial(run, name))
    return parser


def find_people_file() -> Path | None:
    """Return what the account commands read to work on this machine's platform, if there is one."""
    from gpucommons_local.hub.people_file import people_file  # noqa: PLC0415 -- slow

    file = people_file(Instance())
    return file if file.exists() else None
