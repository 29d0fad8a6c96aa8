"""The ``gpucommons`` program: one command, with a group for each part."""

import argparse
import sys
from collections.abc import Sequence

from gpucommons_local import command as local
from gpucommons_local.command import find_people_file
from gpucommons_local.errors import PlatformError
from gpucommons_local.progress import tell_error
from gpucommons_people import command as people

from gpucommons_config import catalogue_command as catalogue
from gpucommons_config import idle_command as idle


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, 1 for an error that was told."""
    parser = argparse.ArgumentParser(prog="gpucommons", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    local.add_parsers(commands)
    people.add_parsers(commands, find_people_file)
    catalogue.add_parsers(commands)
    idle.add_parsers(commands, find_people_file)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except PlatformError as error:
        tell_error(error)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was done is kept: run the same command again.\n")
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
