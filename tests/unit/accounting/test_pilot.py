"""What a pilot asks for follows from the records, and what they do not have is no figure."""

from datetime import timedelta

from gpucommons_accounting.reckoning.pilot.pilot import (
    Changes,
    Newcomer,
    changes,
    first_sessions,
    gpu_starts,
)
from gpucommons_accounting.records.identity import Identities, Person
from gpucommons_contract.told import StartOutcome

from .pilot_behaviour import BEGUN, PilotBehaviour, start
from .sessions import at, later, session


class TestOnSQLite(PilotBehaviour):
    pass


def test_starts_with_a_gpu_are_counted_by_what_became_of_them():
    found = gpu_starts(
        [
            *(start(seconds=each) for each in (10, 20, 30)),
            start(StartOutcome.FAILED, 40),
            start(StartOutcome.GIVEN_UP, 50),
            *[start(StartOutcome.REFUSED, 0)] * 2,
            start(units="0"),
        ]
    )
    assert (found.asked, found.ready, found.failed) == (7, 3, 1)
    assert (found.refused, found.given_up) == (2, 1)
    assert (found.half.length, found.half.at_least) == (timedelta(seconds=30), False)
    assert (found.nearly_all.length, found.nearly_all.at_least) == (timedelta(seconds=50), True)


def test_without_a_start_there_is_no_time():
    found = gpu_starts([start(StartOutcome.REFUSED, 0), start(units="0")])
    assert (found.asked, found.half, found.nearly_all) == (1, None, None)


def test_a_newcomer_who_has_had_no_session_still_waits_for_one():
    known = [Newcomer(at(BEGUN), later(BEGUN, minutes=2)), Newcomer(at(BEGUN), None)]
    found = first_sessions(known, later(BEGUN, hours=1))
    assert (found.people, found.had) == (2, 1)
    assert found.half.length == timedelta(minutes=2)
    assert (found.nearly_all.length, found.nearly_all.at_least) == (timedelta(hours=1), True)


def test_whoever_takes_something_else_in_a_later_session_has_changed_it_once():
    def had(day: int, person: str, environment: str, size: str = "gpu", **more: str):
        begin = f"2026-11-{day:02}T08:00"
        choice = {"person": person, "environment": environment, "size": size, **more}
        return session(begin, later(begin, hours=1), f"{person}{day}", **choice)

    found = changes(
        [
            had(1, "ada", "torch"),
            had(2, "ada", "jax"),
            had(3, "ada", "torch"),
            had(1, "ben", "torch"),
            had(2, "ben", "torch", "share"),
            had(1, "eve", "torch"),
            had(2, "eve", "torch"),
            had(1, "fay", "torch"),
            had(2, "eve", ""),
        ],
        Identities(),
    )
    assert found == Changes(people=3, environment=1, size=1)


def test_who_gets_somebody_s_name_has_changed_nothing():
    first, second = "2026-01-07T08:00:00Z", "2026-11-05T00:00:00Z"
    known = Identities([Person("ada", first), Person("ada", second)])
    found = changes(
        [
            session("2026-11-01T08:00", "2026-11-01T09:00", "a", environment="torch"),
            session("2026-11-06T08:00", "2026-11-06T09:00", "b", environment="jax"),
        ],
        known,
    )
    assert found == Changes(0, 0, 0)
