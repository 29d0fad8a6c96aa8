"""The commands ``gpucommons slo``: of objectives rules for Prometheus, and a report; who is told.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_contract.formats.addresses import is_http_server

from gpucommons_config.command_line import add_command, as_json, fail

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the commands to the program."""
    text = "make rules for Prometheus of what people may rely on, and report how it was"
    group = subparsers.add_parser("slo", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    about = "print a PrometheusRule: how much fails, and alerts where that is too much"
    rules = add_command(commands, "rules", _rules, about)
    rules.add_argument(
        "part",
        choices=["hub", "accounting", "probe"],
        metavar="PART",
        help="by whose metrics it is known",
    )
    _add_file(rules)
    about = "report a month: what was promised, measured, and not known"
    report = add_command(commands, "report", _report, about, as_json())
    _add_file(report)
    _add_period(report)
    _add_prometheus(report)
    about = "print an AlertmanagerConfig: who is told of alerts, when and how"
    alertmanager = add_command(commands, "alertmanager", _alertmanager, about)
    alertmanager.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a file for Alertmanager itself; without it, the default one",
    )


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="objectives; without it, the default ones",
    )


def _add_period(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--month", metavar="MONTH", help="such as 2026-11; this one by default")
    parser.add_argument("--since", metavar="DAY", help="first day, such as 2026-11-27")
    parser.add_argument("--until", metavar="DAY", help="last day; today by default")
    parser.add_argument(
        "--time-zone",
        metavar="NAME",
        help="in whose days, such as Europe/Berlin; without it, as Accounting.time_zone is in the "
        "file that GPUCOMMONS_VALUES names, or else UTC",
    )


def _add_prometheus(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prometheus",
        required=True,
        type=_address,
        metavar="URL",
        help="what has the recorded rules, such as http://prometheus-operated.monitoring.svc:9090",
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="a bearer token that may query it"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="certificates to trust instead of the system's"
    )
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        type=_label,
        metavar="NAME=VALUE",
        help="read the series with this label, where one place has those of several "
        "installations; may be repeated",
    )


def _address(text: str) -> str:
    if not is_http_server(text):
        raise argparse.ArgumentTypeError(
            "Prometheus' address must be http://HOST:PORT or https://HOST:PORT, with a path if it "
            "has one, and without user, password or query"
        )
    return text.rstrip("/")


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    readable = equals and value.isprintable()
    if not readable or not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name):
        raise argparse.ArgumentTypeError(f"{text} must be NAME=VALUE, such as cluster=gpu-1")
    if name in {"__name__", "slo"}:
        raise argparse.ArgumentTypeError(f"{name} is what the objectives say already")
    return name, value


def _report(arguments: argparse.Namespace) -> int:
    from gpucommons_config.slo.reporting import run  # noqa: PLC0415 -- see above

    return run(arguments)


def _rules(arguments: argparse.Namespace) -> int:
    from gpucommons_config.slo.objective import (  # noqa: PLC0415 -- see above
        DEFAULT_FILE,
        ObjectivesError,
        Part,
        read_objectives,
    )
    from gpucommons_config.slo.rules import rules_text  # noqa: PLC0415

    try:
        objectives = read_objectives(arguments.file or DEFAULT_FILE)
    except ObjectivesError as error:
        return fail(str(error))
    sys.stdout.write(rules_text(Part(arguments.part), objectives))
    return 0


def _alertmanager(arguments: argparse.Namespace) -> int:
    from gpucommons_config.slo.alertmanager import (  # noqa: PLC0415 -- see above
        DEFAULT_FILE,
        AlertmanagerError,
        alertmanager_text,
    )

    try:
        sys.stdout.write(alertmanager_text(arguments.file or DEFAULT_FILE))
    except AlertmanagerError as error:
        return fail(str(error))
    return 0
