"""The command ``gpucommons doctor``.

Only what reads the arguments is imported here; the rest when the command was chosen.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_contract.formats.addresses import is_http_server

from gpucommons_doctor.after.arguments import add_arguments

if TYPE_CHECKING:
    from gpucommons_doctor.checks.hub.chart_values import Contradictions

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

CHECK_LIMIT_S = 60.0
"""Seconds for each check: a thousand nodes take some, and a CronJob must not hang."""
_STEP_LIMIT_S = 600.0
"""Seconds for each step of --after: a node that is new to an image fetches it."""
_ABOUT = """
Look at a cluster and say what is wrong before it breaks, with what to do. Nothing is changed. The
exit code is 0 if nothing is wrong, 1 if there are faults, 2 if something could not be checked or
metrics could not be delivered. With --after, start a session and stop it again instead, to see
whether everything works together.
"""


def add_parsers(subparsers: "Subparsers", contradictions: "Contradictions") -> None:
    """Add the command to the program.

    contradictions: how a hub judges what it is set to, which the whole hub alone knows.
    """
    parser = subparsers.add_parser(
        "doctor",
        help="say what is wrong with a cluster before it breaks",
        description=" ".join(_ABOUT.split()),
    )
    parser.set_defaults(run=partial(_run, contradictions))
    _add_installation(parser)
    _add_checks(parser)
    add_arguments(parser)


def _add_installation(parser: argparse.ArgumentParser) -> None:
    """Add what says of an installation what the cluster alone does not."""
    parser.add_argument(
        "--catalogue", type=Path, metavar="FILE", help="the catalogue to check the cluster against"
    )
    parser.add_argument(
        "--values",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="the hub's settings: z2jh's values, repeated for each file as for Helm, or the file "
        "that GPUCOMMONS_VALUES names. They say queue, storage class, issuer, and what is set for "
        "the pod of every session",
    )
    parser.add_argument(
        "--queue", metavar="NAME", help="the teams' LocalQueue, instead of the one in the values"
    )
    parser.add_argument(
        "--storage-class", metavar="NAME", help="of workspaces, instead of the one in the values"
    )
    parser.add_argument(
        "--issuer", metavar="URL", help="Dex's address, instead of the one in the values"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="certificates to trust instead of the system's"
    )
    parser.add_argument(
        "--backup", type=Path, metavar="FILE", help="settings of the snapshots, to check them too"
    )
    parser.add_argument(
        "--accounts",
        type=Path,
        metavar="FILE",
        help="the account commands' file, to ask accounting with its token",
    )
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="the account to use; if left out, the pod's service account, or else kubectl's usual "
        "file",
    )


def _add_checks(parser: argparse.ArgumentParser) -> None:
    """Add which checks are run, for how long, and where their results go."""
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this check; may be repeated"
    )
    parser.add_argument(
        "--skip", action="append", default=[], metavar="NAME", help="not this one; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="list the checks, and run none")
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")
    parser.add_argument(
        "--metrics",
        type=Path,
        metavar="FILE",
        help="also write metrics, for node exporter's textfile collector, which reads *.prom",
    )
    parser.add_argument(
        "--push",
        type=_pushgateway,
        metavar="URL",
        help="also push metrics to Prometheus' Pushgateway, such as http://pushgateway:9091",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help=f"for each check ({CHECK_LIMIT_S:g}), or each step of --after ({_STEP_LIMIT_S:g})",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


def _pushgateway(text: str) -> str:
    if not is_http_server(text):
        raise argparse.ArgumentTypeError(
            "the Pushgateway's address must be http://HOST:PORT or https://HOST:PORT, with a path "
            "if it has one, and without user, password or query"
        )
    return text


def _run(contradictions: "Contradictions", arguments: argparse.Namespace) -> int:
    if arguments.timeout is None:
        arguments.timeout = _STEP_LIMIT_S if arguments.after else CHECK_LIMIT_S
    if arguments.after:
        from gpucommons_doctor.after.command import run as look  # noqa: PLC0415 -- see above

        return look(arguments)
    from gpucommons_doctor.examination import run  # noqa: PLC0415 -- see above

    return run(arguments, contradictions)
