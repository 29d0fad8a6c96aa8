"""What a session's devices did between two moments, worked out from its history."""

from collections.abc import Iterable

from gpucommons_contract import GPUSeries, GPUUsage, TelemetryHistory

from gpucommons_lab.history import History, Span

_FINEST_FIRST = (Span.MINUTE, Span.QUARTER, Span.SESSION)
_DECIMALS = 3


def usage_between(history: History, since: float, until: float) -> GPUUsage:
    """Answer what the devices did from ``since`` to ``until``, seconds since the Unix epoch.

    The finest history that reaches back to ``since`` is taken; before the session's start
    nothing is known.
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
    """Answer the seconds of a step that begins at ``begin`` which are in the span."""
    return min(begin + step, until) - max(begin, since)


def _peak(gpus: Iterable[GPUSeries], steps: list[int]) -> int | None:
    held = (series.memory[at] for series in gpus for at in steps)
    return max((each for each in held if each is not None), default=None)
