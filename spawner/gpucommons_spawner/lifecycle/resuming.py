"""A start that was under way when the hub ended goes on when the hub is back.

At its start the hub looks at every session and stops those that do not answer within half a
minute. A pod that waits in the queue, or for its image, is no such session: the limits of a
start apply to it, from when the pod was made or has left the queue. Nor is one that was up
before: the network may not let the new hub in yet, or the session may be busy. It is ended
when its pod is gone, and not for its silence.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Protocol

from gpucommons_upkeep import Backoff

from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.pod_api import NotKnownError
from gpucommons_spawner.lifecycle.last_end import LastEnd
from gpucommons_spawner.lifecycle.start_wait import NotStartedError, StartTimeouts, until_running
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod import start_of
from gpucommons_spawner.pod_state.queue import stage_since
from gpucommons_spawner.pod_state.session_pods import SessionPods

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
_LOOK_SECONDS = 0.5
_NOT_RUNNING = 1
"""An exit code, as ``poll`` returns one."""
_NO_RELEASE = SimpleNamespace(headers={})
"""What JupyterHub reads of an answer: of which release the session is. It does not say."""


class _Spawner(Protocol):
    watched_pod: WatchedPod
    last_end: LastEnd
    server: Any
    log: logging.Logger
    _log_name: str
    _check_pending: bool
    _spawn_pending: bool
    _spawn_future: "asyncio.Future[None] | None"
    """JupyterHub's, or ours where a start goes on: done when people can get in."""
    _start_future: "asyncio.Future[Any] | None"

    @property
    def pod_reflector(self) -> SessionPods | None: ...
    @property
    def start_timeouts(self) -> StartTimeouts: ...
    def is_pod_running(self, pod: Manifest) -> bool: ...
    def explained(self, reason: str) -> str: ...
    def when_up(self) -> None: ...
    async def poll(self) -> int | None: ...


class Resumption:
    """What is done about one session when the hub starts."""

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner

    async def poll(self, look: Callable[[], Awaitable[int | None]]) -> int | None:
        """Wait for a session that was starting when the hub ended, then take a look."""
        try:
            pod = await self._found_pod()
        except NotKnownError:
            self._bear_silence()
            return None
        starting = pod is not None and _is_starting(pod)
        if pod is not None and starting:
            if not await self._goes_on(pod):
                return _NOT_RUNNING
            self._spawner.when_up()
        status = await look()
        if status is None and not starting:
            self._bear_silence()
        return status

    async def _found_pod(self) -> Manifest | None:
        """Return the pod as the hub finds it; None if there is none. Raises NotKnownError.

        Of a start that had not come to an address there is nothing else to go by: it is waited
        for until the API server says how it is.
        """
        spawner = self._spawner
        backoff = Backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        while True:
            try:
                return await spawner.watched_pod.known()
            except Exception as error:  # whatever it is, it is no answer
                why = f"{error}" or type(error).__name__
                spawner.watched_pod.note_doubt(why)
                if spawner.server is None or spawner.server.ip or not spawner._check_pending:
                    raise NotKnownError(why) from error
            await asyncio.sleep(backoff.pause())

    def _bear_silence(self) -> None:
        """Have JupyterHub go on with a session that does not answer its first look.

        It would stop it, and delete its pod.
        """
        spawner = self._spawner
        server = spawner.server
        usual = server.wait_up

        async def patient(**query: object) -> object:
            try:
                return await usual(**query)
            except Exception as error:  # of sockets, TLS or HTTP: it is no answer of the session
                if await spawner.poll() is not None:
                    raise TimeoutError(f"{spawner._log_name} is gone") from error
                spawner.log.warning(
                    "%s does not answer at %s, and is kept: its pod is not known to have ended",
                    spawner._log_name,
                    server.url,
                )
                return _NO_RELEASE
            finally:
                server.wait_up = usual

        server.wait_up = patient

    async def _goes_on(self, pod: Manifest) -> bool:
        """Wait until the pod runs, and show JupyterHub a start that goes on.

        False if the start is given up; then the person reads why.
        """
        spawner, pods = self._spawner, self._spawner.pod_reflector
        assert pods is not None  # the pod was looked for there
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        spawner._spawn_future = spawner._start_future = task = asyncio.create_task(
            self._until_checked(over)
        )
        task.add_done_callback(self._settle)
        spawner._spawn_pending = True
        try:
            with pods.changes_of(start_of(pod)) as changes:
                changes.put(pod)
                await until_running(changes, spawner.start_timeouts, waited=_seconds_since(pod))
        except NotStartedError as error:
            if not await self._runs_after_all(over):
                if over.cancelled():
                    await self._until_stopped()
                else:
                    self._give_up(over, spawner.explained(str(error)))
                return False
            spawner.log.warning("%s is kept: its pod is not known not to run", spawner._log_name)
            self._bear_silence()
        finally:
            if not over.done():
                over.set_result(None)
        spawner._spawn_pending = False
        return True

    async def _runs_after_all(self, over: "asyncio.Future[None]") -> bool:
        """Whether the session runs, by the API server itself: what is watched may be old.

        A session that was up before does unless the API server says no. One that had not come to
        an address is waited for until the API server says how it is, or the start is cancelled.
        """
        spawner = self._spawner
        backoff = Backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        while spawner.server is not None and not over.cancelled():
            try:
                pod = await spawner.watched_pod.read()
            except NotKnownError as error:
                spawner.watched_pod.note_doubt(str(error))
                if spawner.server.ip:
                    return True
                await asyncio.sleep(backoff.pause())
                continue
            if pod is None or not spawner.is_pod_running(pod):
                return False
            if spawner.pod_reflector:  # where it runs is read there
                spawner.pod_reflector.update("MODIFIED", pod)
            return True
        return False

    def _give_up(self, over: "asyncio.Future[None]", reason: str) -> None:
        spawner = self._spawner
        spawner.last_end.note(reason)
        spawner.log.warning("the start of %s is given up: %s", spawner._log_name, reason)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        over.set_exception(SpawnRefusedError(reason, kind="unschedulable", status=status))

    def _settle(self, start: "asyncio.Future[None]") -> None:
        """End the start as JupyterHub ends one of its own: only a failure is kept, for pages.

        Whoever cancels it stops it a second later, which a pending check would not allow.
        """
        spawner = self._spawner
        spawner._spawn_pending = False
        if start.cancelled():
            spawner._check_pending = False
        if start.cancelled() or start.exception() is None:
            spawner._spawn_future = None

    async def _until_stopped(self) -> None:
        """Wait until whoever cancelled the start has stopped it: once is enough."""
        while self._spawner.server is not None:  # noqa: ASYNC110 -- JupyterHub sets it silently
            await asyncio.sleep(_LOOK_SECONDS)

    async def _until_checked(self, over: "asyncio.Future[None]") -> None:
        """End when JupyterHub has found out whether the session answers, or as the start did."""
        await over
        while self._spawner._check_pending:  # noqa: ASYNC110 -- JupyterHub sets it silently
            await asyncio.sleep(_LOOK_SECONDS)


def _is_starting(pod: Manifest) -> bool:
    """Whether it is the pod of a start that goes on."""
    return bool(start_of(pod)) and pod.get("status", {}).get("phase") == "Pending"


def _seconds_since(pod: Manifest) -> float:
    since = stage_since(pod)
    return max(0.0, (datetime.now(UTC) - since).total_seconds()) if since else 0.0
