"""A report on what people could rely on in a period, as JSON. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from gpucommons_contract.formats.wording import written_moment

from gpucommons_config.slo.asked_period import AskedPeriod
from gpucommons_config.slo.attainment import (
    Day,
    Gap,
    budget_used,
    of_counters,
    of_states,
    tally,
    verdict,
)
from gpucommons_config.slo.history import Recorded
from gpucommons_config.slo.indicators import unmeasured
from gpucommons_config.slo.objective import Objective, Part

JSON = dict[str, Any]

_WORST_DAYS = 3
_PLACES = 6
_LENGTH = re.compile(r"(?:\d+(?:y|w|d|h|ms|m|s))+")
_PART = re.compile(r"(\d+)(y|w|d|h|ms|m|s)")
_UNITS_S = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
"""Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations"""


@dataclass(frozen=True, slots=True)
class Known:
    """What Prometheus says of itself, as far as it does."""

    loaded: Collection[str] | None
    """Objectives whose rules it has."""
    retention: str | None
    """For how long it keeps samples."""

    def forgotten(self, now: datetime) -> datetime | None:
        """Return until when it need not have anything any more; None if that is not known."""
        found = _LENGTH.match(self.retention or "")
        if not found:
            return None
        seconds = sum(int(count) * _UNITS_S[unit] for count, unit in _PART.findall(found[0]))
        try:
            return now - timedelta(seconds=seconds)
        except OverflowError:
            return None


def report(
    objectives: Sequence[Objective],
    recorded: Mapping[str, Recorded],
    asked: AskedPeriod,
    known: Known,
    now: datetime,
) -> JSON:
    """Sum up the objectives of a file, and say what is not measured."""
    forgotten = known.forgotten(now)
    begin = asked.reported.begin
    return {
        "first_day": str(asked.first),
        "last_day": str(asked.last),
        "time_zone": str(asked.calendar.zone),
        "begin": written_moment(begin),
        "end": written_moment(asked.reported.end),
        "over": asked.over,
        "retention": known.retention,
        "retention_too_short": forgotten is not None and begin < forgotten,
        "objectives": [_of(each, recorded[each.name], asked, known) for each in objectives],
        "not_measured": [each._asdict() for each in unmeasured(objectives)],
    }


def _of(objective: Objective, recorded: Recorded, asked: AskedPeriod, known: Known) -> JSON:
    of_time = objective.bad_while is not None
    kept = objective.part is Part.ACCOUNTING  # Its counters are in its database.
    steps = (
        of_states(recorded.state)
        if of_time
        else of_counters(recorded.bad, recorded.valid, kept=kept)
    )
    found = tally(steps, _days(asked))
    budget = 1 - Fraction(str(objective.target)) / 100
    used = budget_used(found, budget)
    good = max(found.valid - found.bad, 0.0)
    return {
        "name": objective.name,
        "target_percent": objective.target,
        "unit": "minutes" if of_time else "events",
        "verdict": str(verdict(found, budget)),
        "measured_percent": None if used is None else _rounded(100 * (1 - used * budget)),
        "good": _number(good),
        "bad": _number(found.bad),
        "total": _number(found.valid),
        "budget_used": None if used is None else _rounded(used),
        "covered": _rounded(found.covered),
        "rules_loaded": None if known.loaded is None else objective.name in known.loaded,
        "worst_days": [str(each) for each in _worst(found.days)],
        "days": [_day(each) for each in found.days],
        "gaps": [_gap(each) for each in found.gaps],
    }


def _days(asked: AskedPeriod) -> list[Day]:
    return [
        Day(day, span.begin.timestamp(), span.end.timestamp())
        for day, span in asked.calendar.days(asked.reported)
    ]


def _worst(days: Iterable[Day]) -> list[date]:
    """Return the days that used most of the budget, the worst first."""
    bad = sorted((each for each in days if each.bad), key=lambda each: (-each.bad, each.day))
    return [each.day for each in bad[:_WORST_DAYS]]


def _day(day: Day) -> JSON:
    return {
        "day": str(day.day),
        "bad": _number(day.bad),
        "total": _number(day.valid),
        "covered": _rounded(Fraction(day.covered) / Fraction(day.end - day.begin)),
    }


def _gap(gap: Gap) -> JSON:
    begin, end = (written_moment(datetime.fromtimestamp(at, UTC)) for at in (gap.begin, gap.end))
    return {"begin": begin, "end": end, "bad": _number(gap.bad), "total": _number(gap.valid)}


def _number(count: float) -> int | float:
    """Write events as whole numbers, which all but counters of something else are."""
    return int(count) if count.is_integer() else round(count, _PLACES)


def _rounded(share: Fraction) -> float:
    return round(float(share), _PLACES)


def is_empty(said: Mapping[str, Any]) -> bool:
    """Whether a report has nothing of any objective."""
    return not any(each["covered"] or each["total"] for each in said["objectives"])
