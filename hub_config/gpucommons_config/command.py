"""The ``gpucommons`` program: one command, with a group for each part."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpucommons_doctor import command as doctor
from gpucommons_doctor.probe import command as probe
from gpucommons_installer import command as installer
from gpucommons_local.errors import PlatformError
from gpucommons_people import command as people

from gpucommons_config.accounting import budget_command as budget
from gpucommons_config.accounting import command as accounting
from gpucommons_config.administration import command as administration
from gpucommons_config.backup import command as backup
from gpucommons_config.catalogue import command as catalogue
from gpucommons_config.dashboards import command as dashboards
from gpucommons_config.idle import command as idle
from gpucommons_config.slo import command as slo

if TYPE_CHECKING:
    from gpucommons_doctor.hub_values import HubValues
    from gpucommons_local.command.arguments import Subparsers

_OF_LOCAL_PLATFORM = "supervisor"
"""What no other part of ours runs with."""
_ABOUT = (
    "Run GPU Commons: the catalogue, checks of a cluster, teams and people, sessions, nodes, "
    "usage, budgets, snapshots of workspaces, objectives, dashboards, the local platform."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, 1 for an error that was reported."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except BrokenPipeError:  # the reader of the output, such as head, has enough
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 128 + signal.SIGPIPE  # as shells report it of other programs


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="gpucommons", description=_ABOUT)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    find_people_file = _add_local(commands)
    people.add_parsers(commands, _run_people, find_people_file)
    installer.add_parsers(commands)
    catalogue.add_parsers(commands)
    doctor.add_parsers(commands, _chart_contradictions)
    probe.add_parsers(commands)
    idle.add_parsers(commands, find_people_file)
    accounting.add_parsers(commands, find_people_file)
    budget.add_parsers(commands, find_people_file)
    administration.add_parsers(commands, find_people_file)
    slo.add_parsers(commands)
    dashboards.add_parsers(commands)
    people.add_backup_parsers(backup.add_parsers(commands), _run_people, find_people_file)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except PlatformError as error:
        from gpucommons_local.progress import tell_error  # noqa: PLC0415 -- slow

        tell_error(error)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was done is kept: run the same command again.\n")
        return 130
    return code


def _add_local(commands: "Subparsers") -> Callable[[], Path | None]:
    """Add the local platform's commands where its extra is installed, as it is in no image.

    Returns what finds the settings of the account commands that it has made.
    """
    if find_spec(_OF_LOCAL_PLATFORM) is None:
        return lambda: None
    from gpucommons_local import command as local  # noqa: PLC0415 -- see above

    local.add_parsers(commands, _run_local)
    return local.find_people_file


def _run_local(name: str, arguments: argparse.Namespace) -> int:
    from gpucommons_local.command.running import COMMANDS  # noqa: PLC0415 -- slow

    return COMMANDS[name](arguments)


def _run_people(arguments: argparse.Namespace) -> int:
    from gpucommons_people.operations import run  # noqa: PLC0415 -- slow

    return run(arguments)


def _chart_contradictions(values: "HubValues", catalogue: Path) -> Mapping[str, str]:
    from gpucommons_config.chart_contradictions import chart_contradictions  # noqa: PLC0415 -- slow

    return chart_contradictions(values, catalogue)


class _Version(argparse.Action):
    """Shows the version, which is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_more: Any) -> None:  # noqa: ANN401 -- argparse's
        from importlib.metadata import version  # noqa: PLC0415 -- see above

        sys.stdout.write(f"{parser.prog} {version('gpucommons')}\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
