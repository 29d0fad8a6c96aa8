"""What the commands that ask accounting have in common.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from gpucommons_config.command_line import fail, show

if TYPE_CHECKING:
    import httpx

    from gpucommons_config.service_client import Service


def ask(
    arguments: argparse.Namespace,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Mapping[str, str] | None = None,
    *,
    service: "Service | None" = None,
    into: BinaryIO | None = None,
) -> "httpx.Response | None":
    """Call accounting's API as the account commands' service; None after what failed was said.

    into: a file for an answer that may be long.
    """
    from gpucommons_contract import ACCOUNTING_SERVICE  # noqa: PLC0415 -- see above
    from gpucommons_people.errors import PeopleError  # noqa: PLC0415

    from gpucommons_config.service_client import ACCOUNTING, ServiceClient  # noqa: PLC0415

    try:
        client = ServiceClient(
            arguments.config, arguments.find_config(), ACCOUNTING_SERVICE, service or ACCOUNTING
        )
        return client.ask(method, path, query, body, into)
    except PeopleError as error:
        fail(str(error))
        return None


def print_answer(
    arguments: argparse.Namespace,
    answer: "httpx.Response | None",
    lines: Callable[[dict[str, Any]], Iterator[str]],
) -> int:
    """Print what was answered; returns the exit code."""
    if answer is None:
        return 1
    show(arguments, answer.json(), lines)
    return 0
