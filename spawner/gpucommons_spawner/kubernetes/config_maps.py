"""What the account commands tell the hub by ConfigMaps, as a watch of them finds it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from traitlets.log import get_logger

from gpucommons_spawner.kubernetes.manifest import Manifest

_Item = TypeVar("_Item")


class ConfigMaps(Generic[_Item]):
    """All of one kind, read, by the names of their ConfigMaps; a `Sink` for their watch.

    One that cannot be read counts for nothing, and the log says so.
    """

    def __init__(self, kind: str, read: Callable[[str, Mapping[str, str]], _Item]) -> None:
        """``kind`` names one for the log; ``read`` raises ValueError on what it cannot read."""
        self._kind, self._read = kind, read
        self.items: dict[str, _Item] = {}
        self.changes = 0
        """How often something was heard."""
        self.known = asyncio.Event()
        """Set once there was a complete list."""

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list of ConfigMaps."""
        self.items = {}
        self.changes += 1
        for each in objects:
            self.update("ADDED", each)
        self.known.set()

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change of a ConfigMap."""
        self.changes += 1
        name = changed["metadata"]["name"]
        self.items.pop(name, None)
        if kind == "DELETED":
            return
        try:
            self.items[name] = self._read(name, changed.get("data") or {})
        except ValueError as error:
            get_logger().warning("%s %s is ignored: %s", self._kind, name, error)
