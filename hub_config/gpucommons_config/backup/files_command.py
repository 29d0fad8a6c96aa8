"""The command ``gpucommons backup serve``: the service that gives people earlier files.

Only what parses the arguments is imported here, and the rest once the command is chosen.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(commands: "Subparsers") -> None:
    """Add the command to those of ``gpucommons backup``."""
    text = "run the service that gives people earlier versions of their files"
    parser = commands.add_parser("serve", help=text, description=f"{text.capitalize()}.")
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="settings of the service"
    )
    parser.add_argument("--port", type=int, help="port to listen on, instead of that of the file")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 -- see above

    from gpucommons_backup.errors import BackupError  # noqa: PLC0415
    from gpucommons_backup.service.server import serve  # noqa: PLC0415
    from gpucommons_backup.service.settings import read_settings  # noqa: PLC0415
    from gpucommons_upkeep.logs import begin_logs  # noqa: PLC0415

    # It logs addresses with their queries, in which names of files are.
    begin_logs("earlier-files", quiet=["tornado.access"])
    try:
        settings = read_settings(arguments.config)
        if arguments.port is not None:
            settings = settings.model_copy(update={"port": arguments.port})
        asyncio.run(serve(settings))
    except BackupError as error:
        sys.stderr.write(f"gpucommons: {error}\n")
        return 1
    return 0
