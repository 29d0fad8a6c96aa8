"""The commands ``gpucommons idle``: check the rules, run the culler, explain what it decides.

Only what reads the arguments is imported here; the rest when a command was chosen.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FindConfiguration = Callable[[], Path | None]
Run = Callable[[argparse.Namespace], int]


def add_parsers(subparsers: "Subparsers", find_config: FindConfiguration) -> None:
    """Add the commands to the program. find_config as for the account commands."""
    text = "idle sessions: rules, and what is done with them"
    group = subparsers.add_parser("idle", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    check = _add(commands, "check", _check, "find mistakes in a catalogue's idle rules, list them")
    check.add_argument("file", type=Path, metavar="FILE")
    explain = _add(commands, "explain", _explain, "tell what is decided of a session, and why")
    explain.add_argument("session", metavar="SESSION", help="NAME, or NAME/SERVER")
    explain.add_argument("--config", type=Path, metavar="FILE", help="the installation's settings")
    explain.add_argument("--json", action="store_true", help="one JSON document, for programs")
    explain.set_defaults(find_config=find_config)
    run = _add(commands, "run", _run, "run the culler; GPUCOMMONS_VALUES names its settings")
    _add_run_arguments(run)


def main() -> int:
    """Run the culler: the program ``gpucommons-idle``, which needs nothing of other commands."""
    parser = argparse.ArgumentParser(prog="gpucommons-idle", description="Run the idle culler.")
    _add_run_arguments(parser)
    return _run(parser.parse_args())


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help="write down what would be done, and do nothing"
    )
    parser.add_argument("--db-url", metavar="URL", help="another database; a dry run needs its own")
    parser.add_argument("--port", type=int, help="another port for the pages; a dry run has none")


def _add(commands: "Subparsers", name: str, run: Run, text: str) -> argparse.ArgumentParser:
    about = f"{text[0].upper()}{text[1:]}."
    parser = commands.add_parser(name, help=text, description=about)
    parser.set_defaults(run=run)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    from gpucommons_spawner.catalogue_file import (  # noqa: PLC0415 -- see above
        CatalogueError,
        load_catalogue,
    )

    from gpucommons_config.idle_overview import overview  # noqa: PLC0415

    try:
        catalogue = load_catalogue(arguments.file)
    except CatalogueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in overview(catalogue))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from gpucommons_config.idle_culler import run  # noqa: PLC0415

    if arguments.dry_run and not arguments.db_url:
        return _fail("A dry run needs a database of its own: --db-url sqlite:////tmp/dry.sqlite")
    return run(dry_run=arguments.dry_run, db_url=arguments.db_url, port=arguments.port)


def _explain(arguments: argparse.Namespace) -> int:
    import httpx  # noqa: PLC0415
    from gpucommons_people.configuration import (  # noqa: PLC0415
        find_configuration,
        read_configuration,
    )
    from gpucommons_people.errors import InputError  # noqa: PLC0415

    from gpucommons_config.idle_explain import explained, session_url  # noqa: PLC0415

    try:
        file = find_configuration(arguments.config, arguments.find_config())
        configuration = read_configuration(file)
        if configuration.hub is None:
            raise InputError(f"{file} has no hub: its token is needed to ask the culler.")
        headers = {"Authorization": f"token {configuration.hub.token()}"}
    except InputError as error:
        return _fail(str(error))
    url = session_url(configuration.address, arguments.session)
    try:
        answer = httpx.get(url, headers=headers, timeout=30.0)
    except httpx.HTTPError as error:
        return _fail(f"The idle culler at {url} does not answer: {error}")
    if not answer.is_success:
        return _fail(f"The idle culler answered {answer.status_code}: {_message(answer)}")
    said: dict[str, Any] = answer.json()
    if arguments.json:
        sys.stdout.write(f"{json.dumps(said, indent=2)}\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in explained(said))
    return 0


def _message(answer: Any) -> str:  # noqa: ANN401 -- httpx is imported when it is needed
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return str(answer.text[:200])


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1
