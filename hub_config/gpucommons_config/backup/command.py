"""The commands ``gpucommons backup``: run what takes snapshots, and what gives files of them.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_config.backup import files_command as files
from gpucommons_config.backup import recovery_command as recovery

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_PORT = 10105


def add_parsers(subparsers: "Subparsers") -> "Subparsers":
    """Add the commands to the program; returns their group, to which other parts add theirs."""
    text = "take snapshots of workspaces, and give people files of them"
    group = subparsers.add_parser("backup", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    text = "run the controller that takes them in the cluster"
    run = commands.add_parser("run", help=text, description=f"{text.capitalize()}.")
    run.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="its settings, backup.yaml"
    )
    run.add_argument(
        "--port", type=int, default=_PORT, help=f"port of metrics and health, {_PORT} by default"
    )
    run.set_defaults(run=_run)
    files.add_parser(commands)
    recovery.add_parsers(commands)
    return commands


def _run(arguments: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 -- see above

    from gpucommons_backup import BackupError  # noqa: PLC0415
    from gpucommons_backup.controller.service import serve  # noqa: PLC0415
    from gpucommons_upkeep.logs import begin_logs  # noqa: PLC0415

    begin_logs("backup")
    try:
        asyncio.run(serve(arguments.config, arguments.port, logging.getLogger("gpucommons.backup")))
    except (BackupError, OSError) as error:
        sys.stderr.write(f"gpucommons: {error}\n")
        return 1
    return 0
