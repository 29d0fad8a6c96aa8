"""What the sampler read, over the last minute, the last quarter of an hour and the session.

Written by the sampling thread, read from another: a lock keeps the two apart. Times are kept
by the clock that never goes back and told by the one on the wall, as it is when asked: so a
clock that is set does not tear the past.
"""

import threading
import time
from collections.abc import Callable
from enum import StrEnum

from gpucommons_contract import GPU, GPUSeries, TelemetryHistory

from gpucommons_lab.timeline import Figures, Timeline


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
"""Seconds of a step, and how many there are. Those of the session grow to twice the length
whenever all are used up: 20 s from 50 minutes on, 160 s in a session of 12 hours."""
_PATIENCE = 1.5
_GRACE = 1.0
"""A reading stands for the time since the one before if that is at most so many times as long
as the readings are apart, and so many seconds. A busy machine is late; a driver that hung left
a gap."""


def is_gap(seconds: float, apart: float) -> bool:
    """Whether so long after the one before, a reading says nothing of the time between them.

    ``apart`` is how many seconds they should be apart.
    """
    return seconds > _PATIENCE * apart + _GRACE


class History:
    """The past of all devices of a session, in bounded memory."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """``clock`` gives seconds that never go back, ``wall`` those since the Unix epoch."""
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
        """Remember a reading. ``apart`` is how many seconds it should be after the one before.

        A device that is not in it has a gap.
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
        """Answer the past of ``span``; the last step is the one under way, if it has a value."""
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
