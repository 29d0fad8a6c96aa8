"""KubeSpawner's reflector for all namespaces, on a watch that neither lists again nor polls."""

import asyncio
import math
from typing import Any, TypeVar

from gpucommons_upkeep.watch import Watch
from kubespawner.reflector import ResourceReflector

from gpucommons_spawner.kubernetes.manifest import Manifest

_LIST_SECONDS = 5.0
"""How long somebody waits for the first list; it takes milliseconds."""
_LOOK_SECONDS = 0.2
"""How often they look. While the hub is busy with other things, it does not look, nor count."""


class WatchReflector(ResourceReflector):  # type: ignore[misc]  # KubeSpawner publishes no types
    """The base of what the hub follows for its sessions: one watch, whatever the teams.

    It begins once and goes on, also while there is no API server: who needs the first list
    waits for ``first_load_future``.
    """

    omit_namespace = True
    _watch: Watch | None = None

    @property
    def fresh(self) -> bool:
        """Whether there was a list, and what changed since then is known."""
        loaded = self.first_load_future.done()
        return bool(loaded and self._watch and self._watch.fresh)

    async def start(self) -> None:
        """Begin to follow. Whether there is an API server shows later."""
        self._watch = Watch(
            getattr(self.api, self.list_method_name),
            self,
            self.log,
            label_selector=self.label_selector,
            field_selector=self.field_selector,
        )
        self.watch_task = asyncio.create_task(self._watch_and_update())

    async def _watch_and_update(self) -> None:
        """Follow until stopped. As in the base class, that is no error for who waits."""
        assert self._watch
        try:
            await self._watch.run()
        except asyncio.CancelledError:
            if not self._stopping:
                raise

    def replace(self, objects: list[Manifest]) -> None:  # noqa: ARG002 -- for subclasses
        """Take a complete list. A subclass calls this last."""
        if not self.first_load_future.done():
            self.first_load_future.set_result(None)

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change; kind is ``ADDED``, ``MODIFIED`` or ``DELETED``."""
        raise NotImplementedError


_Reflector = TypeVar("_Reflector", bound=WatchReflector)


async def followed(
    spawner: Any,  # noqa: ANN401 -- a KubeSpawner
    kind: type[_Reflector],
    **selectors: object,
) -> _Reflector:
    """Begin to follow, once for the hub, and wait for the first list.

    selectors: ``labels`` or ``fields``, as of KubeSpawner's reflector. Raises TimeoutError if the
    list does not come soon. The reflector keeps trying.
    """
    key = spawner._get_reflector_key(kind.kind)
    if key not in spawner.reflectors:
        log = getattr(spawner, "hub_log", spawner.log)  # what it logs is of no one session
        reflector = kind(parent=spawner, namespace=spawner.namespace, log=log, **selectors)
        await reflector.start()  # suspends nowhere, so that nobody else begins one meanwhile
        spawner.reflectors[key] = reflector
    found: _Reflector = spawner.reflectors[key]
    await _loaded(found.first_load_future)
    return found


async def _loaded(first_list: asyncio.Future[None]) -> None:
    """Wait for a list, and not for a hub that is busy: two hundred starts keep it so for seconds.

    Raises TimeoutError, and what the list raises.
    """
    for _ in range(math.ceil(_LIST_SECONDS / _LOOK_SECONDS)):
        await asyncio.wait((first_list,), timeout=_LOOK_SECONDS)
        if first_list.done():
            first_list.result()
            return
    raise TimeoutError
