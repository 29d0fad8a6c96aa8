"""The commands ``gpucommons dashboards``: what Grafana shows of the platform.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_config.command_line import add_command, fail

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers

_SDK = "grafana_foundation_sdk"
_NEEDS_SDK = (
    "Dashboards are made with grafana-foundation-sdk: install gpucommons[dashboards]. Those of "
    "this version are also in cluster/monitoring/dashboards, ready to be used."
)


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the commands to the program."""
    text = "make dashboards for Grafana"
    group = subparsers.add_parser("dashboards", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    about = "write each dashboard as JSON, with a kustomization.yaml for Grafana's sidecar"
    writing = add_command(commands, "write", _write, about)
    writing.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where; files of the same names are replaced"
    )


def _write(arguments: argparse.Namespace) -> int:
    if find_spec(_SDK) is None:
        return fail(_NEEDS_SDK)
    from gpucommons_config.dashboards.every import DASHBOARDS  # noqa: PLC0415 -- see above
    from gpucommons_config.dashboards.folder import write  # noqa: PLC0415

    try:
        written = write(arguments.folder, DASHBOARDS)
    except OSError as error:
        return fail(f"{arguments.folder}: {error.strerror or error}")
    sys.stdout.writelines(f"{file}\n" for file in written)
    return 0
