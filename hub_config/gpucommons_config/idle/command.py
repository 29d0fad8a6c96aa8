"""The commands ``gpucommons idle``: check the rules, run the culler, explain its decisions.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpucommons_config.command_line import (
    FindConfiguration,
    add_command,
    as_json,
    asking,
    fail,
    show,
)

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers


def add_parsers(subparsers: "Subparsers", find_config: FindConfiguration) -> None:
    """Add the commands to the program. find_config as for the account commands."""
    text = "check idle rules, explain decisions, manage exemptions"
    group = subparsers.add_parser("idle", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    common = (asking(find_config), as_json())
    check = add_command(
        commands,
        "check",
        _check,
        "show a catalogue's idle rules, or what the culler cannot measure",
        *common,
    )
    check.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="the catalogue; without it, ask the running culler what it cannot measure",
    )
    explain = add_command(
        commands, "explain", _explain, "show what is decided about a session, and why", *common
    )
    explain.add_argument("session", metavar="SESSION", help="NAME, or NAME/SERVER")
    exempt = add_command(
        commands, "exempt", _exempt, "exempt sessions from the idle rules for a time", *common
    )
    whom = exempt.add_mutually_exclusive_group(required=True)
    whom.add_argument("--user", metavar="NAME", help="all sessions of a person")
    whom.add_argument("--team", metavar="NAME", help="all sessions of a team")
    whom.add_argument("--session", metavar="NAME/SERVER", help="one session")
    exempt.add_argument("--until", required=True, metavar="DAY", help="such as 2027-01-31")
    exempt.add_argument(
        "--reason", required=True, metavar="TEXT", help="shown to the people it concerns"
    )
    add_command(commands, "exemptions", _exemptions, "list the exemptions in force", *common)
    end = add_command(commands, "unexempt", _unexempt, "end an exemption before its time", *common)
    end.add_argument(
        "number", type=int, metavar="NUMBER", help="as listed by: gpucommons idle exemptions"
    )
    run = add_command(
        commands, "run", _run, "run the culler with the settings that GPUCOMMONS_VALUES names"
    )
    _add_run_arguments(run)


def main() -> int:
    """Run the culler: the program ``gpucommons-idle``, which needs none of the other commands."""
    parser = argparse.ArgumentParser(prog="gpucommons-idle", description="Run the idle culler.")
    _add_run_arguments(parser)
    return _run(parser.parse_args())


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only record what would be done")
    parser.add_argument(
        "--db-url", metavar="URL", help="use this database; a dry run needs its own"
    )
    parser.add_argument(
        "--lease", metavar="NAME", help="Lease by which replicas agree on the one that acts"
    )
    parser.add_argument("--port", type=int, help="port for the pages; a dry run has none")


def _check(arguments: argparse.Namespace) -> int:
    if arguments.file is None:
        return _check_running(arguments)
    from gpucommons_spawner.catalogue.environment import utc_today  # noqa: PLC0415
    from gpucommons_spawner.catalogue.file import (  # noqa: PLC0415 -- see above
        CatalogueError,
        checked_catalogue,
    )

    from gpucommons_config.idle.rules import overview  # noqa: PLC0415

    try:
        catalogue = checked_catalogue(arguments.file, utc_today()).catalogue
    except CatalogueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in overview(catalogue))
    return 0


def _check_running(arguments: argparse.Namespace) -> int:
    found: list[str] = []

    def lines(said: dict[str, Any]) -> list[str]:
        found.extend(said["troubles"])
        return found or ["The culler can measure everything that it needs."]

    asked = _ask(arguments, "GET", "troubles", lines)
    return 1 if found else asked


def _run(arguments: argparse.Namespace) -> int:
    from gpucommons_config.idle.service import run  # noqa: PLC0415

    if arguments.dry_run and not arguments.db_url:
        return fail("A dry run needs a database of its own: --db-url sqlite:////tmp/dry.sqlite")
    return run(
        dry_run=arguments.dry_run,
        db_url=arguments.db_url,
        port=arguments.port,
        lease=arguments.lease,
    )


def _explain(arguments: argparse.Namespace) -> int:
    from gpucommons_config.idle.explain import explained, session_path  # noqa: PLC0415

    try:
        session = _normal_name("session", arguments.session)
    except ValueError as error:
        return fail(str(error))
    return _ask(arguments, "GET", session_path(session), explained)


def _exempt(arguments: argparse.Namespace) -> int:
    scopes = {name: getattr(arguments, name) for name in ("user", "team", "session")}
    scope, name = next((scope, name) for scope, name in scopes.items() if name is not None)
    try:
        name = _normal_name(scope, name)
    except ValueError as error:
        return fail(str(error))
    body = {
        "scope": scope,
        "name": name,
        "until": arguments.until,
        "reason": arguments.reason,
    }

    def made(said: dict[str, Any]) -> list[str]:
        return [_exemption_line(said), *filter(None, [said.get("warning")])]

    return _ask(arguments, "POST", "exemptions", made, body)


def _normal_name(scope: str, name: str) -> str:
    """Return a name as the hub knows it: a person, a team, or NAME/SERVER. Raises ValueError."""
    from gpucommons_contract import is_team_name, user_name  # noqa: PLC0415 -- see above

    if scope == "team":
        if not is_team_name(name):
            raise ValueError(f"{name} cannot be a team: a to z, 0 to 9, hyphens; 40 at most")
        return name
    user, slash, server = name.partition("/")
    return f"{user_name(user)}{slash}{server}" if scope == "session" else user_name(name)


def _exemptions(arguments: argparse.Namespace) -> int:
    def listed(said: dict[str, Any]) -> list[str]:
        return [_exemption_line(each) for each in said["exemptions"]] or ["Nobody is exempt."]

    return _ask(arguments, "GET", "exemptions", listed)


def _unexempt(arguments: argparse.Namespace) -> int:
    def ended(_said: dict[str, Any]) -> list[str]:
        return [f"Exemption {arguments.number} has ended."]

    return _ask(arguments, "DELETE", f"exemptions/{arguments.number}", ended)


def _exemption_line(said: dict[str, Any]) -> str:
    from datetime import datetime  # noqa: PLC0415 -- see above

    from gpucommons_contract.formats.wording import moment  # noqa: PLC0415

    until = moment(datetime.fromisoformat(said["until"]))
    return (
        f"{said['number']}: {said['scope']} {said['name']} until {until}, "
        f"by {said['by']}: {said['reason']}"
    )


def _ask(
    arguments: argparse.Namespace,
    method: str,
    path: str,
    lines: Callable[[dict[str, Any]], Iterable[str]],
    body: dict[str, str] | None = None,
) -> int:
    """Call the culler's API as the account commands' service, and print its response in lines."""
    from gpucommons_contract import IDLE_SERVICE  # noqa: PLC0415 -- see above
    from gpucommons_people.errors import PeopleError  # noqa: PLC0415

    from gpucommons_config.idle.client import ask  # noqa: PLC0415
    from gpucommons_config.service_client import configured_hub, message_of  # noqa: PLC0415

    try:
        address, hub = configured_hub(arguments.config, arguments.find_config(), "the culler")
        url = f"{address}/services/{IDLE_SERVICE}/api/{path}"
        answer = ask(method, url, hub.token(), body, trusted=hub.trusted())
    except PeopleError as error:
        return fail(str(error))
    if not answer.is_success:
        return fail(f"The idle culler answered {answer.status_code}: {message_of(answer)}")
    show(arguments, answer.json() if answer.content else {}, lines)
    return 0
