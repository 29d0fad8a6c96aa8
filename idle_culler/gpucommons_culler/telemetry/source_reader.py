"""Reads all sources, and notes which of them fails."""

import asyncio
import logging
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Protocol

from gpucommons_contract.formats.wording import span

from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.core.signals import FRESH, THE_SESSION, SignalName
from gpucommons_culler.telemetry.signal_history import SignalHistory
from gpucommons_culler.telemetry.sources.source import Measurement, Source, SourceError

log = logging.getLogger(__name__)

_LONGEST_S = 30.0
"""How long a source may take to answer, however slowly its response comes in."""
_SETTLED = timedelta(minutes=5)
"""After its start; until then a source may not have seen a session yet."""

_KNOWS_NOBODY = (
    "it answers, but knows the GPUs of no session, though {count} have some. Its figures may be "
    "labelled with the exporter's pod in place of the session's "
    "(see docs/reference/idle-rules.md). Meanwhile each session's own figures count"
)

_Found = Mapping[str, Sequence[Measurement]]


class CountsFailures(Protocol):
    """What is counted of the sources and the sessions, such as in metrics."""

    def source_failed(self, source: str) -> None:
        """Count a source that did not answer in full."""

    def unmatched(self, source: str, count: int) -> None:
        """Count sessions with GPUs of which a source knows none; 0 if it knows some."""

    def without_extension(self, count: int) -> None:
        """Count sessions that are known to run without our server extension."""


class SourceReader:
    """Reads all sources into the history. None can keep the others from being read."""

    def __init__(
        self, sources: Sequence[Source], history: SignalHistory, metrics: CountsFailures
    ) -> None:
        self._sources = sources
        self._history = history
        self._metrics = metrics
        self._memory: dict[SessionKey, int] = {}
        self._failing: dict[str, str] = {}
        self._measured: dict[SessionKey, set[SignalName]] = {}
        """What was measured of each session at the last look."""
        self.provides = frozenset(name for each in sources for name in each.provides)
        """What is measured of every session."""

    @property
    def failing(self) -> dict[str, str]:
        """Sources that did not measure everything the last time, and why."""
        return dict(self._failing)

    def sees_gpus(self, session: SessionKey) -> bool:
        """Whether a source has ever measured the GPUs of this session."""
        signals = self._history.signals(session)
        return any(s.name is SignalName.GPU and s.source != THE_SESSION for s in signals)

    def gpu_memory(self, session: SessionKey) -> int | None:
        """Return the bytes of GPU memory that it uses, as last measured."""
        return self._memory.get(session)

    def measured(self, session: SessionKey) -> Set[SignalName]:
        """Return what the sources measured of a session at the last look."""
        return self._measured.get(session, frozenset())

    async def read(self, sessions: Sequence[Session], now: datetime) -> None:
        """Read all sources at once."""
        keys = {session.key for session in sessions}
        self._memory = {key: held for key, held in self._memory.items() if key in keys}
        self._measured = {}
        await asyncio.gather(*(self._read(source, sessions, now) for source in self._sources))

    async def _read(self, source: Source, sessions: Sequence[Session], now: datetime) -> None:
        found: _Found = {}
        error: Exception | None
        try:
            async with asyncio.timeout(_LONGEST_S):
                found, error = await source.read(sessions)
        except TimeoutError:
            error = SourceError(f"it has not answered within {_LONGEST_S:.0f} s")
        except Exception as defect:  # whatever it is, the other sources must be read
            if source.title not in self._failing:
                log.exception("%s cannot be read", source.title)
            error = SourceError(f"its answer cannot be read: {type(defect).__name__}")
        for session in sessions:
            for reading in found.get(session.pod, ()):
                self._take(session.key, source.title, reading, now)
        trouble = [str(error)] if error else []
        if stale := _stale(found, now):
            trouble.append(stale)
        unmatched = 0 if error else _unmatched(source, sessions, found, now)
        self._metrics.unmatched(source.title, unmatched)
        if unmatched:
            trouble.append(_KNOWS_NOBODY.format(count=unmatched))
        self._note(source.title, "; ".join(trouble))

    def _take(self, session: SessionKey, source: str, reading: Measurement, now: datetime) -> None:
        self._history.observe(
            session,
            reading.name,
            source,
            trusted=True,
            at=reading.at or now,
            active=reading.active,
            value=reading.value,
        )
        self._measured.setdefault(session, set()).add(reading.name)
        if reading.gpu_memory is not None:
            self._memory[session] = reading.gpu_memory

    def _note(self, title: str, trouble: str) -> None:
        """Log what changed, not what continues."""
        before = self._failing.pop(title, None)
        if trouble:
            self._failing[title] = trouble
            self._metrics.source_failed(title)
            if trouble != before:
                log.warning("%s does not measure all: %s", title, trouble)
        elif before is not None:
            log.info("%s measures again", title)


def _stale(found: _Found, now: datetime) -> str | None:
    """Say that a source's figures are not current; None if they are."""
    moments = [reading.at for readings in found.values() for reading in readings if reading.at]
    off = [at for at in moments if abs(now - at) > FRESH]
    if not off:
        return None
    return (
        f"{len(off)} of {len(moments)} figures are not from the last "
        f"{span(FRESH.total_seconds())}: it has stopped counting, or its clock and the idle "
        "culler's differ"
    )


def _unmatched(source: Source, sessions: Sequence[Session], found: _Found, now: datetime) -> int:
    """Count the sessions with GPUs, if a source that is there for GPUs knows those of none."""
    if SignalName.GPU not in source.provides:
        return 0
    known = {
        pod for pod, readings in found.items() if any(r.name is SignalName.GPU for r in readings)
    }
    settled = [s for s in sessions if s.gpus and now - s.key.started > _SETTLED]
    return 0 if any(session.pod in known for session in settled) else len(settled)
