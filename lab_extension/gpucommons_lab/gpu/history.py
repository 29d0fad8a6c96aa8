"""What the sampler read, over the last minute, the last quarter of an hour and the session.

The sampling thread writes it, another reads it: a lock keeps the two apart. Times are kept by the
monotonic clock and converted to the wall clock when asked, so setting that clock does not tear
the past apart.
"""

import threading
import time
from collections.abc import Callable, Iterable
from enum import StrEnum

from gpucommons_contract import GPU, GPUSeries, GPUUsage, TelemetryHistory

from gpucommons_lab.gpu.reading import is_gap
from gpucommons_lab.gpu.timeline import Figures, Timeline


class Span(StrEnum):
    """How far back a history goes: seconds, or to the session's start."""

    MINUTE = "60"
    QUARTER = "900"
    SESSION = "session"


_STEPS: dict[Span, tuple[float, int]] = {
    Span.MINUTE: (1.0, 60),
    Span.QUARTER: (5.0, 180),
    Span.SESSION: (10.0, 300),
}
"""Seconds of a step, and how many there are. The session's steps double in length whenever all
are used up: 20 s from 50 minutes on, 160 s in a session of 12 hours."""


class History:
    """The past of all devices of a session, in bounded memory."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """``clock`` is monotonic, ``wall`` counts from the Unix epoch; both in seconds."""
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        start = clock()
        self._timelines = {
            span: Timeline(step, length, start, grows=span is Span.SESSION)
            for span, (step, length) in _STEPS.items()
        }
        self._seen: dict[str, float] = {}

    def add(self, gpus: tuple[GPU, ...], apart: float) -> None:
        """Remember a reading. ``apart``: how many seconds it should be after the one before.

        A device that is missing from it has a gap.
        """
        now = self._clock()
        with self._lock:
            for gpu in gpus:
                seconds = now - self._seen.get(gpu.uuid, now)
                if is_gap(seconds, apart):
                    seconds = 0
                figures = Figures(
                    gpu.utilization, gpu.memory.used if gpu.memory else None, gpu.power
                )
                for timeline in self._timelines.values():
                    timeline.add(gpu.uuid, figures, now, seconds)
            self._seen = {gpu.uuid: now for gpu in gpus}

    def over(self, span: Span) -> TelemetryHistory:
        """Return the past of ``span``; the last step is the current one, if it has a value."""
        now = self._clock()
        timeline = self._timelines[span]
        with self._lock:
            count = timeline.steps(now)
            pasts = timeline.pasts(count)
            start, step = timeline.start, timeline.step
            latest = max(self._seen.values(), default=now)
        if latest <= start + (count - 1) * step:  # nothing was read yet in the step under way
            count -= 1
        begin = self._wall() - (now - start)
        return TelemetryHistory(
            step=step,
            times=tuple(round(begin + number * step, 3) for number in range(count)),
            gpus={
                uuid: GPUSeries(past.utilization[:count], past.memory[:count], past.power[:count])
                for uuid, past in pasts.items()
            },
        )


_FINEST_FIRST = (Span.MINUTE, Span.QUARTER, Span.SESSION)
_DECIMALS = 3


def usage_between(history: History, since: float, until: float) -> GPUUsage:
    """Return what the devices did from ``since`` to ``until``, seconds since the Unix epoch.

    The finest history that reaches back to ``since`` is used; nothing is known before the
    session's start.
    """
    past = history.over(_FINEST_FIRST[-1])
    for span in _FINEST_FIRST:
        asked = history.over(span)
        if asked.times and asked.times[0] <= since:
            past = asked
            break
    return usage_of(past, since, until)


def usage_of(past: TelemetryHistory, since: float, until: float) -> GPUUsage:
    """Work out the use of all devices in ``past`` from ``since`` to ``until``."""
    steps = enumerate(past.times)
    covered = [(at, _overlap(begin, past.step, since, until)) for at, begin in steps]
    covered = [(at, seconds) for at, seconds in covered if seconds > 0]
    busy, told, held = 0.0, 0.0, 0.0
    for series in past.gpus.values():
        loads = [(series.utilization[at], seconds) for at, seconds in covered]
        busy += sum(load / 100 * seconds for load, seconds in loads if load is not None)
        told = max(told, sum(seconds for load, seconds in loads if load is not None))
        memory = [(series.memory[at], seconds) for at, seconds in covered]
        held = max(held, sum(seconds for used, seconds in memory if used is not None))
    known = told or held  # of a MIG slice the memory is known alone
    return GPUUsage(
        since=since,
        until=until,
        step=past.step,
        gpu_seconds=round(busy, _DECIMALS) if told else None,
        memory_peak=_peak(past.gpus.values(), [at for at, _ in covered]),
        covered=round(min(1.0, known / (until - since)), _DECIMALS) if until > since else 0.0,
    )


def _overlap(begin: float, step: float, since: float, until: float) -> float:
    """Return how many seconds of the step that starts at ``begin`` are in the span."""
    return min(begin + step, until) - max(begin, since)


def _peak(gpus: Iterable[GPUSeries], steps: list[int]) -> int | None:
    held = (series.memory[at] for series in gpus for at in steps)
    return max((each for each in held if each is not None), default=None)
