"""What viewers of the picker are told, as text: counted once for each change and person."""

import json
from collections.abc import Callable, Hashable

from gpucommons_spawner.availability import PersonState
from gpucommons_spawner.selection import Person


class Told:
    """Remembers what was told since the last change. One for the hub."""

    def __init__(self) -> None:
        self._stamp: Hashable = None
        self._texts: dict[tuple[Person, str], str] = {}

    def text(
        self, stamp: Hashable, person: Person, server: str, state: Callable[[], PersonState]
    ) -> str:
        """Answer the state as JSON; it is asked for only if the stamp or the person is new."""
        if stamp != self._stamp:
            self._stamp, self._texts = stamp, {}
        key = (person, server)
        if key not in self._texts:
            self._texts[key] = json.dumps(state().as_json())
        return self._texts[key]
