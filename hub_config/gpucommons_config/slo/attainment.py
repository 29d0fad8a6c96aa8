"""How far an objective was attained in a period, from what was recorded of it. Pure.

Each sample is looked at, and nothing is extrapolated, as ``increase()`` of Prometheus would: a
report has whole events. Moments are in seconds of Unix time.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

LONGEST_STEP_S = 300.0
"""Between two samples that belong together; Prometheus, too, takes a value as gone after that.

Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness
"""
_MINUTE_S = 60.0

Samples = Mapping[float, float]
"""Values by their moments."""


class Step(NamedTuple):
    """What happened from one moment until another."""

    begin: float
    end: float
    bad: float
    valid: float
    known: bool
    """Whether it was watched all the time; if not, a part of what happened may be missing."""


class Day(NamedTuple):
    """One day of the site, as far as the period has it."""

    day: date
    begin: float
    end: float
    bad: float = 0.0
    valid: float = 0.0
    covered: float = 0.0
    """Seconds of it that were watched."""


class Gap(NamedTuple):
    """A time that was not watched, and what counters have of it nevertheless: on which day and
    whether that is all of it is not known.
    """

    begin: float
    end: float
    bad: float = 0.0
    valid: float = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened in a period: in its days and gaps together."""

    days: Sequence[Day]
    gaps: Sequence[Gap]

    @property
    def bad(self) -> float:
        """Events, or minutes, that were bad."""
        return sum(day.bad for day in self.days) + sum(gap.bad for gap in self.gaps)

    @property
    def valid(self) -> float:
        """All of them."""
        return sum(day.valid for day in self.days) + sum(gap.valid for gap in self.gaps)

    @property
    def covered(self) -> Fraction:
        """Which part of the period was watched."""
        watched = sum(day.covered for day in self.days)
        return Fraction(watched) / Fraction(self.days[-1].end - self.days[0].begin)


class Verdict(StrEnum):
    """Whether an objective was met."""

    MET = "met"
    """Also if all had been bad in the time that was not watched, as busy as the rest."""
    MET_WHERE_MEASURED = "met-where-measured"
    """What was not watched could have changed it."""
    MISSED = "missed"
    NO_EVENTS = "no-events"
    """There was nothing that could have been bad, where it was watched."""
    NOT_MEASURED = "not-measured"


def of_counters(bad: Samples, valid: Samples, *, kept: bool = False) -> Iterator[Step]:
    """Yield the steps of an objective of events, from one moment that has both to the next.

    kept: whether they outlive the program that counts. Such counters are lower than before only
    where a database was restored, or a rule changed, and what came meanwhile is not known. Others:
    A counter that is lower than before began anew at 0. What is bad is a part of what is valid, and
    so each began anew with the other, although it may have more again than before.
    """
    for before, after in pairwise(sorted(bad.keys() & valid.keys())):
        anew = valid[after] < valid[before] or bad[after] < bad[before]
        if anew and kept:
            yield Step(before, after, 0.0, 0.0, known=False)
            continue
        yield Step(
            before,
            after,
            bad[after] - (0.0 if anew else bad[before]),
            valid[after] - (0.0 if anew else valid[before]),
            after - before <= LONGEST_STEP_S,
        )


def of_states(bad: Samples) -> Iterator[Step]:
    """Yield the steps of an objective of time: each sample is a minute."""
    last: float | None = None
    for at in sorted(bad):
        begin = at - _MINUTE_S
        if last is not None and at - last <= LONGEST_STEP_S:
            begin = last
        elif last is not None:
            yield Step(last, begin, 0.0, 0.0, known=False)
        yield Step(begin, at, bad[at], 1.0, known=True)
        last = at


def tally(steps: Iterable[Step], days: Sequence[Day]) -> Tally:
    """Sum up a period. days: without a hole between them; steps: in their order.

    What ends with a day belongs to it. A step into the period that was watched counts in it.
    """
    begin, end = days[0].begin, days[-1].end
    ends = [day.end for day in days]
    bad, valid = [0.0] * len(days), [0.0] * len(days)
    gaps: list[Gap] = []
    reached = begin
    for step in steps:
        if not begin < step.end <= end:
            continue
        if step.begin > reached:
            gaps.append(Gap(reached, step.begin))
        if step.known:
            at = bisect_left(ends, step.end)
            bad[at] += step.bad
            valid[at] += step.valid
        else:
            gaps.append(Gap(max(step.begin, begin), step.end, step.bad, step.valid))
        reached = step.end
    if end - reached > LONGEST_STEP_S or reached == begin:
        gaps.append(Gap(reached, end))
    summed = [
        day._replace(bad=bad[at], valid=valid[at], covered=_covered(day, gaps))
        for at, day in enumerate(days)
    ]
    return Tally(summed, gaps)


def _covered(day: Day, gaps: Iterable[Gap]) -> float:
    missing = sum(max(min(gap.end, day.end) - max(gap.begin, day.begin), 0.0) for gap in gaps)
    return day.end - day.begin - missing


def budget_used(found: Tally, budget: Fraction) -> Fraction | None:
    """Return the used share of what may be bad, above 1 if more was; None without events.

    budget: the share of what is valid that may be bad.
    """
    return Fraction(found.bad) / (Fraction(found.valid) * budget) if found.valid else None


def verdict(found: Tally, budget: Fraction) -> Verdict:
    """Judge a period. What was not watched never counts as good."""
    used = budget_used(found, budget)
    if used is None:
        return Verdict.NO_EVENTS if found.covered else Verdict.NOT_MEASURED
    if used > 1:
        return Verdict.MISSED
    at_worst = found.covered * used * budget + (1 - found.covered)
    return Verdict.MET if at_worst <= budget else Verdict.MET_WHERE_MEASURED
