"""Remembers when the last session of a server ended, and until its next start why."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from gpucommons_contract import read_moment
from gpucommons_contract.told import EndReason

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.server_record import ServerRecord
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod_end import last_words, memory_in_vain, shortened
from gpucommons_spawner.pod_state.queue import eviction_told
from gpucommons_spawner.pod_state.session_pods import SessionEvents, SessionPods

_SOON_SECONDS = 5 * 60
"""Within which a session ends that was announced to end."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Why somebody is about to stop a session."""

    sentence: str
    """For its person to read; empty if that is who stops it."""
    page: str = ""
    """Where more is said of it, as a path below JupyterHub's base URL; empty if nowhere."""
    reason: EndReason | None = None
    by: str = ""
    """Who wished it; empty for nobody in particular."""


class _Spawner(Protocol):
    record: ServerRecord
    over: str
    watched_pod: WatchedPod
    events_enabled: bool
    orm_spawner: Any
    _check_pending: bool

    @property
    def pending(self) -> str | None: ...
    @property
    def pod_reflector(self) -> SessionPods | None: ...
    async def _start_watching_events(self) -> SessionEvents: ...
    async def stop(self, now: bool = False) -> None: ...


class LastEnd(SessionPart):
    """Keeps one sentence for each server.

    The watch of pods reads it, whoever stops sessions says it beforehand, or a look at a pod that
    is gone finds it. JupyterHub stores the sentence with the server when the session is over, so
    that a restart of the hub does not lose it.
    """

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner
        self._sentence = ""
        self.page = ""
        """Where more is said of it, as a path below JupyterHub's base URL; empty if nowhere."""
        self._at: datetime | None = None
        self._ran = False
        self._announced: tuple[float, Announcement] | None = None
        """When, in seconds of the loop, somebody who is about to stop the session said why."""

    @property
    def sentence(self) -> str:
        """Why the last session ended, if its person did not stop it; else empty."""
        reflector = self._spawner.pod_reflector
        seen = reflector.ended.get(self._spawner.watched_pod.key, "") if reflector else ""
        return seen or self._sentence

    def note(self, sentence: str) -> None:
        """Note why a start was given up."""
        self._sentence = sentence

    def announce(self, said: Announcement) -> None:
        """Note why the session is about to be stopped, by its person or somebody else."""
        said = replace(said, sentence=shortened(said.sentence))
        self._announced = (asyncio.get_running_loop().time(), said)

    @property
    def announced(self) -> Announcement | None:
        """What was said of this end a moment before it; None if nothing was."""
        if self._announced is None:
            return None
        at, said = self._announced
        return said if asyncio.get_running_loop().time() - at < _SOON_SECONDS else None

    async def noted(self, look: Callable[[], Awaitable[int | None]]) -> int | None:
        """Return what a look returns, and find out why a session ended that nobody stopped."""
        spawner = self._spawner
        was_up, pod = self._should_run, spawner.watched_pod.seen
        status = await look()
        if status is None and was_up and pod is not None and memory_in_vain(pod):
            await spawner.stop(now=True)
            status = 1
        if status is not None and was_up and not self.sentence:
            self._sentence = await self._of_eviction() or last_words(pod, datetime.now(UTC))
        return status

    @property
    def _should_run(self) -> bool:
        """Whether, as far as the hub knows, the session is up: nobody stops or starts it."""
        record = self._spawner.record
        up = self._spawner.pending in (None, "check") and not record.stop_asked
        return up and record.has_server

    async def _of_eviction(self) -> str:
        """Read it from the events, which outlive a pod, of one that ended without the hub."""
        spawner = self._spawner
        if not (spawner._check_pending and spawner.events_enabled):
            return ""
        try:
            events = await spawner._start_watching_events()
        except TimeoutError:
            return ""
        since = spawner.orm_spawner.started if spawner.orm_spawner else None
        if since is None:
            return ""
        for event in events.of(spawner.watched_pod.key):
            sentence = eviction_told(event)
            if sentence and datetime.fromisoformat(event["eventTime"]) > since.replace(tzinfo=UTC):
                return sentence
        return ""

    def starting(self) -> None:
        """Forget how the session before ended."""
        self._sentence, self.page, self._announced = "", "", None

    def started(self, pod: Manifest | None) -> None:  # noqa: ARG002 -- the protocol's
        """Note that there is a session, which will end."""
        self._ran = True

    def seen_running(self, pod: Manifest | None) -> None:  # noqa: ARG002 -- the protocol's
        """Note it also after a restart of the hub."""
        self._ran = True

    def state(self) -> Mapping[str, object]:
        """Store the moment and the sentence."""
        said = {"ended": self.sentence, "ended_page": self.page} if self.sentence else {}
        return said | ({"ended_at": self._at.isoformat()} if self._at else {})

    def restore(self, state: Mapping[str, object]) -> None:
        """Take them up again."""
        self._sentence = str(state.get("ended", ""))
        self.page = str(state.get("ended_page", ""))
        at = state.get("ended_at")
        self._at = read_moment(at) if isinstance(at, str) else None

    def cleared(self) -> None:
        """Take the sentence over from the watch, which then need not keep it.

        A start that was refused at once leaves the moment of the session before, which another
        hub may have noted.
        """
        noted_start = self._spawner.record.noted_start
        went_on = noted_start not in ("", self._spawner.over)
        if self._ran or went_on or self.sentence != self._sentence:
            self._at = datetime.now(UTC)
        self._sentence, self._ran = self.sentence, False
        if not self._sentence:
            said = self.announced or Announcement("")
            self._sentence, self.page = said.sentence, said.page
        self._announced = None
        if reflector := self._spawner.pod_reflector:
            reflector.ended.pop(self._spawner.watched_pod.key, None)
