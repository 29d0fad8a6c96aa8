"""KubeSpawner that wakes up when its pod changes, says why a pod does not run, and costs next to
nothing while its sessions run.

Nothing here knows of catalogues or quotas; it could live in KubeSpawner itself. In addition to it:

- pods and events come from two watches that list once, whatever the namespaces; KubeSpawner
  has two for each namespace, and lists all again every ten seconds,
- a session of which nothing is known is kept: only the API server can say that a pod is gone,
- a stop is carried out, and a start goes on, when the hub is restarted meanwhile,
- starts, stops and ends wait for the hub's database, so that JupyterHub can write them down,
- what else is done for a session over its life is in `SessionPart`s.

JupyterHub's ``concurrent_spawn_limit`` turns people away, and should be 0: ``start_slots`` lets
them wait instead.
"""

import functools
import uuid
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from kubernetes_asyncio.client import V1Pod
from kubespawner import KubeSpawner
from traitlets import default

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.reflector import followed
from gpucommons_spawner.lifecycle.last_end import LastEnd
from gpucommons_spawner.lifecycle.lost_session import hub_api_url, is_forgotten
from gpucommons_spawner.lifecycle.part import SessionPart, tell_ready
from gpucommons_spawner.lifecycle.pod_look import PodLook
from gpucommons_spawner.lifecycle.progress import in_words, truthful
from gpucommons_spawner.lifecycle.resuming import Resumption
from gpucommons_spawner.lifecycle.server_record import ServerRecord
from gpucommons_spawner.lifecycle.start import Start
from gpucommons_spawner.lifecycle.start_gate import StartGate
from gpucommons_spawner.lifecycle.start_wait import StartTimeouts
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod import START
from gpucommons_spawner.pod_state.session_pods import SessionEvents, SessionPods

_LONGEST_TURN_SECONDS = 60 * 60
_NOT_RUNNING = 1
"""An exit code, as ``poll`` returns one, so that JupyterHub ends what it finds."""


