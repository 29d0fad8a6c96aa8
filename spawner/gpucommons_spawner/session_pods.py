"""The session pods of one namespace, kept fresh, with a wake-up for who waits on one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from kubespawner.spawner import PodReflector

from gpucommons_spawner.watch import Manifest, Watch


class PodChanges:
    """The latest state of one pod. ``next`` waits for a change."""

    def __init__(self) -> None:
        self._pod: Manifest | None = None
        self._changed = asyncio.Event()

    def put(self, pod: Manifest | None) -> None:
        """Take a new state; None says that the pod is gone."""
        self._pod = pod
        self._changed.set()

    async def next(self) -> Manifest | None:
        """Wait for a change and answer with the pod; changes in quick succession are one."""
        await self._changed.wait()
        self._changed.clear()
        return self._pod


class SessionPods(PodReflector):  # type: ignore[misc]  # KubeSpawner publishes no types
    """KubeSpawner's pod reflector, on a watch that neither lists again nor polls.

    KubeSpawner reads ``pods``; a spawner that waits for its pod uses ``changes_of``.
    """

    async def _list_and_update(self, resource_version: str | None = None) -> str:  # noqa: ARG002
        """Load the first list; called once by ``start`` of the base class."""
        self._waiting: dict[str, set[PodChanges]] = {}
        self._watch = Watch(
            getattr(self.api, self.list_method_name),
            self,
            self.log,
            label_selector=self.label_selector,
            **({} if self.omit_namespace else {"namespace": self.namespace}),
        )
        await self._watch.load()
        if not self.first_load_future.done():
            self.first_load_future.set_result(None)
        return ""

    async def _watch_and_update(self) -> None:
        await self._watch.run()

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list."""
        before: dict[str, Manifest] = self.pods
        self.resources = {_key(pod): pod for pod in objects}
        for key, changes in self._waiting.items():
            if key in before or key in self.resources:
                for waiting in changes:
                    waiting.put(self.resources.get(key))

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change."""
        key = _key(changed)
        if kind == "DELETED":
            self.resources.pop(key, None)
        else:
            self.resources[key] = changed
        for waiting in self._waiting.get(key, ()):
            waiting.put(self.resources.get(key))

    @contextmanager
    def changes_of(self, key: str) -> Iterator[PodChanges]:
        """Follow the pod ``namespace/name`` from now on."""
        changes = PodChanges()
        self._waiting.setdefault(key, set()).add(changes)
        try:
            yield changes
        finally:
            self._waiting[key].discard(changes)
            if not self._waiting[key]:
                del self._waiting[key]


def _key(pod: Manifest) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
