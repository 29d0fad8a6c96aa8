"""The account commands of an administrator, against a real service behind a real proxy."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from gpucommons_people.clients.files import Files
from gpucommons_people.people import People

from tests.unit.people.memory import World as Installation

from .files_hub import PEOPLE_TOKEN, FilesHub

_Result = TypeVar("_Result")


class Administrator:
    """Gives commands; the notices that stand are in memory, and so is what the cluster has."""

    def __init__(self, hub: FilesHub, folder: Path) -> None:
        self._hub = hub
        self._installation = Installation(folder)
        self.token = PEOPLE_TOKEN

    def do(self, what: Callable[[People], Awaitable[_Result]]) -> _Result:
        async def call() -> _Result:
            async with Files.open(self._hub.url, lambda: self.token) as files:
                return await what(People(replace(self._installation.it, files=files)))

        return asyncio.run(call())

    def audit(self) -> list[dict[str, Any]]:
        return [json.loads(each) for each in self._installation.log.read_text().splitlines()]
