"""KubeSpawner that costs next to nothing while its sessions run.

Nothing here knows of catalogues or GPUs; it could live in KubeSpawner itself. Beside it:

- pods and events come from two watches that list once, whatever the namespaces; KubeSpawner
  has two for each namespace, and lists all again every ten seconds,
- a session whose pod has not changed is not judged again,
- a session whose node was lost counts as gone.
"""

from datetime import UTC, datetime
from typing import Any

from kubespawner import KubeSpawner

from gpucommons_spawner.pod_outcome import is_lost, is_over
from gpucommons_spawner.session_events import SessionEvents
from gpucommons_spawner.session_pods import SessionPods
from gpucommons_spawner.watch import Manifest


class WatchingSpawner(KubeSpawner):  # type: ignore[misc]  # KubeSpawner publishes no types
    """Knows its pod and its events from what the hub follows for all sessions."""

    _polled: Manifest | None = None
    """The pod as it was when it was last found to be well."""

    @property
    def events(self) -> list[Manifest]:
        """What was told of this pod since the last start, oldest first."""
        reflector = self.event_reflector
        events = reflector.of(self._pod_key) if reflector else []
        names = [event["metadata"]["uid"] for event in events]
        return events[names.index(self._last_event) + 1 :] if self._last_event in names else events

    @property
    def _pod_key(self) -> str:
        return f"{self.namespace}/{self.pod_name}"

    def _seen_pod(self) -> Manifest | None:
        """The pod of this name as the watch has it, if there is one."""
        reflector = self.pod_reflector
        pod: Manifest | None = reflector.pods.get(self._pod_key) if reflector else None
        return pod

    def _get_reflector_key(self, kind: str) -> tuple[str, None]:
        """One reflector of a kind for all namespaces."""
        return (kind, None)

    async def _start_reflector(self, kind: str, **settings: Any) -> Any:  # noqa: ANN401 -- untyped
        """Forget a reflector that could not be started: the next call tries again."""
        try:
            return await super()._start_reflector(kind=kind, **settings)
        except Exception:
            failed = self.reflectors.pop(self._get_reflector_key(kind), None)
            if failed and failed.first_load_future.done():
                failed.first_load_future.exception()  # so that asyncio knows it was not lost
            raise

    async def _start_watching_pods(self, replace: bool = False) -> SessionPods:
        pods: SessionPods = await self._start_reflector(
            kind=SessionPods.kind,
            reflector_class=SessionPods,
            labels={"component": self.component_label},
            replace=replace,
        )
        return pods

    async def _start_watching_events(self, replace: bool = False) -> SessionEvents:
        events: SessionEvents = await self._start_reflector(
            kind=SessionEvents.kind,
            reflector_class=SessionEvents,
            fields={"involvedObject.kind": "Pod"},
            replace=replace,
        )
        return events

    async def poll(self) -> int | None:
        """Tell whether the session runs; None if it does.

        Of a pod that has not changed, nothing is read again. KubeSpawner asks the container
        alone, which on a node that was lost runs for ever.
        """
        pod = self._seen_pod()
        if pod is not None and pod is self._polled:
            return None
        status = await self._status()
        well = status is None and pod is not None and self.is_pod_running(pod)
        self._polled = pod if well else None
        return status

    async def _status(self) -> int | None:
        await self._start_watching_pods()
        pod = self._seen_pod()
        if pod and is_over(pod):
            if self.delete_stopped_pods:
                await self.stop(now=True)
            return 1
        if pod and is_lost(pod, datetime.now(UTC)):
            return 1
        status: int | None = await super().poll()
        return status

    @property
    def ready(self) -> bool:
        """Whether the session can be used. JupyterHub asks it of all at every start."""
        return not self.pending and self._has_server()

    @property
    def active(self) -> bool:
        """Whether the session can be used, or something is going on with it."""
        return bool(self.pending) or self._has_server()

    def _has_server(self) -> bool:
        known = self.orm_spawner
        return (known.server if known else self._server) is not None
