"""What teams used over time, as charts and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gpucommons_accounting.reckoning.capacity.capacity import Capacity
from gpucommons_accounting.reckoning.periods.named_period import MONTH, QUARTER, NamedPeriod
from gpucommons_accounting.reckoning.use.over_time import OverTime, Step
from gpucommons_accounting.reckoning.use.report import About
from gpucommons_accounting.web.capacity.busy import Bar, stacked
from gpucommons_accounting.web.exports import hours_json

_SHOWN = 3
"""So many teams have a part of the bars of their own: with all others these are four."""


@dataclass(frozen=True, slots=True)
class Row:
    """One step, as a line of the table beside the charts."""

    title: str
    shown: list[Decimal]
    """What the teams with a part of their own are charged, in order."""
    others: Decimal
    all: Decimal
    allocated: Decimal
    free: Decimal
    away: Decimal
    """What was on nodes that were cordoned or down, and was not held."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Two charts of a period: what teams are charged, and how full the site was."""

    teams: list[About]
    """Those with a part of the bars of their own, the one with the most first."""
    rows: list[Row]
    charged: list[Bar]
    fullness: list[Bar]

    @property
    def has_capacity(self) -> bool:
        """Whether it is known which GPUs there were."""
        return any(row.free or row.away for row in self.rows)


def timeline(
    named: NamedPeriod, found: OverTime, there: Sequence[Capacity], as_of: datetime
) -> Timeline:
    """Put the steps of a period into charts, and those that have begun into a table."""
    teams = [team for team, charged in found.teams()[:_SHOWN] if charged]
    rows = [_row(named, step, each, teams) for step, each in zip(found.steps, there, strict=True)]
    labels = [_label(named, step) for step in found.steps]
    begun = sum(step.period.begin <= as_of for step in found.steps)
    return Timeline(
        teams,
        rows[:begun],
        stacked(_labelled(labels, ((*_padded(row.shown), row.others) for row in rows))),
        stacked(_labelled(labels, ((row.allocated, row.free, row.away) for row in rows))),
    )


def timeline_json(found: OverTime, there: Sequence[Capacity]) -> list[dict[str, object]]:
    """Return a line for each step, with all teams."""
    return [
        {
            "first_day": step.first.isoformat(),
            "begin": step.period.begin.isoformat(),
            "end": step.period.end.isoformat(),
            "allocated_gpu_hours": hours_json(step.allocated),
            "reported_gpu_hours": hours_json(each.reported),
            "usable_gpu_hours": hours_json(each.usable),
            "teams": [
                {
                    "name": team.name,
                    "title": team.title,
                    "id": team.id,
                    "charged_gpu_hours": hours_json(charged),
                }
                for team, charged in sorted(step.charged.items())
            ],
        }
        for step, each in zip(found.steps, there, strict=True)
    ]


def _row(named: NamedPeriod, step: Step, there: Capacity, teams: Sequence[About]) -> Row:
    shown = [step.charged.get(team, Decimal(0)) for team in teams]
    everything = sum(step.charged.values(), Decimal(0))
    free = max(there.usable - (step.allocated - step.beside), Decimal(0))
    away = max(there.reported - there.usable - step.beside, Decimal(0))
    title = f"{step.first:%Y-%m}" if named.months > QUARTER else step.first.isoformat()
    others = everything - sum(shown, Decimal(0))
    return Row(title, shown, others, everything, step.allocated, free, away)


def _padded(amounts: list[Decimal]) -> list[Decimal]:
    return amounts + [Decimal(0)] * (_SHOWN - len(amounts))


def _label(named: NamedPeriod, step: Step) -> str:
    if named.months == MONTH:
        return str(step.first.day)
    return f"{step.first:%m-%d}" if named.months == QUARTER else str(step.first.month)


def _labelled(
    labels: Iterable[str], amounts: Iterable[Sequence[Decimal]]
) -> Iterable[tuple[str, Sequence[Decimal]]]:
    return zip(labels, amounts, strict=True)
