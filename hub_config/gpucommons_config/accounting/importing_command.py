"""The command ``gpucommons usage import``: sessions of elsewhere come into the record.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpucommons_config.command_line import add_command, show

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers


def add_importing(commands: "Subparsers", json: argparse.ArgumentParser) -> None:
    """Add it to its group. json: what it is told besides."""
    text = "take sessions of another installation, or of before this one, into the record"
    command = add_command(commands, "import", _import, text, json)
    command.add_argument(
        "file", type=Path, metavar="FILE", help="a CSV as gpucommons usage export writes it"
    )
    command.add_argument(
        "--installation",
        metavar="NAME",
        required=True,
        help="what you call where the file is from: imported again under the same name, nothing "
        "changes",
    )
    command.add_argument("--dry-run", action="store_true", help="say what would come")
    command.add_argument("--db-url", metavar="URL", help="use this database")


def _import(arguments: argparse.Namespace) -> int:
    from gpucommons_config.accounting.service import import_usage  # noqa: PLC0415 -- see above

    said = import_usage(
        arguments.file, arguments.installation, db_url=arguments.db_url, dry_run=arguments.dry_run
    )
    if said is None:
        return 1
    show(arguments, said, _lines)
    return 0


def _lines(said: dict[str, Any]) -> Iterator[str]:
    done = "Would import" if said["dry_run"] else "Imported"
    when = f", from {said['begin'][:10]} to {said['end'][:10]} (UTC)" if said["begin"] else ""
    yield (
        f"{done} {said['sessions']} sessions of {said['people']} people in {said['teams']} teams: "
        f"{float(said['gpu_hours']):.2f} GPU-hours charged{when}."
    )
    if said["already_there"]:
        yield f"{said['already_there']} are there already, and the same."
    for product in said["not_priced"]:
        yield f"There is no price for some of {product or 'a GPU whose model is not said'}."
    if said["left_out"]:
        yield f"Left out: {said['left_out']}."
        yield from (f"  {why}" for why in said["why_left_out"])
    if said["refunds_left_out"]:
        yield (
            f"Left out: {said['refunds_left_out']} refunds. gpucommons budget refund makes them "
            "anew."
        )
