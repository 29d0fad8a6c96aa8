"""What is known of the sessions: all are measured from outside, and some asked for their activity.

Asking costs a request for each session, so only those that look idle from outside are asked.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gpucommons_contract import SessionActivity
from gpucommons_contract.formats.wording import rough_span
from gpucommons_upkeep.logs import about

from gpucommons_culler.core.backoff import SessionBackoff
from gpucommons_culler.core.deadline import within
from gpucommons_culler.core.errors import HubError, NoExtensionError
from gpucommons_culler.core.rule import IdleRule, Rules
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.core.signals import FRESH, THE_SESSION, Signal, SignalName
from gpucommons_culler.telemetry.signal_history import SignalHistory
from gpucommons_culler.telemetry.source_reader import CountsFailures, SourceReader
from gpucommons_culler.telemetry.sources.source import Source

log = logging.getLogger(__name__)

_REPORTED = frozenset({SignalName.KERNELS, SignalName.TERMINALS, SignalName.EDITING})
"""What only a session itself can say."""
_WITHOUT_FOR = timedelta(hours=1)
"""Longer than it takes to start a session's server again."""
_AT_ONCE = 20
_LONGEST_S = 60.0
"""How long all sessions together may take. One that did not answer is unknown, and asked again."""


class AsksSessions(Protocol):
    """What can ask a session of its activity; raises HubError."""

    async def activity(self, session: Session, rule: IdleRule | None = None) -> SessionActivity:
        """Return what the session reports; it learns by which rule it is judged."""


