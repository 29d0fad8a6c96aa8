"""What Kubernetes tells of the pods of all teams, found by pod."""

from gpucommons_contract import NAMESPACE_PREFIX

from gpucommons_spawner.watch import Manifest
from gpucommons_spawner.watch_reflector import WatchReflector


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
