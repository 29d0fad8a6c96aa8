"""KubeSpawner that wakes up when its pod changes, and says why a pod does not run.

Nothing here knows of catalogues or GPUs; it could live in KubeSpawner itself. Beside it:

- a pod is given up when no node can take it, or when it cannot ever run; KubeSpawner
  waits until ``start_timeout`` and then gives no reason,
- a create request that was slow to answer does not delete the pod that it made,
- when many start at once, they wait for their turn and are told their place; JupyterHub's
  ``concurrent_spawn_limit`` turns people away instead, and should be 0.
"""

import asyncio
import functools
import uuid
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, ClassVar

import aiohttp
from kubernetes_asyncio.client import ApiException, V1Pod
from kubernetes_asyncio.client.rest import RESTResponse
from traitlets import Float, Integer, default

from gpucommons_spawner.kubernetes_refusal import is_webhook_away, refusal_of
from gpucommons_spawner.pod_outcome import describe
from gpucommons_spawner.refusal import Refusal
from gpucommons_spawner.session_pods import START, PodChanges
from gpucommons_spawner.start_gate import StartGate, waiting_for_turn
from gpucommons_spawner.starting import (
    NotStartedError,
    Patience,
    until_answering,
    until_running,
)
from gpucommons_spawner.watch import Manifest
from gpucommons_spawner.watching_spawner import WatchingSpawner

LOOK_SECONDS = 0.5
"""How often memory is looked at for somebody who watches a start."""
_SLOT_SECONDS = 5.0
_LONGEST_TURN_SECONDS = 60 * 60
_GONE_SECONDS = 30
"""Within which a pod that is deleted without grace is known to be gone."""
_WAITING_PROGRESS = 10


class PromptSpawner(WatchingSpawner):
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

    start_slots = Integer(
        32,
        config=True,
        help="""
        How many starts the hub has under way at once; 0 is no limit. The others wait for their
        turn, in the order in which they came, and ``start_timeout`` begins after that. A start
        has a slot until its session answers, but no longer than five seconds, so that one that
        fetches a large image keeps nobody waiting. Leave ``JupyterHub.concurrent_spawn_limit``
        at 0.
        """,
    )
    start_timeout: int

    _gate: ClassVar[StartGate] = StartGate()
    _ticket = 0
    _turn: asyncio.Event | None = None
    """Set when the last start that was asked for has its turn."""
    _start_id = ""
    _own_start_timeout: int | None = None

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

    def start(self) -> Any:  # noqa: ANN401 -- a future, of an untyped package
        """Start. JupyterHub reads ``start_timeout`` afterwards: its clock must not end a wait.

        ``_start`` keeps the limit that was set, from the moment that the pod may go on.
        """
        if self._own_start_timeout is None:
            self._own_start_timeout = self.start_timeout
        self.start_timeout = self._own_start_timeout + self.longest_wait
        self._turn = asyncio.Event()
        return super().start()

    @property
    def longest_wait(self) -> int:
        """Seconds that a start may wait before it is under way."""
        return _LONGEST_TURN_SECONDS

    async def load_user_options(self) -> None:
        """Take KubeSpawner's step, then wait for the turn."""
        await super().load_user_options()
        await self.wait_for_turn()

    async def wait_for_turn(self) -> None:
        """Wait until fewer than ``start_slots`` starts are under way."""
        await self._gate.enter(self._ticket, self.start_slots)
        if self._turn:
            self._turn.set()
        leave = functools.partial(self._gate.leave, self._ticket, self.start_slots)
        asyncio.get_running_loop().call_later(_SLOT_SECONDS, leave)

    async def waits_told(self) -> AsyncIterator[str]:
        """Give a sentence again and again while the start waits for something."""
        while self._turn and not (self._turn.is_set() or self.settled):
            ahead = self._gate.ahead(self._ticket)
            if ahead is not None:
                yield waiting_for_turn(ahead)
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def settled(self) -> bool:
        """Whether the start has come to its end, good or bad."""
        return bool(self._spawn_future and self._spawn_future.done())

    async def progress(self) -> AsyncIterator[Manifest]:
        """Tell what happens in words; each thing once, however often Kubernetes repeats it."""
        told = ""
        async for message in self.waits_told():
            if message != told:
                told = message
                yield {"progress": _WAITING_PROGRESS, "message": message}
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
        """How long a start may take, once it is under way."""
        starting = float(self._own_start_timeout or self.start_timeout)
        return Patience(stuck=self.unschedulable_timeout, starting=starting)

    async def _start(self) -> str:
        """Start the pod and answer with its URL.

        Raises Refusal with a sentence for the person when it will not run.
        """
        self._start_id = uuid.uuid4().hex
        self._ticket = self._gate.ticket()
        try:
            return await self._start_and_watch()
        except NotStartedError as error:
            await self._take_back()
            raise Refusal(
                self.explained(str(error)),
                kind="unschedulable",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            ) from error
        except ApiException as error:
            raise refusal_of(error, self.place) from error
        finally:
            self._gate.leave(self._ticket, self.start_slots)
            if self._own_start_timeout is not None:  # KubeSpawner's stop goes by it, too
                self.start_timeout = self._own_start_timeout

    async def _start_and_watch(self) -> str:
        """Take KubeSpawner's steps, but end their last wait as soon as the pod runs."""
        pods = await self._start_watching_pods()
        with pods.changes_of(self._start_id) as changes:
            steps = asyncio.create_task(super()._start())
            running = asyncio.create_task(self._until_running(changes))
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

    async def _until_running(self, changes: PodChanges) -> Manifest:
        """Wait for the turn, then for the pod. Raises NotStartedError as ``until_running`` does."""
        if self._turn:
            await self._turn.wait()
        return await until_running(changes, self.patience)

    async def _take_back(self) -> None:
        """Delete the pod of a start that is given up. The person is told of the start, not of this.

        KubeSpawner waits as long as ``start_timeout`` to be told that the pod is gone. Nobody may
        tell it: the watch may be away.
        """
        self.start_timeout = _GONE_SECONDS
        try:
            await self.stop(now=True)
        except (TimeoutError, ApiException, aiohttp.ClientError) as error:
            self.log.warning("nobody said that the pod of %s is gone: %s", self._log_name, error)

    async def _make_create_pod_request(self, pod: V1Pod, request_timeout: float) -> bool:
        """Create the pod; False asks the caller to try again.

        A pod of this start that is there already was made by an attempt whose
        answer came too late: that is a success. Any other is in the way.
        """
        try:
            async with asyncio.timeout(request_timeout):
                await self._create(pod)
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

    async def _create(self, pod: V1Pod) -> None:
        """Create the pod. The answer is not read: the watch tells of the pod anyway."""
        answer = await self.api.create_namespaced_pod(self.namespace, pod, _preload_content=False)
        try:
            if not answer.ok:
                raise ApiException(http_resp=RESTResponse(answer, await answer.read()))
        finally:
            answer.close()

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
