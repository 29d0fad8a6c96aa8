"""The commands ``gpucommons slo``: rules for Prometheus, of objectives.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_config.command_line import add_command, fail

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the commands to the program."""
    text = "make rules for Prometheus of what people may rely on"
    group = subparsers.add_parser("slo", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    about = "print a PrometheusRule: how much fails, and alerts where that is too much"
    rules = add_command(commands, "rules", _rules, about)
    rules.add_argument(
        "part", choices=["hub", "accounting"], metavar="PART", help="by whose metrics it is known"
    )
    rules.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="objectives; without it, the default ones",
    )


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
