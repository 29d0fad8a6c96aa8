"""The commands ``gpucommons usage forget`` and ``forgotten``: names of people who left.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gpucommons_config.accounting.calls import ask, print_answer
from gpucommons_config.command_line import add_command, fail

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers


def add_erasing(
    commands: "Subparsers", asks: argparse.ArgumentParser, json: argparse.ArgumentParser
) -> None:
    """Add them to their group. asks, json: what they are told besides."""
    text = "replace the name of somebody who left by a pseudonym, before its time"
    forget = add_command(commands, "forget", _forget, text, asks, json)
    forget.add_argument("person", metavar="EMAIL", help="the user name")
    forget.add_argument(
        "--reason", metavar="TEXT", required=True, help="why, without the name; it stays on record"
    )
    forget.add_argument("--dry-run", action="store_true", help="say what names them")
    said = "list who had people forgotten, and why"
    add_command(commands, "forgotten", _forgotten, said, asks, json)


def _forget(arguments: argparse.Namespace) -> int:
    from gpucommons_people.errors import InputError  # noqa: PLC0415 -- see above
    from gpucommons_people.names import user_name  # noqa: PLC0415

    from gpucommons_config.service_client import ERASURES  # noqa: PLC0415

    try:
        person = user_name(arguments.person)
    except InputError as error:
        return fail(str(error))
    body = {"person": person, "reason": arguments.reason}
    body |= {"dry_run": "yes"} if arguments.dry_run else {}
    answer = ask(arguments, "POST", "erasures", {}, body, service=ERASURES)

    def lines(said: dict[str, Any]) -> Iterator[str]:
        named = ", ".join(f"{what} ({count})" for what, count in sorted(said["names"].items()))
        if arguments.dry_run:
            yield f"Would replace {person} in {named or 'the list of people'}."
        else:
            yield f"{person} is being replaced in {named or 'the list of people'}."
            yield "It takes a few minutes. Copies of the database keep the name; see the docs."

    return print_answer(arguments, answer, lines)


def _forgotten(arguments: argparse.Namespace) -> int:
    def lines(said: dict[str, Any]) -> Iterator[str]:
        for each in said["erasures"]:
            yield f"{each['at'][:16].replace('T', ' ')} UTC  by {each['by']}: {each['reason']}"
        if not said["erasures"]:
            yield "Nobody was forgotten on request."

    return print_answer(arguments, ask(arguments, "GET", "erasures", {}), lines)
