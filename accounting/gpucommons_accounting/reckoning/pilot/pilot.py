"""What the records say of a pilot's questions: first steps, starts with a GPU, changes. Pure.

Of what is not recorded there is no figure: neither sign-ins nor restores are told to accounting.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_contract.told import StartOutcome

from gpucommons_accounting.reckoning.capacity.waits import Quantile, Wait, Waits
from gpucommons_accounting.records.identity import Identities, PersonId
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.records.start import Start

_HALF, _NEARLY_ALL = Decimal("0.5"), Decimal("0.95")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who pressed *Start* for the first time on record."""

    asked: datetime
    ready: datetime | None
    """When they could get into a session for the first time; None if they have not yet."""


@dataclass(frozen=True, slots=True)
class FirstSessions:
    """How long newcomers took to a session that they could use."""

    people: int
    had: int
    """How many of them have had one."""
    half: Quantile | None
    """From the first press of *Start* on: what half of them did not pass; None without any."""
    nearly_all: Quantile | None
    """What 95 of 100 did not pass."""


@dataclass(frozen=True, slots=True)
class GPUStarts:
    """What became of starts with a GPU."""

    asked: int
    ready: int
    failed: int
    refused: int
    given_up: int
    half: Quantile | None
    """From *Start* until people could get in: what half of those that were not refused did not
    pass; None without any."""
    nearly_all: Quantile | None
    """What 95 of 100 did not pass."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many people took something else in a later session."""

    people: int
    """Who had at least two sessions: the others could change nothing."""
    environment: int
    size: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is measured of a period."""

    first_sessions: FirstSessions
    gpu_starts: GPUStarts
    changes: Changes


def first_sessions(newcomers: Iterable[Newcomer], as_of: datetime) -> FirstSessions:
    """Sum up how long newcomers took. Who has had no session yet still waits for one."""
    waits = Waits()
    for each in newcomers:
        length = max((each.ready or as_of) - each.asked, timedelta())
        waits.put(Wait(length, over=each.ready is not None))
    found = waits.summed()
    return FirstSessions(found.starts, found.bound, found.half, found.nearly_all)


def gpu_starts(starts: Iterable[Start]) -> GPUStarts:
    """Sum up what became of starts with a GPU.

    Those that failed or were given up would have taken longer than they lasted.
    """
    became: Counter[StartOutcome] = Counter()
    waits = Waits()
    for start in starts:
        if not start.units:
            continue
        became[start.outcome] += 1
        if start.outcome is not StartOutcome.REFUSED:
            waits.put(Wait(start.lasted, over=start.outcome is StartOutcome.READY))
    return GPUStarts(
        asked=became.total(),
        ready=became[StartOutcome.READY],
        failed=became[StartOutcome.FAILED],
        refused=became[StartOutcome.REFUSED],
        given_up=became[StartOutcome.GIVEN_UP],
        half=waits.quantile(_HALF),
        nearly_all=waits.quantile(_NEARLY_ALL),
    )


def changes(sessions: Iterable[Session], identities: Identities) -> Changes:
    """Count who took something else from one session to the next.

    sessions: in the order in which they were asked for. Those that nobody could use, and those of
    which it is not known what was chosen, do not count.
    """
    last: dict[PersonId, Session] = {}
    again: set[PersonId] = set()
    environment: set[PersonId] = set()
    size: set[PersonId] = set()
    for session in sessions:
        if session.ready is None or not session.choice.environment:
            continue
        person = identities.person_of(session)
        if before := last.get(person):
            again.add(person)
            if session.choice.environment != before.choice.environment:
                environment.add(person)
            if session.choice.size != before.choice.size:
                size.add(person)
        last[person] = session
    return Changes(len(again), len(environment), len(size))
