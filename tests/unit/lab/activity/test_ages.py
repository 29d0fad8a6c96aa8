"""Ages of moments by the wall clock, also when somebody sets it."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_lab.activity.ages import Ages

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Clocks:
    """One that only goes on, and one on the wall that can be set."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.off = 0.0

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> float:
        return self.seconds

    def wall(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds - 1000 + self.off)


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def ages(clocks):
    return Ages(clocks.clock, clocks.wall)


def test_a_moment_ages(ages, clocks):
    clocks.pass_by(100)
    moment = clocks.wall() - timedelta(seconds=30)
    assert ages.of({"k": moment}) == {"k": 30}
    clocks.pass_by(60)
    assert ages.of({"k": moment}) == {"k": 90}
    assert ages.of({"k": clocks.wall()}) == {"k": 0}


@pytest.mark.parametrize("set_by", [86400, -86400])
def test_a_wall_clock_that_is_set_makes_nothing_older_or_younger(ages, clocks, set_by):
    clocks.pass_by(100)
    old = clocks.wall() - timedelta(seconds=30)
    ages.of({"old": old})
    clocks.off = set_by
    clocks.pass_by(60)
    assert ages.of({"old": old, "new": clocks.wall()}) == {"old": 90, "new": 0}


def test_what_is_new_came_since_the_last_question(ages, clocks):
    clocks.pass_by(100)
    ages.of({})
    noted = clocks.wall()
    clocks.off = 86400
    clocks.pass_by(60)
    assert ages.of({"new": noted}) == {"new": 60}


def test_what_is_asked_no_more_is_forgotten(ages, clocks):
    clocks.pass_by(100)
    ages.of({"k": BEGIN})
    ages.of({})
    clocks.pass_by(5)
    assert ages.of({"k": BEGIN}) == {"k": 5}
