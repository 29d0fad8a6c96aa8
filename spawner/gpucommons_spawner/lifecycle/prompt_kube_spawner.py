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

import asyncio
import functools
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from gpucommons_sessions.hub_database import answers, until_it_answers
from jupyterhub.utils import url_path_join
from kubernetes_asyncio.client import V1Pod
from kubespawner import KubeSpawner
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, object_session
from traitlets import Float, Integer, default

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.reflector import followed
from gpucommons_spawner.lifecycle.last_end import LastEnd
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.pod_look import PodLook
from gpucommons_spawner.lifecycle.resuming import Resumption
from gpucommons_spawner.lifecycle.start import Start
from gpucommons_spawner.lifecycle.start_gate import StartGate, waiting_for_turn
from gpucommons_spawner.lifecycle.start_wait import StartTimeouts
from gpucommons_spawner.lifecycle.stored_state import keep_state
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod import START, start_of
from gpucommons_spawner.pod_state.pod_outcome import describe
from gpucommons_spawner.pod_state.session_pod import TOKEN, session_pod, variable
from gpucommons_spawner.pod_state.session_pods import SessionEvents, SessionPods

LOOK_SECONDS = 0.5
"""How often memory is looked at for somebody who watches a start."""
_LONGEST_TURN_SECONDS = 60 * 60
_WAITING_PROGRESS = 10
_NOT_RUNNING = 1
"""An exit code, as ``poll`` returns one, so that JupyterHub ends what it finds."""