class Collector:
    """Measures sessions and remembers what it saw."""

    def __init__(
        self,
        hub: AsksSessions,
        sources: Sequence[Source],
        metrics: CountsFailures,
        rules: Rules | None = None,
    ) -> None:
        """Sessions receive the one of the ``rules`` that applies to them, to show it."""
        self._hub = hub
        self._metrics = metrics
        self._rules = rules
        self._history = SignalHistory()
        self._source_reader = SourceReader(sources, self._history, metrics)
        self._reported_memory: dict[SessionKey, int | None] = {}
        self._silent = SessionBackoff()
        self._lacking = SessionBackoff()
        self._without: dict[SessionKey, tuple[datetime, datetime]] = {}
        """Sessions that run without our extension: since when that is known, and until when."""
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @property
    def failing(self) -> dict[str, str]:
        """Sources that did not measure everything the last time, and why."""
        return self._source_reader.failing

    def required(self, session: Session, *, asked: bool) -> frozenset[SignalName]:
        """Return what must be known of a session; ``asked`` adds what it can report itself.

        That includes its GPUs, which it reports where no other source measures them.
        """
        outside = self._source_reader.provides - {SignalName.GPU}
        if not asked:
            return outside
        gpu = frozenset({SignalName.GPU} if session.gpus else ())
        if session.key in self._without:
            return outside | (gpu if self._source_reader.sees_gpus(session.key) else frozenset())
        return outside | _REPORTED | gpu

    def signals(self, session: SessionKey) -> tuple[Signal, ...]:
        """Return what is known."""
        return self._history.signals(session)

    def measured(self, session: Session) -> bool:
        """Whether the last look measured everything that other sources must measure of it."""
        return self.required(session, asked=False) <= self._source_reader.measured(session.key)

    def answered(self, session: Session, now: datetime) -> bool:
        """Whether the session said lately what it does, and as much as it is likely to."""
        if (without := self.without_extension(session.key)) is not None:
            return now - without <= FRESH
        own = (each for each in self._history.signals(session.key) if each.source == THE_SESSION)
        lately = any(now - each.measured_at <= FRESH for each in own)
        return lately and not (self._lacks(session) and self._lacking.over(session.key, now))

    async def _question(self, session: Session, now: datetime) -> SessionActivity:
        if self._rules is None:
            return await self._hub.activity(session)
        rule = self._rules.of(session.team, session.size, now)
        return await self._hub.activity(session, rule)

    def _lacks(self, session: Session) -> bool:
        """Whether something is not known of it, such as its GPU just after its start."""
        known = {signal.name for signal in self._history.signals(session.key)}
        return not self.required(session, asked=True) <= known

    def gpu_memory(self, session: SessionKey) -> int | None:
        """Return the bytes of GPU memory that it uses, as last measured."""
        if self._source_reader.sees_gpus(session):
            return self._source_reader.gpu_memory(session)
        return self._reported_memory.get(session)

    def silence(self, session: SessionKey) -> str | None:
        """Return why a session did not answer the last time; None if it did."""
        return self._silent.why(session)

    def without_extension(self, session: SessionKey) -> datetime | None:
        """Return when it was last seen to run without our server extension; None if it was not."""
        known = self._without.get(session)
        return known[1] if known else None

    def troubles(self, now: datetime) -> dict[str, str]:
        """Return what is wrong, as sentences, by what they are about."""
        found = {
            title: f"{title} does not measure all: {why}." for title, why in self.failing.items()
        }
        for key, (since, _) in self._without.items():
            if now - since >= _WITHOUT_FOR:
                found[f"{key.name} {key.started}"] = (
                    f"{key.name} has run without GPU Commons' server extension for "
                    f"{rough_span((now - since).total_seconds())} or more. It cannot report its "
                    "activity, and counts as used for 12 hours after the platform last saw it work."
                )
        return found

    def restore(self, session: SessionKey, signals: Iterable[Signal], as_of: datetime) -> None:
        """Go on with what another run of the culler knew of a session."""
        self._history.restore(session, signals, as_of)

    def forget_before(self, now: datetime) -> None:
        """Restart watching everything: the clock was set."""
        self._history.forget_before(now)
        self._silent.clear()
        self._lacking.clear()
        self._without.clear()

    async def look(
        self, sessions: Sequence[Session], now: datetime, more: Collection[SessionKey] = ()
    ) -> None:
        """Measure all sessions from outside, and forget those that ended.

        ``more`` are those that may run, of which nothing can be measured.
        """
        keys = {session.key for session in sessions}.union(more)
        self._history.keep_only(keys)
        self._silent.keep_only(keys)
        self._lacking.keep_only(keys)
        for ended in self._reported_memory.keys() - keys:
            del self._reported_memory[ended]
        for ended in self._without.keys() - keys:
            del self._without[ended]
        await self._source_reader.read(sessions, now)

        self._metrics.without_extension(len(self._without))

    async def ask(self, sessions: Iterable[Session], now: datetime) -> set[SessionKey]:
        """Ask sessions what they say of themselves, except those that lately did not answer.

        Returns those of which it is known now what they say, or that they cannot.
        """
        wanted = [each for each in sessions if self._silent.over(each.key, now)]
        answers = await within(_LONGEST_S, (self._ask_one(session, now) for session in wanted))
        return {each.key for each, known in zip(wanted, answers, strict=True) if known}

    async def _ask_one(self, session: Session, now: datetime) -> bool:
        with about(**session.logged):
            return await self._ask(session, now)

    async def _ask(self, session: Session, now: datetime) -> bool:
        key = session.key
        async with self._turns:
            try:
                activity = await self._question(session, now)
            except NoExtensionError as error:
                since, _ = self._without.get(key, (now, now))
                if key not in self._without:
                    log.warning("%s Its activity is unknown.", error)
                self._without[key] = since, now
                self._silent.went_well(key)
                return True
            except HubError as error:
                if self._silent.failed(key, now, str(error)):
                    log.info("%s does not report its activity: %s", key.name, error)
                return False
        self._silent.went_well(key)
        self._without.pop(key, None)
        # Where nobody else measures its GPUs, the session's own figures are the best there are.
        own = not self._source_reader.sees_gpus(key)
        self._history.report(key, activity, now, trust_gpu=own)
        if activity.gpu:
            self._reported_memory[key] = activity.gpu.memory
        if self._lacks(session):
            self._lacking.failed(key, now, "")
        else:
            self._lacking.went_well(key)
        return True
