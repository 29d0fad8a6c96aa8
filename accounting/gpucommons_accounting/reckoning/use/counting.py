"""What sessions add to counters, as metrics name it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from gpucommons_contract.told import WHY

from gpucommons_accounting.reckoning.periods.calendar import microseconds
from gpucommons_accounting.records.event import Source
from gpucommons_accounting.records.reason import ReasonCode
from gpucommons_accounting.records.session import Session

SECONDS_BUCKETS = (10, 30, 60, 180, 600, 1800, 3600, 14_400)
"""Upper bounds of how long people wait, and of how long a start takes."""
GPU_SECONDS = "gpucommons_gpu_seconds_total"
ENDED = "gpucommons_sessions_ended_total"
ENDS_SEEN = "gpucommons_ends_total"
STARTS = "gpucommons_starts_total"
REFUSALS = "gpucommons_refusals_total"
WAIT, START = "gpucommons_wait_seconds", "gpucommons_start_seconds"
_NO_FAULT = ""
_OTHER = "other"
"""A word of a hub that is newer: such words are no series of their own."""
_PERSONS = {
    ReasonCode.PERSON,
    ReasonCode.ADMINISTRATOR,
    ReasonCode.REMOVED,
    ReasonCode.DELETED,
    ReasonCode.IDLE,
    ReasonCode.MAX_DURATION,
}
_UNSEEN = {Source.ACCOUNTING, Source.TELEMETRY}
"""Who says of an end only between which moments it was."""
_MILLION = 1_000_000


class Key(NamedTuple):
    """One series: a counter, and the values of its labels."""

    name: str
    labels: tuple[str, ...]


def counted(
    sessions: Iterable[Session], as_of: datetime, probe_team: str = ""
) -> dict[Key, Decimal]:
    """Sum up what sessions add to all counters until a moment.

    probe_team: the team of the start probe, whose sessions count for the GPUs that they hold alone:
    they are not what people may rely on.
    """
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for session in sessions:
        is_of_people = not probe_team or session.choice.team != probe_team
        for key, amount in _of(session, as_of):
            if not is_of_people and key.name != GPU_SECONDS:
                continue
            sums[key] += amount
    return dict(sums)


def counted_refusals(refusals: Mapping[str, int]) -> dict[Key, Decimal]:
    """Sum up refused starts. refusals: how many by why."""
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for why, count in refusals.items():
        sums[Key(REFUSALS, (why if why in WHY else _OTHER,))] += count
    return dict(sums)


def _of(session: Session, as_of: datetime) -> Iterator[tuple[Key, Decimal]]:
    choice = session.choice
    if choice.units:
        where = choice.team, choice.size, session.product
        for interval in session.intervals(as_of):
            if interval.state.holds_gpus:
                time = choice.units * microseconds(interval.length) / _MILLION
                yield Key(GPU_SECONDS, (*where, str(interval.state))), time
    if session.ready is not None:
        yield Key(STARTS, ("ready", _NO_FAULT)), Decimal(1)
    elif session.gone is not None:
        yield Key(STARTS, ("failed", _fault(session))), Decimal(1)
    if session.gone is not None and session.reason is not None:
        yield Key(ENDED, (str(session.reason.code),)), Decimal(1)
    if session.gone is not None:
        yield Key(ENDS_SEEN, ("unseen" if session.end_source in _UNSEEN else "seen",)), Decimal(1)
    if session.bound is not None:
        yield from _observed(WAIT, choice.size, session.bound - session.requested)
        if session.ready is not None:
            yield from _observed(START, choice.size, session.ready - session.bound)


def _fault(session: Session) -> str:
    """Return why a start came to nothing: for the person, for want of GPUs, or by the platform."""
    code = session.reason.code if session.reason else ReasonCode.UNKNOWN
    if code in _PERSONS:
        return "person"
    return "capacity" if code is ReasonCode.PREEMPTED else "platform"


def _observed(name: str, size: str, length: timedelta) -> Iterator[tuple[Key, Decimal]]:
    """Add to a histogram: its buckets one by one, each without those below, and the sum."""
    seconds = Decimal(max(microseconds(length), 0)) / _MILLION
    bucket = next((str(most) for most in SECONDS_BUCKETS if seconds <= most), "+Inf")
    yield Key(name, (size, bucket)), Decimal(1)
    yield Key(name, (size, "sum")), seconds
