"""What the records say of a pilot, on either database."""

from datetime import timedelta
from decimal import Decimal

from gpucommons_accounting.database.asked import Asked
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.records.start import Start
from gpucommons_contract.told import StartFault, StartOutcome

from .sessions import at, later

BEGUN = "2026-11-03T08:00"
_QUARTER = Period(at("2026-10-01"), at("2027-01-01"))


def start(
    outcome: StartOutcome = StartOutcome.READY,
    seconds: float = 30,
    *,
    units: str = "1",
    person: str = "ada",
    team: str = "vision",
    asked: str = BEGUN,
) -> Start:
    return Start(
        start=f"{person}/{asked}/{outcome}/{seconds}",
        person=person,
        server="",
        team=team,
        environment="torch",
        size="gpu",
        units=Decimal(units),
        asked=at(asked),
        at=later(asked, seconds=seconds),
        outcome=outcome,
        why="",
        fault=StartFault.NOBODY,
        sentence="",
        uid="",
    )


class PilotBehaviour:
    def test_the_records_say_who_is_new_in_a_quarter_and_when_they_got_in(self, store):
        store.starts.add(
            [
                start(person="old", asked="2026-09-30T08:00"),
                start(person="old", asked="2026-10-02T08:00"),
                start(StartOutcome.REFUSED, 0, person="new", asked="2026-10-02T08:00"),
                start(person="new", asked="2026-10-02T08:10", seconds=60),
                start(person="new", asked="2026-10-03T08:10"),
                start(StartOutcome.FAILED, 9, person="stuck", asked="2026-10-02T08:00"),
                start(person="late", asked="2027-01-01T00:00"),
            ]
        )
        found = Asked(store.database).measured(_QUARTER, at("2027-01-02"))
        assert (found.first_sessions.people, found.first_sessions.had) == (2, 1)
        assert found.first_sessions.half.length == timedelta(minutes=11)
        assert (found.gpu_starts.asked, found.gpu_starts.ready) == (5, 3)

    def test_the_start_probe_is_nobody(self, store):
        store.starts.add([start(), start(person="probe", team="start-probe")])
        found = Asked(store.database).measured(_QUARTER, at("2027-01-02"), "start-probe")
        assert (found.first_sessions.people, found.gpu_starts.asked) == (1, 1)
        everybody = Asked(store.database).measured(_QUARTER, at("2027-01-02"))
        assert (everybody.first_sessions.people, everybody.gpu_starts.asked) == (2, 2)
