"""The operations of the account commands, as a portal calls them from Python."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gpucommons_people.clients.patience import Patience
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.people import People

Operation = Callable[[People], Awaitable[Any]]


def operations(
    configuration: Configuration,
    who: str = "ops",
    patience: Patience = Patience(),  # noqa: B008 -- frozen
) -> Callable[[Operation], Any]:
    """Answer what does one operation: ``do(lambda people: people.list_teams())``."""

    async def run(operation: Operation) -> Any:
        async with People.open(configuration, who=who, patience=patience) as people:
            return await operation(people)

    return lambda operation: asyncio.run(run(operation))
