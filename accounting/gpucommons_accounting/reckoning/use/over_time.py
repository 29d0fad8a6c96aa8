"""GPU-hours of teams step by step, and what there was to be had. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from gpucommons_accounting.reckoning.capacity.capacity import Capacity, NodeFact, capacity
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.periods.named_period import NamedPeriod
from gpucommons_accounting.reckoning.use.report import About, Report
from gpucommons_accounting.reckoning.use.usage import Usage
from gpucommons_accounting.records.session import Session


@dataclass(slots=True)
class Step:
    """What teams used in a part of a period, in GPU-microseconds."""

    first: date
    period: Period
    charged: dict[About, Decimal] = field(default_factory=dict)
    """By team."""
    allocated: Decimal = Decimal(0)
    beside: Decimal = Decimal(0)
    """What of that was held on nodes that were cordoned or down."""


class OverTime:
    """The steps of a period, in order."""

    def __init__(self, named: NamedPeriod, calendar: Calendar) -> None:
        firsts = [*named.steps(), named.end]
        self.steps = [
            Step(first, Period(calendar.begin_of(first), calendar.begin_of(following)))
            for first, following in pairwise(firsts)
        ]

    def fill(self, reports: Mapping[Period, Report]) -> None:
        """Take over what teams used, of a report by team for the period of each step."""
        for step in self.steps:
            said = reports[step.period]
            step.charged = {line.about: line.usage.charged for line in said.lines}
            step.allocated = said.total.usage.allocated

    def add_beside(self, session: Session, unused: Period, as_of: datetime) -> None:
        """Add what one session held while its node was cordoned or down."""
        for step in self.steps:
            begin = max(step.period.begin, unused.begin)
            end = min(step.period.end, unused.end)
            if begin < end:
                usage = Usage()
                usage.add(session, Period(begin, end), as_of)
                step.beside += usage.allocated

    def charged_to(self, uid: str) -> list[tuple[date, Decimal]]:
        """Return what one team is charged in each step. uid: of its namespace."""
        return [
            (
                step.first,
                sum((each for team, each in step.charged.items() if team.id == uid), Decimal(0)),
            )
            for step in self.steps
        ]

    def teams(self) -> list[tuple[About, Decimal]]:
        """Return all teams with what they are charged in all, the most first."""
        sums: dict[About, Decimal] = defaultdict(Decimal)
        for step in self.steps:
            for team, charged in step.charged.items():
                sums[team] += charged
        return sorted(sums.items(), key=lambda each: (-each[1], each[0]))


def capacities(facts: Iterable[NodeFact], steps: Sequence[Step], as_of: datetime) -> list[Capacity]:
    """Return what there was in each step, of all products together."""
    known = list(facts)
    found = []
    for step in steps:
        each = capacity(known, step.period, as_of).values()
        found.append(
            Capacity(
                sum((there.reported for there in each), Decimal(0)),
                sum((there.cordoned for there in each), Decimal(0)),
                sum((there.down for there in each), Decimal(0)),
            )
        )
    return found
