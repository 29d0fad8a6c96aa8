"""The session pods of all teams, kept fresh, with a wake-up for who waits on one."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from gpucommons_contract.labels import PREFIX

from gpucommons_spawner.pod_outcome import is_over
from gpucommons_spawner.watch import Manifest
from gpucommons_spawner.watch_reflector import WatchReflector
from gpucommons_spawner.why_ended import why_ended

START = PREFIX + "start"
"""Annotation that tells the pod of one start from an earlier one of the same name."""


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

    KubeSpawner reads ``pods``; a spawner that waits for its pod uses ``changes_of``.
    """

    kind = "pods"
    _waiting: ClassVar[dict[str, PodChanges]] = {}
    """By the start that is waited for. One for all: KubeSpawner may put another in our place."""

    _followers: ClassVar[dict[str, Callable[[str], None]]] = {}
    """By pod: who wants to hear why it is taken away. One for all, as above."""

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
        self.resources = {_key(pod): pod for pod in objects}
        for pod in objects:
            self._note_end(pod)
            self._tell(pod, pod)

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change."""
        if kind == "ADDED":
            self.ended.pop(_key(changed), None)
        self._note_end(changed)
        if kind == "DELETED":
            self.resources.pop(_key(changed), None)
            self._tell(changed, None)
        else:
            self.resources[_key(changed)] = changed
            self._tell(changed, changed)

    @contextmanager
    def changes_of(self, start: str) -> Iterator[PodChanges]:
        """Follow, from now on, the pod whose annotation names this start."""
        changes = self._waiting[start] = PodChanges()
        try:
            yield changes
        finally:
            del self._waiting[start]

    def follow_end(self, pod: str, told: Callable[[str], None] | None) -> None:
        """Have ``told`` called once with the reason if this pod is taken away while it runs.

        ``pod`` is ``namespace/name``; None ends it.
        """
        if told:
            self._followers[pod] = told
        else:
            self._followers.pop(pod, None)

    def _note_end(self, pod: Manifest) -> None:
        if not (sentence := why_ended(pod)):
            return
        key = _key(pod)
        told = None if key in self.ended or is_over(pod) else self._followers.get(key)
        self.ended[key] = sentence
        if told:
            told(sentence)

    def _tell(self, pod: Manifest, state: Manifest | None) -> None:
        start = pod["metadata"].get("annotations", {}).get(START)
        if waiting := self._waiting.get(start):
            waiting.put(state)


def _key(pod: Manifest) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
