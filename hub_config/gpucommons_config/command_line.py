"""What the commands have in common that ask a part of the hub.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FindConfiguration = Callable[[], Path | None]


def add_command(
    commands: "Subparsers",
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *parents: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add one command to a group."""
    about = f"{text[0].upper()}{text[1:]}."
    parser = commands.add_parser(name, help=text, description=about, parents=parents)
    parser.set_defaults(run=run)
    return parser


def asking(find_config: FindConfiguration) -> argparse.ArgumentParser:
    """Return what every command that asks is told. find_config as for accounts."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config", type=Path, metavar="FILE", help="the installation's settings")
    parser.set_defaults(find_config=find_config)
    return parser


def as_json() -> argparse.ArgumentParser:
    """Return how an answer is asked for as JSON."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")
    return parser


def show(
    arguments: argparse.Namespace,
    said: Any,  # noqa: ANN401 -- JSON
    lines: Callable[[Any], Iterable[str]],
) -> None:
    """Print what was answered, as JSON or in lines."""
    if arguments.json:
        sys.stdout.write(f"{json.dumps(said, indent=2)}\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines(said))


def fail(message: str) -> int:
    """Say what failed; returns the exit code."""
    sys.stderr.write(f"{message}\n")
    return 1
