"""What is known of the sessions: measured from outside for all, asked of those where it matters.

Asking costs a request for each session, so only one that looks idle from outside is asked.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from gpucommons_contract import SessionActivity

from gpucommons_culler.decision import FRESH
from gpucommons_culler.hub_errors import HubError
from gpucommons_culler.metrics import Metrics
from gpucommons_culler.pauses import Pauses
from gpucommons_culler.session import Session, SessionKey
from gpucommons_culler.signals import Signal, SignalName
from gpucommons_culler.sources import Source
from gpucommons_culler.tracks import THE_SESSION, Tracks

log = logging.getLogger(__name__)

_TOLD = frozenset({SignalName.KERNELS, SignalName.TERMINALS, SignalName.EDITING})
"""What only a session itself can say."""
_AT_ONCE = 20


class Asks(Protocol):
    """What can ask a session of its activity; raises HubError."""

    async def activity(self, session: Session) -> SessionActivity:
        """Answer what the session says."""


class Watch:
    """Measures sessions and remembers what it saw."""

    def __init__(self, hub: Asks, sources: Sequence[Source], metrics: Metrics) -> None:
        self._hub = hub
        self._sources = sources
        self._metrics = metrics
        self._tracks = Tracks()
        self._memory: dict[SessionKey, int | None] = {}
        self._silent = Pauses()
        self._lacking = Pauses()
        self._failing: dict[str, str] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._outside = frozenset(name for each in sources for name in each.provides)

    @property
    def failing(self) -> dict[str, str]:
        """Sources that did not answer in full the last time, and why."""
        return dict(self._failing)

    def required(self, session: Session, *, asked: bool) -> frozenset[SignalName]:
        """Answer what has to be known of a session; ``asked`` adds what itself can say.

        Its GPUs are among that: it can tell of them where who else should does not.
        """
        outside = self._outside - {SignalName.GPU}
        if not asked:
            return outside
        return outside | _TOLD | ({SignalName.GPU} if session.gpus else frozenset())

    def signals(self, session: SessionKey) -> tuple[Signal, ...]:
        """Answer what is known."""
        return self._tracks.signals(session)

    def answered(self, session: Session, now: datetime) -> bool:
        """Whether the session said lately what it does, and as much as it is likely to."""
        told = (each for each in self._tracks.signals(session.key) if each.source == THE_SESSION)
        lately = any(now - each.measured_at <= FRESH for each in told)
        return lately and not (self._lacks(session) and self._lacking.over(session.key, now))

    def _lacks(self, session: Session) -> bool:
        """Whether something is not known of it, such as its GPU just after its start."""
        known = {signal.name for signal in self._tracks.signals(session.key)}
        return not self.required(session, asked=True) <= known

    def gpu_memory(self, session: SessionKey) -> int | None:
        """Answer the bytes that it holds on GPUs, as was measured last."""
        return self._memory.get(session)

    def silence(self, session: SessionKey) -> str | None:
        """Answer why a session did not answer the last time; None if it did."""
        return self._silent.why(session)

    def restore(self, session: SessionKey, signals: Iterable[Signal], as_of: datetime) -> None:
        """Go on with what another run of the culler knew of a session."""
        self._tracks.restore(session, signals, as_of)

    def forget_before(self, now: datetime) -> None:
        """Watch everything anew: the clock was set."""
        self._tracks.forget_before(now)
        self._silent.clear()
        self._lacking.clear()

    async def look(self, sessions: Sequence[Session], now: datetime) -> None:
        """Measure all sessions from outside, and forget those that ended."""
        keys = {session.key for session in sessions}
        self._tracks.keep_only(keys)
        self._silent.keep_only(keys)
        self._lacking.keep_only(keys)
        for ended in self._memory.keys() - keys:
            del self._memory[ended]
        await asyncio.gather(*(self._read(source, sessions, now) for source in self._sources))

    async def _read(self, source: Source, sessions: Sequence[Session], now: datetime) -> None:
        found, error = await source.read(sessions)
        self._tell_of(source, error)
        for session in sessions:
            for reading in found.get(session.pod, ()):
                self._tracks.observe(
                    session.key,
                    reading.name,
                    source.title,
                    trusted=True,
                    at=now,
                    active=reading.active,
                    value=reading.value,
                )
                if reading.gpu_memory is not None:
                    self._memory[session.key] = reading.gpu_memory

    def _tell_of(self, source: Source, error: Exception | None) -> None:
        """Log what changed, not what goes on."""
        before = self._failing.pop(source.title, None)
        if error is not None:
            self._failing[source.title] = str(error)
            self._metrics.source_failed(source.title)
            if str(error) != before:
                log.warning("%s does not measure all: %s", source.title, error)
        elif before is not None:
            log.info("%s measures again", source.title)

    async def ask(self, sessions: Iterable[Session], now: datetime) -> None:
        """Ask sessions what they say of themselves, except those that lately did not answer."""
        wanted = [each for each in sessions if self._silent.over(each.key, now)]
        await asyncio.gather(*(self._ask(session, now) for session in wanted))

    async def _ask(self, session: Session, now: datetime) -> None:
        async with self._turns:
            try:
                activity = await self._hub.activity(session)
            except HubError as error:
                if self._silent.failed(session.key, now, str(error)):
                    log.info("%s does not say what it does: %s", session.key.name, error)
                return
        self._silent.went_well(session.key)
        # Where nobody else measures its GPUs, the session's own figures are the best there are.
        own = SignalName.GPU not in self._outside
        self._tracks.told(session.key, activity, now, trust_gpu=own)
        if activity.gpu and own:
            self._memory[session.key] = activity.gpu.memory
        if self._lacks(session):
            self._lacking.failed(session.key, now, "")
        else:
            self._lacking.went_well(session.key)
