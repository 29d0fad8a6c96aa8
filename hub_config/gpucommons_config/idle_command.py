"""The commands ``gpucommons idle``: check the rules, run the culler, explain what it decides.

Only what reads the arguments is imported here; the rest when a command was chosen.
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
Run = Callable[[argparse.Namespace], int]


def add_parsers(subparsers: "Subparsers", find_config: FindConfiguration) -> None:
    """Add the commands to the program. find_config as for the account commands."""
    text = "idle sessions: rules, and what is done with them"
    group = subparsers.add_parser("idle", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    check = _add(commands, "check", _check, "find mistakes in a catalogue's idle rules, list them")
    check.add_argument("file", type=Path, metavar="FILE")
    asking = argparse.ArgumentParser(add_help=False)
    asking.add_argument("--config", type=Path, metavar="FILE", help="the installation's settings")
    asking.add_argument("--json", action="store_true", help="one JSON document, for programs")
    asking.set_defaults(find_config=find_config)
    explain = _add(
        commands, "explain", _explain, "tell what is decided of a session, and why", asking
    )
    explain.add_argument("session", metavar="SESSION", help="NAME, or NAME/SERVER")
    exempt = _add(commands, "exempt", _exempt, "let somebody's idle sessions be for a time", asking)
    whom = exempt.add_mutually_exclusive_group(required=True)
    whom.add_argument("--user", metavar="NAME", help="all sessions of a person")
    whom.add_argument("--team", metavar="NAME", help="all sessions of a team")
    whom.add_argument("--session", metavar="NAME/SERVER", help="one session")
    exempt.add_argument("--until", required=True, metavar="DAY", help="such as 2027-01-31")
    exempt.add_argument("--reason", required=True, metavar="TEXT", help="people read it")
    _add(commands, "exemptions", _exemptions, "list the exemptions that stand", asking)
    end = _add(commands, "unexempt", _unexempt, "end an exemption before its time", asking)
    end.add_argument("number", type=int, metavar="NUMBER", help="as exemptions lists it")
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


def _add(
    commands: "Subparsers",
    name: str,
    run: Run,
    text: str,
    parent: argparse.ArgumentParser | None = None,
) -> argparse.ArgumentParser:
    about = f"{text[0].upper()}{text[1:]}."
    parents = [parent] if parent else []
    parser = commands.add_parser(name, help=text, description=about, parents=parents)
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
    from gpucommons_config.idle_explain import explained, session_path  # noqa: PLC0415

    return _ask(arguments, "GET", session_path(arguments.session), explained)


def _exempt(arguments: argparse.Namespace) -> int:
    scopes = {name: getattr(arguments, name) for name in ("user", "team", "session")}
    scope, name = next((scope, name) for scope, name in scopes.items() if name)
    body = {
        "scope": scope,
        "name": name,
        "until": arguments.until,
        "reason": arguments.reason,
    }
    return _ask(arguments, "POST", "exemptions", lambda said: [_exemption_line(said)], body)


def _exemptions(arguments: argparse.Namespace) -> int:
    def listed(said: dict[str, Any]) -> list[str]:
        return [_exemption_line(each) for each in said["exemptions"]] or ["Nobody is exempt."]

    return _ask(arguments, "GET", "exemptions", listed)


def _unexempt(arguments: argparse.Namespace) -> int:
    def ended(_said: dict[str, Any]) -> list[str]:
        return [f"Exemption {arguments.number} is ended."]

    return _ask(arguments, "DELETE", f"exemptions/{arguments.number}", ended)


def _exemption_line(said: dict[str, Any]) -> str:
    return (
        f"{said['number']}: {said['scope']} {said['name']} until {said['until']}, "
        f"by {said['by']}: {said['reason']}"
    )


def _ask(
    arguments: argparse.Namespace,
    method: str,
    path: str,
    lines: Callable[[dict[str, Any]], Iterable[str]],
    body: dict[str, str] | None = None,
) -> int:
    """Call the culler's API as the account commands' service, and write its answer in lines."""
    import httpx  # noqa: PLC0415 -- see above
    from gpucommons_contract import IDLE_SERVICE  # noqa: PLC0415
    from gpucommons_people.configuration import (  # noqa: PLC0415
        find_configuration,
        read_configuration,
    )
    from gpucommons_people.errors import InputError  # noqa: PLC0415

    try:
        file = find_configuration(arguments.config, arguments.find_config())
        configuration = read_configuration(file)
        if configuration.hub is None:
            raise InputError(f"{file} has no hub: its token is needed to ask the culler.")
        headers = {"Authorization": f"token {configuration.hub.token()}"}
    except InputError as error:
        return _fail(str(error))
    url = f"{configuration.address.rstrip('/')}/services/{IDLE_SERVICE}/api/{path}"
    try:
        answer = httpx.request(method, url, headers=headers, json=body, timeout=30.0)
    except httpx.HTTPError as error:
        return _fail(f"The idle culler at {url} does not answer: {error}")
    if not answer.is_success:
        return _fail(f"The idle culler answered {answer.status_code}: {_message(answer)}")
    said: dict[str, Any] = answer.json() if answer.content else {}
    if arguments.json:
        sys.stdout.write(f"{json.dumps(said, indent=2)}\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines(said))
    return 0


def _message(answer: Any) -> str:  # noqa: ANN401 -- httpx is imported when it is needed
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return str(answer.text[:200])


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1
