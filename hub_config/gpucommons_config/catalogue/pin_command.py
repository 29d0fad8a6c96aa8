"""The command ``gpucommons catalogue pin``: its arguments, and what it prints.

Only what parses the arguments is imported here, and the rest once the command is chosen.
"""

import argparse
import os
import re
import sys
from pathlib import Path

ABOUT = "write into the catalogue which image each tag is now, by digest"

_TIMEOUT_S = 30.0
_LONGEST_TIMEOUT_S = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add those of the command to its parser."""
    parser.set_defaults(run=run)
    parser.add_argument("file", type=Path, metavar="FILE", help="the catalogue")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ENVIRONMENT[:VERSION]",
        help="leave all others as they are; may be repeated",
    )
    nothing = parser.add_mutually_exclusive_group()
    nothing.add_argument(
        "--dry-run", action="store_true", help="say what would change, and write nothing"
    )
    nothing.add_argument(
        "--check",
        action="store_true",
        help="as --dry-run; the exit code is 1 if something would change",
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        type=_platform,
        metavar="OS/ARCHITECTURE",
        help="warn of images that are not for it, such as linux/amd64; may be repeated",
    )
    _add_registries(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")


def _add_registries(parser: argparse.ArgumentParser) -> None:
    """Add how registries are asked."""
    parser.add_argument(
        "--authfile",
        type=Path,
        metavar="FILE",
        help=(
            "credentials, as podman or docker login write them; REGISTRY_AUTH_FILE, or else the "
            "usual files of podman and docker, unless given"
        ),
    )
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="certificates in PEM of authorities to trust besides the usual ones",
    )
    parser.add_argument(
        "--plain-http",
        action="append",
        default=[],
        type=_host,
        metavar="HOST[:PORT]",
        help="ask this registry without TLS, as those on this machine; may be repeated",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=_TIMEOUT_S,
        metavar="SECONDS",
        help="how long a registry may take for one answer (%(default)g)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Look up, and write if all is found; 1 for an error, and for what --check finds."""
    import asyncio  # noqa: PLC0415 -- see above

    from gpucommons_spawner.catalogue.file import CatalogueError  # noqa: PLC0415

    from gpucommons_config.pinning.errors import PinningError  # noqa: PLC0415
    from gpucommons_config.pinning.pin_file import Settings, look_up_file, write  # noqa: PLC0415
    from gpucommons_config.pinning.report import Report  # noqa: PLC0415

    report = Report(arguments.file)
    settings = Settings(
        only=tuple(arguments.only),
        platforms=tuple(arguments.platform),
        auth_file=arguments.authfile,
        ca_file=arguments.ca_file,
        plain=frozenset(arguments.plain_http),
        seconds=arguments.timeout,
        environment=os.environ,
    )
    try:
        found = asyncio.run(look_up_file(arguments.file, settings))
        report.found(found.looked_up)
        if report.would_write and not (arguments.dry_run or arguments.check):
            write(found)
            report.written = True
    except CatalogueError as error:
        report.failed(error.problems)
    except PinningError as error:
        report.failed_as_a_whole(str(error))
    if arguments.json:
        sys.stdout.write(f"{report.as_json()}\n")
    else:
        sys.stdout.write(report.text())
    sys.stderr.write("" if arguments.json else report.complaints())
    return 1 if report.is_failure or (arguments.check and report.would_write) else 0


def _platform(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(/[a-z0-9]+){1,2}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a platform; write OS/ARCHITECTURE, such as linux/amd64"
        )
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a registry; write HOST or HOST:PORT, as in the images' names"
        )
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_TIMEOUT_S:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time; write seconds, {_LONGEST_TIMEOUT_S:g} at most"
        )
    return seconds
