"""The pod of one server: as the watch shows it and, where that is not enough, as the API server
says. Only the API server can say that a pod is gone.

A stop that somebody asked for is over when the API server says so, however long it is away.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from gpucommons_upkeep import Backoff

from gpucommons_spawner.kubernetes.manifest import Manifest, version_of
from gpucommons_spawner.kubernetes.pod_api import NotKnownError, delete_pod, read_pod
from gpucommons_spawner.pod_state.pod import exit_code, is_lost, is_over, is_told, start_of

_LOOK_SECONDS = 0.2
_ASK_SECONDS = 5.0
"""After which, at the longest, the API server is asked for a pod that the watch does not end."""
_LONGEST_PAUSE_SECONDS = 30.0
_OVER = 1
"""An exit code, as ``poll`` returns one, of a session that is gone."""


class _Pods(Protocol):
    """What the hub follows of pods: `SessionPods`."""

    pods: dict[str, Manifest]
    first_load_future: "asyncio.Future[None]"

    def update(self, kind: str, changed: Manifest) -> None: ...


class _Spawner(Protocol):
    api: Any
    namespace: str
    pod_name: str
    delete_stopped_pods: bool
    orm_spawner: Any
    log: logging.Logger
    _log_name: str

    @property
    def _last_start(self) -> str: ...
    @property
    def pod_reflector(self) -> _Pods | None: ...
    async def _start_watching_pods(self) -> object: ...
    def is_pod_running(self, pod: Manifest) -> bool: ...


class WatchedPod:
    """What is known of the pod of one server, and of its end."""

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner
        self._well: tuple[str, str] | None = None
        """The version of the pod that was last found to be well."""
        self._doubt = ""
        """Why nothing is known of the session; empty if that is not so."""

    @property
    def key(self) -> str:
        """Name it in the cluster."""
        return f"{self._spawner.namespace}/{self._spawner.pod_name}"

    @property
    def seen(self) -> Manifest | None:
        """The pod of this name as the watch has it, if there is one."""
        reflector = self._spawner.pod_reflector
        return reflector.pods.get(self.key) if reflector else None

    async def known(self) -> Manifest | None:
        """Return the pod; None if the API server says that there is none.

        That a list lacks it is no such answer: it may be empty, cut, or from an old cache. Nor is
        an earlier pod of its name. Raises NotKnownError.
        """
        try:
            await self._spawner._start_watching_pods()
        except TimeoutError:
            self._spawner.log.debug("there is no list of pods; asking for %s", self.key)
        if (pod := self.seen) and self._is_of_this_start(pod):
            return pod
        pod = await self.read()
        if pod and not self._is_of_this_start(pod):
            record = self._spawner.orm_spawner
            if record and record.started:
                _demand_later(pod, record.started.replace(tzinfo=UTC))
        reflector = self._spawner.pod_reflector
        if pod and reflector and reflector.first_load_future.done():
            reflector.update("MODIFIED", pod)
        return pod

    def _is_of_this_start(self, pod: Manifest) -> bool:
        """Whether it is not an earlier pod of the same name: a list may be from an old cache."""
        return start_of(pod) == self._spawner._last_start

    async def read(self) -> Manifest | None:
        """Ask the API server for the pod. Raises NotKnownError."""
        return await read_pod(self._spawner.api, self._spawner.namespace, self._spawner.pod_name)

    async def poll(self, usual: Callable[[], Awaitable[int | None]]) -> int | None:
        """Return whether the session runs; None if it does, or if nobody can say now.

        JupyterHub forgets a session that is not running, and takes an exception for that, too.
        Of a pod that has not changed, nothing is read again. KubeSpawner's ``usual`` poll asks
        the container alone, which on a node that was lost runs for ever.
        """
        if self.is_well:
            return None
        try:
            status = await self._status(usual)
        except Exception as error:  # whatever it is, it is no answer
            self.note_doubt(f"{error}" or type(error).__name__)
            return None
        self.note_doubt("")
        pod = self.seen
        well = status is None and pod is not None and self._spawner.is_pod_running(pod)
        self._well = version_of(pod) if well else None
        return status

    @property
    def is_well(self) -> bool:
        """Whether the last look found that the session runs, and nothing has changed since."""
        return self._well is not None and self._well == version_of(self.seen)

    async def _status(self, usual: Callable[[], Awaitable[int | None]]) -> int | None:
        pod = await self.known()
        if pod is None:
            return _OVER
        code = _OVER if is_over(pod) else exit_code(pod)
        if code is not None:
            if self._spawner.delete_stopped_pods:
                await self._tidy_away(pod)
            return code
        if is_lost(pod, datetime.now(UTC)):
            return _OVER
        if not is_told(pod) or self.seen is None:
            return None
        return await usual()

    async def _tidy_away(self, pod: Manifest) -> None:
        """Have a pod deleted that has ended. It holds nothing any more: once is enough."""
        metadata, spawner = pod["metadata"], self._spawner
        try:
            await delete_pod(
                spawner.api, metadata["namespace"], metadata["name"], uid=metadata["uid"], grace=0
            )
        except NotKnownError as error:
            spawner.log.warning("the pod of %s, which ended, stays: %s", spawner._log_name, error)

    def note_doubt(self, why: str) -> None:
        """Log that nothing is known of the session, once until something is."""
        log, name = self._spawner.log, self._spawner._log_name
        if why and not self._doubt:
            log.warning("%s is kept: nobody can say if it runs: %s", name, why)
        elif self._doubt and not why:
            log.info("it is known again how it is with %s", name)
        self._doubt = why

    # Its end

    async def until_gone(self, grace: int | None) -> None:
        """Have the pod deleted and wait for it; what fails is tried again without end.

        grace: seconds that it has to end; None leaves that to the pod. If no pod of this start is
        seen, whichever has the name is meant: an earlier one would hide the one that runs.
        """
        spawner, pod = self._spawner, self.seen
        own = pod if pod and self._is_of_this_start(pod) else None
        uid = own["metadata"]["uid"] if own else ""
        backoff, looks = Backoff(1.0, _LONGEST_PAUSE_SECONDS), Backoff(_LOOK_SECONDS, _ASK_SECONDS)
        asked = False
        while True:
            try:
                if not asked:
                    spawner.log.info("deleting pod %s", self.key)
                    await delete_pod(
                        spawner.api, spawner.namespace, spawner.pod_name, uid=uid, grace=grace
                    )
                    backoff.reset()
                left = await self._what_is_left(own, looks.pause())
            except NotKnownError as error:
                self._note_stop_doubt(f"{error}")
                await asyncio.sleep(backoff.pause())
                continue
            if left is None:
                self.note_doubt("")
                reflector = spawner.pod_reflector
                if pod is not None and self.seen is pod and reflector:  # the watch did not hear
                    reflector.update("DELETED", pod)
                return
            asked = "deletionTimestamp" in left["metadata"]
            # What the watch does not have, can only be asked for: less and less often.
            await asyncio.sleep(_LOOK_SECONDS if self.seen else looks.pause())

    async def _what_is_left(self, own: Manifest | None, seconds: float) -> Manifest | None:
        """Watch the pod for that long, then ask the API server. Raises NotKnownError.

        own: the pod of this start; None if whichever has the name is meant.
        """
        uid = own["metadata"]["uid"] if own else ""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        pod = self.seen
        while pod and not _is_done_with(pod, uid) and loop.time() < until:
            await asyncio.sleep(min(_LOOK_SECONDS, seconds))
            pod = self.seen
        if pod is None or not _is_done_with(pod, uid):
            pod = await self.read()
            if pod and own and _is_another(pod, uid):
                _demand_later(pod, _created(own))
        return None if pod is None or _is_done_with(pod, uid) else pod

    def _note_stop_doubt(self, why: str) -> None:
        if not self._doubt:
            self._spawner.log.warning(
                "the stop of %s waits for the API server, and goes on: %s",
                self._spawner._log_name,
                why,
            )
        self._doubt = why


def _is_done_with(pod: Manifest, uid: str) -> bool:
    """Whether it is another pod than is meant, has ended, or was on a node that was lost.

    Then no GPU is used, or could be given out.
    """
    return _is_another(pod, uid) or is_over(pod) or is_lost(pod, datetime.now(UTC))


def _is_another(pod: Manifest, uid: str) -> bool:
    return bool(uid) and pod["metadata"].get("uid") != uid


def _created(pod: Manifest) -> datetime:
    return datetime.fromisoformat(pod["metadata"]["creationTimestamp"])


def _demand_later(another: Manifest, since: datetime) -> None:
    """Refuse to believe an answer with a pod from before ``since``: something keeps answers.

    Raises NotKnownError.
    """
    if _created(another) < since:
        raise NotKnownError("what answers for the API server shows an earlier pod")
