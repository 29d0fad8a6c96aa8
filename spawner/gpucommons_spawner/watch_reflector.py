"""KubeSpawner's reflector for all namespaces, on a watch that neither lists again nor polls."""

import asyncio

from kubespawner.reflector import ResourceReflector

from gpucommons_spawner.watch import Manifest, Watch


class WatchReflector(ResourceReflector):  # type: ignore[misc]  # KubeSpawner publishes no types
    """The base of what the hub follows for its sessions: one watch, whatever the teams."""

    omit_namespace = True

    async def _list_and_update(self, resource_version: str | None = None) -> str:  # noqa: ARG002
        """Load the first list; called once by ``start`` of the base class."""
        self._watch = Watch(
            getattr(self.api, self.list_method_name),
            self,
            self.log,
            label_selector=self.label_selector,
            field_selector=self.field_selector,
        )
        await self._watch.load()
        if not self.first_load_future.done():
            self.first_load_future.set_result(None)
        return ""

    async def _watch_and_update(self) -> None:
        """Follow until stopped. As in the base class, that is no error to who waits for it."""
        try:
            await self._watch.run()
        except asyncio.CancelledError:
            if not self._stopping:
                raise

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list."""
        raise NotImplementedError

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change; kind is ``ADDED``, ``MODIFIED`` or ``DELETED``."""
        raise NotImplementedError
