"""KubeSpawner that wakes up when its pod changes, and says why a pod does not run.

Nothing here knows of catalogues or GPUs; it could live in KubeSpawner itself. Beside it:

- pods and events come from two watches that list once, whatever the namespaces; KubeSpawner
  has two for each namespace, and lists all again every ten seconds,
- a pod is given up when no node can take it, or when it cannot ever run; KubeSpawner
  waits until ``start_timeout`` and then gives no reason,
- a create request that was slow to answer does not delete the pod that it made.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from kubernetes_asyncio.client import ApiException, V1Pod
from kubespawner import KubeSpawner
from traitlets import Float, default

from gpucommons_spawner.kubernetes_refusal import is_webhook_away, refusal_of
from gpucommons_spawner.pod_outcome import describe
from gpucommons_spawner.refusal import Refusal
from gpucommons_spawner.session_events import SessionEvents
from gpucommons_spawner.session_pods import START, SessionPods
from gpucommons_spawner.starting import (
    NotStartedError,
    Patience,
    until_answering,
    until_running,
)
from gpucommons_spawner.watch import Manifest


class PromptSpawner(KubeSpawner):  # type: ignore[misc]  # KubeSpawner publishes no types
    """Starts pods without waiting longer than they need."""

    unschedulable_timeout = Float(
        10,
        config=True,
        help="""
        Seconds after which a session that no node can take, or whose image cannot be
        fetched, is given up, with the reason. Ten are enough for a volume to be made on a
        cluster of fixed size. Where nodes are added on demand, set what that takes, such
        as 600, and ``start_timeout`` above it.
        """,
    )

    _start_id = ""

    @default("k8s_api_request_timeout")  # type: ignore[untyped-decorator]
    def _request_timeout_default(self) -> int:
        """Thirty seconds: under load an API server may take longer than KubeSpawner's three."""
        return 30

    @default("k8s_api_request_retry_timeout")  # type: ignore[untyped-decorator]
    def _retry_timeout_default(self) -> int:
        return 60

    async def get_pod_manifest(self) -> V1Pod:
        """Mark the pod as the one of this start."""
        pod = await super().get_pod_manifest()
        pod.metadata.annotations[START] = self._start_id
        return pod

    async def progress(self) -> AsyncIterator[Manifest]:
        """Tell what happens in words; each thing once, however often Kubernetes repeats it."""
        told = ""
        async for event in super().progress():
            if "raw_event" in event:
                event["message"] = describe(event["raw_event"])
            if event["message"] != told:
                told = event["message"]
                yield event

    @property
    def place(self) -> str:
        """Where this session runs, in words."""
        return f"namespace {self.namespace}"

    def explained(self, reason: str) -> str:
        """Add to the reason why a pod does not run what is known beside it."""
        return reason

    @property
    def patience(self) -> Patience:
        """How long a start may take. JupyterHub has ``start_timeout``, and says so when it ends."""
        return Patience(stuck=self.unschedulable_timeout)

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

    def _get_reflector_key(self, kind: str) -> tuple[str, None]:
        """One reflector of a kind for all namespaces."""
        return (kind, None)

    async def _start_reflector(self, kind: str, **settings: Any) -> Any:  # noqa: ANN401 -- untyped
        """Forget a reflector that could not be started: the next call tries again."""
        try:
            return await super()._start_reflector(kind=kind, **settings)
        except Exception:
            self.reflectors.pop(self._get_reflector_key(kind), None)
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

    async def _start(self) -> str:
        """Start the pod and answer with its URL.

        Raises Refusal with a sentence for the person when it will not run.
        """
        self._start_id = uuid.uuid4().hex
        try:
            return await self._start_and_watch()
        except NotStartedError as error:
            await self.stop(now=True)
            raise Refusal(
                self.explained(str(error)),
                kind="unschedulable",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            ) from error
        except ApiException as error:
            raise refusal_of(error, self.place) from error

    async def _start_and_watch(self) -> str:
        """Take KubeSpawner's steps, but end their last wait as soon as the pod runs."""
        pods = await self._start_watching_pods()
        with pods.changes_of(self._start_id) as changes:
            steps = asyncio.create_task(super()._start())
            running = asyncio.create_task(until_running(changes, self.patience))
            try:
                await asyncio.wait((steps, running), return_when=asyncio.FIRST_COMPLETED)
                pod = running.result() if running.done() else None
                if pod is None or self._more_than_a_pod():
                    url: str = await steps
                else:
                    self.pod_id = pod["metadata"]["uid"]
                    url = self._get_pod_url(pod)
            finally:
                await _cancel(steps, running)
        await until_answering(url, lambda: pods.pods.get(self._pod_key))
        return url

    async def _make_create_pod_request(self, pod: V1Pod, request_timeout: float) -> bool:
        """Create the pod; False asks the caller to try again.

        A pod of this start that is there already was made by an attempt whose
        answer came too late: that is a success. Any other is in the way.
        """
        try:
            async with asyncio.timeout(request_timeout):
                await self.api.create_namespaced_pod(self.namespace, pod)
        except TimeoutError:
            return False
        except ApiException as error:
            if is_webhook_away(error):
                self.log.warning("a webhook that has to see the pod is away; trying again")
                return False
            if error.status != HTTPStatus.CONFLICT:
                raise
            if await self._exists_already():
                return True
            self.log.info("pod %s of an earlier session is in the way; deleting it", self.pod_name)
            await self.stop(now=True)
            return False
        return True

    async def _exists_already(self) -> bool:
        try:
            found = await self.api.read_namespaced_pod(self.pod_name, self.namespace)
        except ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return bool((found.metadata.annotations or {}).get(START) == self._start_id)

    def _more_than_a_pod(self) -> bool:
        """Tell whether KubeSpawner has something to do after the pod was created."""
        return bool(self.internal_ssl or self.services_enabled or self.after_pod_created_hook)


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
