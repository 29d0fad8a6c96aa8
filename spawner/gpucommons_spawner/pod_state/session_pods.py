"""The session pods of all teams and their events, kept fresh, with a wake-up for whoever waits."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from gpucommons_contract import NAMESPACE_PREFIX

from gpucommons_spawner.kubernetes.manifest import Manifest, key_of, version_of
from gpucommons_spawner.kubernetes.reflector import WatchReflector
from gpucommons_spawner.pod_state.pod import is_over, start_of
from gpucommons_spawner.pod_state.pod_end import why_ended


class PodChanges:
    """The latest state of one start's pod. ``next`` waits for a change."""

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


class SessionPods(WatchReflector):
    """All session pods by ``namespace/name``.

    KubeSpawner reads ``pods``; a spawner that waits for its pod uses ``changes_of``. Who follows
    a pod that runs enters in ``when_ending`` or ``when_changed`` what is to be called, by the pod's
    key, and takes it out again.
    """

    kind = "pods"
    _waiting: ClassVar[dict[str, PodChanges]] = {}
    """By the start that is waited for. One for all: KubeSpawner may put another in our place."""

    when_ending: ClassVar[dict[str, Callable[[str], None]]] = {}
    """Called once, with the reason, if the pod is taken away while it runs. One for all, too."""
    when_changed: ClassVar[dict[str, Callable[[], None]]] = {}
    """Called at every change of the pod, its deletion and absence included. One for all, too."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.ended: dict[str, str] = {}
        """Why the last session under a name ended, until its spawner takes the sentence over."""
        super().__init__(*args, **kwargs)

    @property
    def pods(self) -> dict[str, Manifest]:
        """The pods, by ``namespace/name``."""
        found: dict[str, Manifest] = self.resources
        return found

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list. Who waits is told of a deletion by ``update`` only:
        a list from the API server's cache may be older than the pod.
        """
        before, self.resources = self.pods, {key_of(pod): pod for pod in objects}
        for pod in objects:
            self._note_end(pod)
            self._tell(pod, pod)
        super().replace(objects)
        for key, look in list(self.when_changed.items()):
            if version_of(before.get(key)) != version_of(self.pods.get(key)):
                look()

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change."""
        if kind == "ADDED":
            self.ended.pop(key_of(changed), None)
        self._note_end(changed)
        if kind == "DELETED":
            self.resources.pop(key_of(changed), None)
            self._tell(changed, None)
        else:
            self.resources[key_of(changed)] = changed
            self._tell(changed, changed)
        if look := self.when_changed.get(key_of(changed)):
            look()

    @contextmanager
    def changes_of(self, start: str) -> Iterator[PodChanges]:
        """Follow, from now on, the pod whose annotation names this start."""
        changes = self._waiting[start] = PodChanges()
        try:
            yield changes
        finally:
            del self._waiting[start]

    def _note_end(self, pod: Manifest) -> None:
        if not (sentence := why_ended(pod)):
            return
        key = key_of(pod)
        told = None if key in self.ended or is_over(pod) else self.when_ending.get(key)
        self.ended[key] = sentence
        if told:
            told(sentence)

    def _tell(self, pod: Manifest, state: Manifest | None) -> None:
        if waiting := self._waiting.get(start_of(pod)):
            waiting.put(state)


class SessionEvents(WatchReflector):
    """Events of pods in teams' namespaces. Those of other namespaces are dropped at once:
    a busy cluster has tens of thousands.
    """

    kind = "events"

    def __init__(self, *args: object, **kwargs: object) -> None:
        self._by_pod: dict[str, dict[str, Manifest]] = {}
        super().__init__(*args, **kwargs)

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list."""
        self._by_pod = {}
        for event in objects:
            self.update("ADDED", event)
        super().replace(objects)

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change. Kubernetes deletes events when they are an hour old."""
        pod = changed["involvedObject"]
        if not pod.get("namespace", "").startswith(NAMESPACE_PREFIX):
            return
        key, name = f"{pod['namespace']}/{pod.get('name')}", changed["metadata"]["name"]
        if kind != "DELETED":
            self._by_pod.setdefault(key, {})[name] = changed
            return
        events = self._by_pod.get(key, {})
        events.pop(name, None)
        if not events:
            self._by_pod.pop(key, None)

    def of(self, key: str) -> list[Manifest]:
        """List the events of the pod ``namespace/name``, oldest first."""
        return sorted(self._by_pod.get(key, {}).values(), key=_time)


def _time(event: Manifest) -> str:
    return event.get("lastTimestamp") or event.get("eventTime") or ""