class PromptKubeSpawner(KubeSpawner):  # type: ignore[misc]  # KubeSpawner publishes no types
    """Starts pods without waiting longer than they need, and knows them from the hub's watches."""

    unschedulable_timeout = Float(
        10,
        config=True,
        help="""
        Seconds after which a session that no node can take, or whose image cannot be
        fetched, is given up, with the reason. Ten are enough for a volume to be made on a
        cluster of fixed size. Where nodes are added on demand, say so in the catalogue:
        ``nodes_on_demand`` of a size is how long its starts wait for a node.
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

    start_gate: ClassVar[StartGate] = StartGate()
    """Where starts wait for their turn; one for the hub."""
    parts: tuple[SessionPart, ...]
    """What is done for a session over its life; a subclass adds its own."""
    over = ""
    """The last start whose session was ended, or given up. A pod of it that appears is late."""
    adopts: Manifest | None = None
    """The pod with which a start that is under way goes on. It is not ended if that fails."""
    _noted_start = ""
    """The start whose pod runs, as it was noted before the hub was restarted."""
    _stop_asked = False
    """Whether a stop was asked for, and is not over."""
    _own_start_timeout: int | None = None
    _known_name = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- passed on
        super().__init__(*args, **kwargs)
        self.watched_pod = WatchedPod(self)
        self.pod_look = PodLook(self)
        self.last_end = LastEnd(self)
        self.parts = (self.last_end,)
        self.this_start = Start(self)

    @default("k8s_api_request_timeout")
    def _request_timeout_default(self) -> int:
        """Thirty seconds: under load an API server may take longer than KubeSpawner's three."""
        return 30

    @default("k8s_api_request_retry_timeout")
    def _retry_timeout_default(self) -> int:
        return 60

    @default("poll_interval")
    def _poll_interval_default(self) -> int:
        """Seldom: the watch says when a pod changes, and `PodLook` looks then."""
        return 300

    @default("progress_ready_hook")
    def _ready_hook_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return _truthful

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
        finally:
            if self._own_start_timeout is not None:  # KubeSpawner's stop goes by it, too
                self.start_timeout = self._own_start_timeout
        await self._until_noted("its start")
        for part in self.parts:
            part.started(self.this_start.pod)
        self.when_up()
        return url

    def when_up(self) -> None:
        """Let parts know once people can get in, if this start comes to that."""

        def done(start: "asyncio.Future[None]") -> None:
            if not start.cancelled() and start.exception() is None:
                for part in self.parts:
                    part.ready()

        if self._spawn_future is not None:
            self._spawn_future.add_done_callback(done)

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

    async def waits(self) -> AsyncIterator[str]:
        """Give a sentence again and again while the start waits for something."""
        while not (self.this_start.has_turn or self.settled):
            ahead = self.this_start.ahead()
            if ahead is not None:
                yield waiting_for_turn(ahead)
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def settled(self) -> bool:
        """Whether the start has come to its end, good or bad."""
        return bool(self._spawn_future and self._spawn_future.done())

    async def progress(self) -> AsyncIterator[Manifest]:
        """Say what happens in words; each thing once, however often Kubernetes repeats it."""
        last = ""
        async for message in self.waits():
            if message != last:
                last = message
                yield {"progress": _WAITING_PROGRESS, "message": message}
        async for event in super().progress():
            if "raw_event" in event:
                event["message"] = describe(event["raw_event"])
            if event["message"] != last:
                last = event["message"]
                yield event

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
            await self._until_noted("its end")
        return status

    async def poll_and_notify(self) -> int | None:
        """Have an end noted, if it can be. One that failed halfway is looked at again."""
        if not answers(self._db):
            self.log.info("%s is not looked at without the hub's database", self._log_name)
            return None
        status: int | None = await super().poll_and_notify()
        if status is not None and getattr(self, "_stop_future", None) is None:
            self.forget_half_an_end()
        return status

    def forget_half_an_end(self) -> None:
        """Let an end begin anew: JupyterHub takes one that failed for one that goes on for ever."""
        self._stop_pending = False

    @property
    def _db(self) -> Session | None:
        """JupyterHub's session with its database."""
        return object_session(self.orm_spawner) if self.orm_spawner else None

    async def _until_noted(self, what: str) -> None:
        """Wait until what JupyterHub does next can be written down."""
        await until_it_answers(self._db, self.log, f"{what}, {self._log_name},")

    async def _poll(self) -> int | None:
        look = functools.partial(self.last_end.noted, self._look)
        if not self._check_pending or self._stop_asked:
            return await look()
        return await Resumption(self).poll(look)

    async def _look(self) -> int | None:
        if self.this_start.given_up:  # whatever comes of it
            return _NOT_RUNNING
        if self._stop_asked and self._check_pending:  # it was being stopped as the hub ended
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
            self._stop_asked = True
            keep_state(self)
            await self.watched_pod.until_gone(0 if now else self.delete_grace_period)
        await self._until_noted("its stop")

    def note_end(self, reason: str) -> None:
        """Keep why a start was given up, until the next one."""
        self.last_end.note(reason)

    @property
    def is_up(self) -> bool:
        """Whether the session should run, as far as the hub knows: nobody stops or starts it."""
        if self._stop_asked:
            return False
        return self.pending in (None, "check") and self._has_server()

    @property
    def ready(self) -> bool:
        """Whether the session can be used. JupyterHub asks it of all at every start."""
        return not self.pending and self._has_server()

    @property
    def active(self) -> bool:
        """Whether the session can be used, or something is going on with it."""
        return bool(self.pending) or self._has_server()

    def _has_server(self) -> bool:
        """Whether JupyterHub has a server; what it last had while its database is away."""
        known = self.orm_spawner
        with suppress(SQLAlchemyError):
            return (known.server if known else self._server) is not None
        return self._server is not None

    @property
    def _log_name(self) -> str:
        """The person and the server, also while the hub's database is away."""
        with suppress(SQLAlchemyError):
            self._known_name = str(super()._log_name)
        return self._known_name

    # A session that the hub has lost

    def is_forgotten(self, pod: Manifest) -> bool:
        """Whether a pod is a session of this server that runs, and that nobody wanted to end."""
        found = session_pod(pod)
        ours = found and found.runs_for(self.user.name, self.name, self.hub_api_url)
        return bool(found and ours and found.start != self.over)

    @property
    def hub_api_url(self) -> str:
        """Where sessions find the hub's API, as JupyterHub writes it for them."""
        url = str(self.hub.api_url)
        if self.hub_connect_url is None:
            return url
        path = url.partition("://")[2].partition("/")[2]
        return str(url_path_join(self.hub_connect_url, path))

    def take_over(self, pod: Manifest) -> str:
        """Go on with a session that runs already, and return its URL.

        JupyterHub then takes its token for valid, as it does for every server that brings one.
        """
        metadata = pod["metadata"]
        self.log.warning("%s goes on with its session in pod %s", self._log_name, metadata["name"])
        self.this_start.id, self.pod_id = start_of(pod), metadata["uid"]
        self.namespace, self.pod_name = metadata["namespace"], metadata["name"]
        self.dns_name = self.dns_name_template.format(namespace=self.namespace, name=self.pod_name)
        self.api_token = variable(pod, TOKEN)
        url: str = self._get_pod_url(pod)
        return url

    # What outlives the hub

    def get_state(self) -> dict[str, Any]:
        """Keep which start's pod runs, whether it is to end, which one was ended, and parts'."""
        state: dict[str, Any] = super().get_state()
        kept = {"start": self._last_start, "over": self.over, "stop_asked": self._stop_asked}
        state.update({key: value for key, value in kept.items() if value})
        for part in self.parts:
            state.update(part.state())
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Take it up again."""
        super().load_state(state)
        self._noted_start = str(state.get("start", ""))
        self.over = str(state.get("over", ""))
        self._stop_asked = bool(state.get("stop_asked", False))
        for part in self.parts:
            part.restore(state)

    def clear_state(self) -> None:
        """Note that this start is over. JupyterHub calls this when a session was ended, too."""
        for part in self.parts:
            part.cleared()
        super().clear_state()
        if not self.adopts:
            self.over = self._last_start or self.over
        self._noted_start, self._stop_asked = "", False

    @property
    def _last_start(self) -> str:
        return self.this_start.id or self._noted_start


def _truthful(spawner: PromptKubeSpawner, event: Mapping[str, object]) -> Mapping[str, object]:
    """Say that a start was cancelled: JupyterHub takes its session for ready for a second."""
    if spawner._start_future is not None and spawner._start_future.cancelled():
        return {"progress": 100, "failed": True, "message": "The start was cancelled."}
    return event
