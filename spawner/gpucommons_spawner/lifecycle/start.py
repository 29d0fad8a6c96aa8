"""One start of a session: its turn, its pod, and what is done when it comes to nothing.

- A pod is given up when no node can take it, or when it cannot ever run; KubeSpawner waits until
  ``start_timeout`` and then gives no reason.
- A start that Kubernetes does not answer is turned down with a sentence, and its pod, if there is
  one after all, is not waited for.
- When many start at once, they wait for their turn and are shown their place.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp
from gpucommons_contract.words import phrase
from kubernetes_asyncio.client import ApiException
from sqlalchemy.exc import SQLAlchemyError

from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.pod_api import NotKnownError
from gpucommons_spawner.kubernetes.refusal import no_answer, refusal_of
from gpucommons_spawner.lifecycle.creation import FoundError, PodCreation
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.start_gate import StartGate, waiting_for_turn
from gpucommons_spawner.lifecycle.start_wait import (
    NotStartedError,
    StartTimeouts,
    until_answering,
    until_running,
)
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod import start_of
from gpucommons_spawner.pod_state.session_pod import TOKEN, variable
from gpucommons_spawner.pod_state.session_pods import PodChanges, SessionPods

LOOK_SECONDS = 0.5
"""How often memory is looked at for somebody who watches a start."""
_SLOT_SECONDS = 5.0
_GONE_SECONDS = 30
"""Within which a pod that is deleted without grace is known to be gone."""
_NO_ANSWER = (aiohttp.ClientError, TimeoutError, OSError, NotKnownError)
"""What a start meets while the API server is away."""

_NO_DATABASE = phrase(
    "The hub's database does not answer, so nothing can be started now. Try again soon."
)


class _Spawner(Protocol):
    api: Any
    namespace: str
    pod_name: str
    pod_id: str
    dns_name: str
    dns_name_template: str
    api_token: str
    delete_grace_period: int
    internal_ssl: bool
    services_enabled: bool
    after_pod_created_hook: object
    start_slots: int
    start_gate: StartGate
    adopts: Manifest | None
    parts: tuple[SessionPart, ...]
    watched_pod: WatchedPod
    log: logging.Logger
    _log_name: str

    @property
    def settled(self) -> bool: ...
    @property
    def place(self) -> str: ...
    @property
    def start_timeouts(self) -> StartTimeouts: ...
    async def _start_watching_pods(self) -> SessionPods: ...
    def _get_pod_url(self, pod: Manifest) -> str: ...
    def is_forgotten(self, pod: Manifest) -> bool: ...
    def take_over(self, pod: Manifest) -> str: ...
    def explained(self, reason: str) -> str: ...
    def leave_behind(self) -> None: ...


class Start:
    """One start. One with an empty ID is none: the hub has started nothing for this server yet."""

    def __init__(self, spawner: _Spawner, start_id: str = "") -> None:
        self._spawner = spawner
        self.id = start_id
        """What tells its pod from an earlier one of the same name."""
        self.given_up = False
        """Whether it came to nothing, and nobody is to wait for its pod."""
        self.creation = PodCreation(spawner, start_id)
        self._ticket = spawner.start_gate.ticket() if start_id else 0
        self._turn = asyncio.Event()
        if not start_id:
            self._turn.set()

    async def run(self, steps: Callable[[], Awaitable[str]]) -> str:
        """Start the pod by KubeSpawner's ``steps``, and return its URL.

        Raises SpawnRefusedError with a sentence for the person when it will not run.
        """
        spawner = self._spawner
        try:
            return await self._start_or_go_on(steps)
        except NotStartedError as error:
            await self.take_back()
            raise SpawnRefusedError(
                spawner.explained(str(error)),
                kind="unschedulable",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            ) from error
        except ApiException as error:
            self._give_up()
            raise refusal_of(error, spawner.place) from error
        except _NO_ANSWER as error:
            self._give_up()
            raise no_answer(error, in_the_way=self.creation.in_the_way) from error
        except SQLAlchemyError as error:
            self._give_up()
            raise SpawnRefusedError(
                _NO_DATABASE, kind="database", status=HTTPStatus.SERVICE_UNAVAILABLE
            ) from error
        except BaseException:
            self.given_up = not self.creation.asked_for  # then there is nothing to be stopped
            raise
        finally:
            self._leave_gate()

    @property
    def pod(self) -> Manifest | None:
        """Its pod, if it was seen already; without an ID any of the server."""
        pod = self._spawner.watched_pod.seen
        if pod is None or not self.id or start_of(pod) == self.id:
            return pod
        return None

    # Its turn

    async def wait_for_turn(self) -> None:
        """Wait until fewer than ``start_slots`` starts are under way."""
        await self._spawner.start_gate.enter(self._ticket, self._spawner.start_slots)
        self._turn.set()
        asyncio.get_running_loop().call_later(_SLOT_SECONDS, self._leave_gate)

    async def waits_for_turn(self) -> AsyncIterator[str]:
        """Give its place among those who wait for their turn, again and again, until it comes."""
        while not (self._turn.is_set() or self._spawner.settled):
            ahead = self._spawner.start_gate.ahead(self._ticket)
            if ahead is not None:
                yield waiting_for_turn(ahead)
            await asyncio.sleep(LOOK_SECONDS)

    def _leave_gate(self) -> None:
        self._spawner.start_gate.leave(self._ticket, self._spawner.start_slots)

    # Its pod

    async def _start_or_go_on(self, steps: Callable[[], Awaitable[str]]) -> str:
        """Start a pod, unless a session of this server runs that the hub has lost."""
        spawner = self._spawner
        pods = await spawner._start_watching_pods()
        found = spawner.adopts or self._forgotten(pods)
        if found is None:
            try:
                return await self._start_and_watch(steps)
            except FoundError as error:
                found = error.pod
        return spawner.take_over(found)

    def go_on_with(self, pod: Manifest) -> str:
        """Be the start of a session that runs already, and return its URL.

        JupyterHub then takes its token for valid, as it does for every server that brings one.
        """
        spawner, metadata = self._spawner, pod["metadata"]
        where, name = metadata["namespace"], metadata["name"]
        spawner.log.warning("%s goes on with its session in pod %s", spawner._log_name, name)
        self.id, spawner.pod_id = start_of(pod), metadata["uid"]
        spawner.namespace, spawner.pod_name = where, name
        spawner.dns_name = spawner.dns_name_template.format(namespace=where, name=name)
        spawner.api_token = variable(pod, TOKEN)
        return spawner._get_pod_url(pod)

    def _forgotten(self, pods: SessionPods) -> Manifest | None:
        """Find the pod of a session of this server that the hub has lost, if one is seen.

        By its name first, which costs little: there may be thousands.
        """
        name = self._spawner.pod_name
        mine = (pod for pod in pods.pods.values() if pod["metadata"]["name"] == name)
        return next((pod for pod in mine if self._spawner.is_forgotten(pod)), None)

    async def _start_and_watch(self, steps: Callable[[], Awaitable[str]]) -> str:
        """Take KubeSpawner's steps, but end their last wait as soon as the pod runs."""
        spawner = self._spawner
        pods = await spawner._start_watching_pods()
        with pods.changes_of(self.id) as changes:
            making = asyncio.ensure_future(steps())
            running = asyncio.create_task(self._until_running(changes))
            try:
                await asyncio.wait((making, running), return_when=asyncio.FIRST_COMPLETED)
                pod = running.result() if running.done() else None
                if pod is None or self._more_than_a_pod():
                    url = await making
                else:
                    spawner.pod_id = pod["metadata"]["uid"]
                    url = spawner._get_pod_url(pod)
            finally:
                await _cancel(making, running)
        await until_answering(url, lambda: pods.pods.get(spawner.watched_pod.key))
        return url

    async def _until_running(self, changes: PodChanges) -> Manifest:
        """Wait for the turn, then for the pod. Raises NotStartedError as ``until_running`` does."""
        await self._turn.wait()
        return await until_running(changes, self._spawner.start_timeouts)

    def _more_than_a_pod(self) -> bool:
        """Whether KubeSpawner has something to do after the pod was created."""
        spawner = self._spawner
        return bool(
            spawner.internal_ssl or spawner.services_enabled or spawner.after_pod_created_hook
        )

    # When it comes to nothing

    async def take_back(self) -> None:
        """Delete the pod of a start that is given up. The person reads of the start, not of this.

        Nobody may say that it is gone: the API server may be away.
        """
        for part in self._spawner.parts:
            part.given_up(self.pod)
        try:
            async with asyncio.timeout(_GONE_SECONDS):
                await self._spawner.watched_pod.until_gone(grace=0)
        except TimeoutError:
            name = self._spawner._log_name
            self._spawner.log.warning("nobody said that the pod of %s is gone", name)
            self._give_up()
        else:
            self.given_up = True

    def _give_up(self) -> None:
        """Turn the person down now; if there may be a pod, it is looked for."""
        self.given_up = True
        if self.creation.asked_for:
            self._spawner.leave_behind()


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
