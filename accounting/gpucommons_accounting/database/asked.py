"""What is summed up of all sessions while they are read: demand, waits, free hours, replays, and
what a pilot asks for.
"""

from collections.abc import Iterable
from datetime import datetime

from gpucommons_upkeep.database import Database

from gpucommons_accounting.database.listing import Whose, all_of
from gpucommons_accounting.database.people.identities import identities_in
from gpucommons_accounting.database.starts import newcomers_of, starts_of
from gpucommons_accounting.database.sums.stays import stays_of, unmet_of, usual_in
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact
from gpucommons_accounting.reckoning.capacity.capacity_plan import CapacityPlan, capacity_plan
from gpucommons_accounting.reckoning.capacity.demand import Demand, around, demand_by_size
from gpucommons_accounting.reckoning.capacity.free_hours import FreeHours, free_hours
from gpucommons_accounting.reckoning.capacity.waits import Waited, waits_by
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.pilot.pilot import (
    Measured,
    changes,
    first_sessions,
    gpu_starts,
)

_LONG_SECONDS = 600.0


class Asked:
    """Sums it up. It blocks, and raises, as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def demand(self, period: Period) -> dict[str, Demand]:
        """Return what was asked for in a period, had or not."""
        with self._database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
            starts = starts_of(connection, around(period))
            return demand_by_size(starts, all_of(connection, period, Whose()), period)

    def waits(self, period: Period, as_of: datetime) -> dict[str, Waited]:
        """Return how long starts of a period waited."""
        with self._database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
            sessions = all_of(connection, period, Whose())
            found = waits_by(sessions, period, as_of, lambda session: session.choice.size)
        return {size: each.summed() for size, each in found.items()}

    def measured(self, period: Period, as_of: datetime, probe_team: str = "") -> Measured:
        """Return what the records say of a pilot's questions.

        probe_team: the team of the start probe, which is nobody; empty without one.
        """
        with self._database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
            newcomers = newcomers_of(connection, period, but_of=probe_team)
            starts, sessions = starts_of(connection, period), all_of(connection, period, Whose())
            if probe_team:
                starts = (each for each in starts if each.team != probe_team)
                sessions = (each for each in sessions if each.choice.team != probe_team)
            return Measured(
                first_sessions(newcomers, as_of),
                gpu_starts(starts),
                changes(sessions, identities_in(connection)),
            )

    def free_hours(
        self,
        facts: Iterable[NodeFact],
        period: Period,
        as_of: datetime,
        calendar: Calendar,
        product: str | None,
    ) -> FreeHours:
        """Return how many GPUs were free in each hour of the week. facts: of all nodes."""
        with self._database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
            sessions = all_of(connection, period, Whose())
            return free_hours(facts, sessions, period, as_of, calendar, product=product)

    def capacity_plan(
        self, facts: Iterable[NodeFact], period: Period, as_of: datetime, product: str, more: int
    ) -> CapacityPlan:
        """Return what more GPUs of a product would have changed. facts: of all nodes."""
        with self._database.transaction(reads=True, seconds=_LONG_SECONDS) as connection:
            return capacity_plan(
                facts,
                stays_of(connection, period, product),
                unmet_of(connection, starts_of(connection, period)),
                period,
                as_of,
                product=product,
                usual=usual_in(connection, period),
                more=more,
            )