class PromptKubeSpawner(KubeSpawner):  # type: ignore[misc]  # KubeSpawner publishes no types
    """Starts pods without waiting longer than they need, and knows them from the hub's watches."""

    # Of `SpawnerSettings`:
    start_timeout: int
    start_slots: int
    unschedulable_timeout: float

    start_gate: ClassVar[StartGate] = StartGate()
    """Where starts wait for their turn; one for the hub."""
    parts: tuple[SessionPart, ...]
    """What is done for a session over its life; a subclass adds its own."""
    over = ""
    """The last start whose session was ended, or given up. A pod of it that appears is late."""
    adopts: Manifest | None = None
    """The pod with which a start that is under way goes on. It is not ended if that fails."""
    _own_start_timeout: int | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- passed on
        super().__init__(*args, **kwargs)
        self.record = ServerRecord(self)
        self.watched_pod = WatchedPod(self)
        self.pod_look = PodLook(self)
        self.last_end = LastEnd(self)
        self.parts = (self.last_end,)
        self.this_start = Start(self)

    @default("progress_ready_hook")
    def _ready_hook_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return truthful

    # What the hub follows for all sessions

    @property
    def events(self) -> list[Manifest]:
        """What Kubernetes said of this pod since the last start, oldest first."""
        reflector = self.event_reflector
        events = reflector.of(self.watched_pod.key) if reflector else []
        names = [event["metadata"]["uid"] for event in events]
        return events[names.index(self._last_event) + 1 :] if self._last_event in names else events

    def _get_reflector_key(self, kind: str) -> tuple[str, None]:
        """One reflector of a kind for all namespaces."""
        return (kind, None)

    async def _start_watching_pods(self, replace: bool = False) -> SessionPods:  # noqa: ARG002
        return await followed(self, SessionPods, labels={"component": self.component_label})

    async def _start_watching_events(self, replace: bool = False) -> SessionEvents:  # noqa: ARG002
        return await followed(self, SessionEvents, fields={"involvedObject.kind": "Pod"})

    # A start

    def start(self) -> Any:  # noqa: ANN401 -- a future, of an untyped package
        """Start. JupyterHub reads ``start_timeout`` afterwards: its clock must not end a wait.

        ``_start`` keeps the limit that was set, from the moment that the pod may go on.
        """
        for part in self.parts:
            part.starting()
        if self._own_start_timeout is None:
            self._own_start_timeout = self.start_timeout
        self.start_timeout = self._own_start_timeout + self.longest_wait
        self.this_start = Start(self, uuid.uuid4().hex)
        return super().start()

    @property
    def longest_wait(self) -> int:
        """Seconds that a start may wait before it is under way."""
        return _LONGEST_TURN_SECONDS

    @property
    def start_timeouts(self) -> StartTimeouts:
        """How long a start may take, once it is under way."""
        starting = float(self._own_start_timeout or self.start_timeout)
        return StartTimeouts(stuck=self.unschedulable_timeout, starting=starting)

    async def load_user_options(self) -> None:
        """Take KubeSpawner's step, then wait for the turn."""
        await super().load_user_options()
        await self.this_start.wait_for_turn()

    async def _start(self) -> str:
        try:
            url = await self.this_start.run(super()._start)
        except BaseException as error:
            for part in self.parts:
                part.failed(error)
            raise
        finally:
            if self._own_start_timeout is not None:  # KubeSpawner's stop goes by it, too
                self.start_timeout = self._own_start_timeout
        await self.record.until_it_answers("its start")
        for part in self.parts:
            part.started(self.this_start.pod)
        self.when_up()
        return url

    def when_up(self) -> None:
        """Let parts know once people can get in, if this start comes to that."""
        if self._spawn_future is not None:
            self._spawn_future.add_done_callback(functools.partial(tell_ready, self.parts))

    async def get_pod_manifest(self) -> V1Pod:
        """Mark the pod as the one of this start."""
        pod: V1Pod = await super().get_pod_manifest()
        pod.metadata.annotations[START] = self.this_start.id
        return pod

    async def _make_create_pod_request(self, pod: V1Pod, request_timeout: float) -> bool:
        return await self.this_start.creation.request(pod, request_timeout)

    @property
    def place(self) -> str:
        """Where this session runs, in words."""
        return f"namespace {self.namespace}"

    def explained(self, reason: str) -> str:
        """Add to the reason why a pod does not run what else is known."""
        return reason

    def leave_behind(self) -> None:
        """Have somebody look for the pod of this start and end it: it may come later."""

    def waits(self) -> AsyncIterator[str]:
        """Give a sentence again and again while the start waits for something."""
        return self.this_start.waits_for_turn()

    @property
    def settled(self) -> bool:
        """Whether the start has come to its end, good or bad."""
        return bool(self._spawn_future and self._spawn_future.done())

    def progress(self) -> AsyncIterator[Manifest]:
        """Say what happens in words."""
        return in_words(self.waits(), super().progress())

    # A session that runs

    def start_polling(self) -> None:
        """Have JupyterHub look at the session, also whenever its pod changes."""
        super().start_polling()
        self.pod_look.begin()

    def stop_polling(self) -> None:
        """Have it look no more."""
        self.pod_look.end()
        super().stop_polling()

    async def poll(self) -> int | None:
        """Return whether the session runs. What goes wrong here is no sign that it does not.

        JupyterHub writes an end down at once, and does not get over it if it cannot.
        """
        try:
            status = await self._poll()
            if status is None:
                for part in self.parts:
                    part.seen_running(self.this_start.pod)
        except Exception:
            self.log.exception("%s is kept: the look at it failed", self._log_name)
            return None
        if status is not None:
            await self.record.until_it_answers("its end")
        return status

    async def poll_and_notify(self) -> int | None:
        """Have an end noted, if it can be. One that failed halfway is looked at again."""
        if not self.record.answers:
            self.log.info("%s is not looked at without the hub's database", self._log_name)
            return None
        status: int | None = await super().poll_and_notify()
        if status is not None and getattr(self, "_stop_future", None) is None:
            self.forget_half_an_end()
        return status

    def forget_half_an_end(self) -> None:
        """Let an end begin anew: JupyterHub takes one that failed for one that goes on for ever."""
        self._stop_pending = False

    async def _poll(self) -> int | None:
        look = functools.partial(self.last_end.noted, self._look)
        if self._check_pending and not self.record.stop_asked:
            return await Resumption(self).poll(look)
        return await look()

    async def _look(self) -> int | None:
        if self.this_start.given_up:  # whatever comes of it
            return _NOT_RUNNING
        if self.record.stop_asked and self._check_pending:  # it was being stopped as the hub ended
            return _NOT_RUNNING
        return await self.watched_pod.poll(super().poll)

    async def stop(self, now: bool = False) -> None:
        """Delete the pod, and wait until it is gone.

        KubeSpawner stops within a start that fails, too: then nobody waits for long.
        """
        if self.adopts:
            self.log.warning("%s does not go on with its session", self._log_name)
        elif self._start_future is not None and not self._start_future.done():
            await self.this_start.take_back()
        else:
            for part in self.parts:
                part.stopping()
            self.record.note_stop()
            await self.watched_pod.until_gone(0 if now else self.delete_grace_period)
            for part in self.parts:
                part.stopped()
        await self.record.until_it_answers("its stop")

    @property
    def ready(self) -> bool:
        """Whether the session can be used. JupyterHub asks it of all at every start."""
        return not self.pending and self.record.has_server

    @property
    def active(self) -> bool:
        """Whether the session can be used, or something is going on with it."""
        return bool(self.pending) or self.record.has_server

    @property
    def _log_name(self) -> str:
        """The person and the server, also while the hub's database is away."""
        return self.record.name

    # A session that the hub has lost

    def is_forgotten(self, pod: Manifest) -> bool:
        """Whether a pod is a session of this server that runs, and that nobody wanted to end."""
        return is_forgotten(self, pod)

    @property
    def hub_api_url(self) -> str:
        """Where sessions find the hub's API, as JupyterHub writes it for them."""
        return hub_api_url(self)

    def take_over(self, pod: Manifest) -> str:
        """Go on with a session that runs already, and return its URL."""
        return self.this_start.go_on_with(pod)

    # What outlives the hub

    def get_state(self) -> dict[str, Any]:
        """Keep what a hub that is restarted must know."""
        return {**super().get_state(), **self.record.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take it up again."""
        super().load_state(state)
        self.record.restore(state)

    def clear_state(self) -> None:
        """Note that this start is over. JupyterHub calls this when a session was ended, too."""
        for part in self.parts:
            part.cleared()
        super().clear_state()
        self.record.clear()

    @property
    def _last_start(self) -> str:
        return self.this_start.id or self.record.noted_start
