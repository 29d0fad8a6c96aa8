"""The command ``gpucommons probe``.

Only what reads the arguments is imported here; the rest when the command was chosen.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_EVERY_S = 600.0
"""Six in an hour: each takes a session of the smallest size for about a minute."""
_STEP_LIMIT_S = 300.0
"""Seconds for each step: a start that waits longer is given up, so that it takes no place."""
_PORT = 10111
_ABOUT = """
Sign in, start a session, run a cell in it and stop it, again and again, as a person of its own; and
tell Prometheus how that went, at /metrics. It runs until it is stopped.
"""


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser(
        "probe",
        help="start a session every ten minutes, and tell Prometheus how that went",
        description=" ".join(_ABOUT.split()),
    )
    parser.set_defaults(run=_run)
    _add_person(parser)
    _add_session(parser)
    parser.add_argument(
        "--every",
        type=_seconds,
        default=_EVERY_S,
        metavar="SECONDS",
        help="from the beginning of one look to that of the next (%(default)g)",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=_STEP_LIMIT_S,
        metavar="SECONDS",
        help="for each step of a look (%(default)g)",
    )
    parser.add_argument(
        "--address", default="", metavar="ADDRESS", help="to serve metrics at; all without it"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=_PORT,
        metavar="PORT",
        help="of metrics and health (%(default)d)",
    )


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hub", required=True, metavar="URL", help="the hub's address, as people open it"
    )
    parser.add_argument(
        "--user",
        required=True,
        metavar="NAME",
        help="who signs in at Dex's form; nobody else may use the account",
    )
    parser.add_argument(
        "--password-file",
        required=True,
        type=Path,
        metavar="FILE",
        help="a file that holds the password alone; it is read anew for each look",
    )
    parser.add_argument(
        "--connector",
        default="local",
        metavar="ID",
        help="where Dex asks how to sign in: the connector to choose, one that takes passwords "
        "(%(default)s, Dex's own accounts)",
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="certificates to trust instead of the system's"
    )


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--catalogue",
        required=True,
        type=Path,
        metavar="FILE",
        help="the catalogue that the hub has; it is read anew for each look",
    )
    parser.add_argument(
        "--environment",
        default="",
        metavar="NAME",
        help="the environment to start; the catalogue's default, or else its first, without it",
    )
    parser.add_argument(
        "--size",
        default="",
        metavar="NAME",
        help="the size to start; without it the smallest, by GPUs, then CPUs, then memory",
    )
    parser.add_argument(
        "--team", default="", metavar="NAME", help="of a person in several teams, the one to use"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


def _run(arguments: argparse.Namespace) -> int:
    from gpucommons_doctor.probe.running import run  # noqa: PLC0415 -- see above

    return run(arguments)
