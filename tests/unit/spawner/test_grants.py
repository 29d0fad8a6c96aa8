"""Quota grants as the hub reads them, and what they change."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_contract import Grant
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.catalogue import Allowance, Quotas
from gpucommons_spawner.quota.grants import Grants, widened
from gpucommons_spawner.quota.ledger import Ledger, Limits
from gpucommons_spawner.quota.summary import granted
from gpucommons_spawner.selection.person import Person
from hypothesis import given
from hypothesis import strategies as st

from .conftest import VISION

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)


def _grant(name="grant-1", user="ada", team="", until=UNTIL, **more) -> Grant:
    return Grant(name, user, team, until, "A deadline", "ops", NOW, **more)


def _object(grant: Grant, **data) -> dict:
    return {"metadata": {"name": grant.name}, "data": grant.to_data() | data}


def _grants(*found: Grant, now=NOW) -> Grants:
    grants = Grants(lambda: now)
    grants.replace([_object(each) for each in found])
    return grants


_numbers = st.none() | st.integers(1, 9)
_usual = st.builds(
    Allowance,
    sessions=_numbers,
    gpus=st.none() | st.decimals(0, 9, places=2),
    sizes=st.dictionaries(st.sampled_from("abc"), _numbers),
)
_granted = st.builds(
    _grant,
    sessions=_numbers,
    gpus=st.none() | st.decimals(0, 9, places=2),
    sizes=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9)),
)


@given(_usual, _granted)
def test_an_exception_never_takes_away_and_gives_what_it_says(usual, grant):
    after = widened(usual, [grant])
    limits = [
        (usual.sessions, grant.sessions, after.sessions),
        (usual.gpus, grant.gpus, after.gpus),
    ]
    limits += [
        (most, grant.sizes.get(size), after.sizes[size]) for size, most in usual.sizes.items()
    ]
    assert after.sizes.keys() == usual.sizes.keys()
    for before, more, now in limits:
        assert now == (before if before is None or more is None else max(before, more))


@given(_granted)
def test_what_is_written_is_read_again(grant):
    (found,) = _grants(grant).for_user("ada")
    assert found == grant


@pytest.mark.parametrize(("seconds", "holds"), [(0, True), (1, False)])
def test_an_exception_counts_until_its_end_and_no_longer(seconds, holds):
    now = UNTIL + timedelta(seconds=seconds)
    assert bool(_grants(_grant(), now=now).for_user("ada")) is holds


def test_a_changed_exception_counts_as_it_is_and_a_deleted_one_not():
    grants = _grants(_grant(sessions=4))
    grants.update("MODIFIED", _object(_grant(sessions=5)))
    assert [each.sessions for each in grants.for_user("ada")] == [5]
    grants.update("DELETED", _object(_grant()))
    assert grants.for_user("ada") == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"until": "soon"}, "soon"),
        ({"until": "2026-12-01T00:00:00"}, "has no time zone"),
        ({"team": "vision"}, "must be for a user or for a team"),
        ({"gpus": "NaN"}, "NaN is not a number of GPUs"),
        ({"gpus": "many"}, "many is not a number of GPUs"),
        ({"sessions": "many"}, "many"),
        ({"sizes": "[1]"}, "its sizes are not numbers by name"),
        ({"sizes": "{"}, ""),
    ],
)
def test_what_somebody_wrote_wrongly_counts_for_nothing_and_is_told(data, says, caplog):
    grants = Grants(lambda: NOW)
    grants.replace([_object(_grant(sessions=9), **data), _object(_grant("grant-2", sessions=4))])
    assert [each.name for each in grants.for_user("ada")] == ["grant-2"]
    assert "grant-1 is ignored" in caplog.text
    assert says in caplog.text


def test_a_person_s_exception_is_theirs_and_a_team_s_the_team_s():
    quotas = Quotas(default=Allowance(sessions=1), each_team=Allowance(gpus=Decimal(2)))
    grants = _grants(_grant(sessions=4), _grant("grant-2", user="", team="vision", gpus=Decimal(8)))
    ada = Limits.of(quotas, Person("ada"), VISION, grants)
    bob = Limits.of(quotas, Person("bob"), VISION, grants)
    assert (ada.person.sessions, bob.person.sessions) == (4, 1)
    assert ada.team.gpus == bob.team.gpus == 8


def test_the_page_names_the_exception_with_its_end_and_who_granted_it(catalogue):
    grants = _grants(_grant(sessions=4, gpus=Decimal(2)))
    person = Person("ada", frozenset({"vision"}), (VISION,))
    state = Availability(catalogue, Cluster(), grants=grants).for_person(person, Ledger(), "")
    assert state.holding == (
        "You hold 0 of 4 sessions and 0 of 2 GPUs.",
        "You may have 4 sessions and 2 GPUs until 2026-12-01, granted by ops.",
    )
    assert (state.allowance_sessions, state.allowance_gpus) == (4, "2")


def test_an_exception_that_gives_nothing_beyond_the_usual_is_not_named():
    assert granted("", Allowance(sessions=9), _grant(sessions=4), {}) is None
    usual = Allowance(sessions=2, sizes={"gpu": 1})
    sentence = granted("", usual, _grant(sessions=2, sizes={"gpu": 2}), {"gpu": "Whole GPU"})
    assert sentence == (
        "You may have 2 sessions of the size Whole GPU until 2026-12-01, granted by ops."
    )


def test_a_time_within_a_day_is_said():
    at_six = UNTIL.replace(hour=18, minute=0, second=0)
    sentence = granted("", Allowance(sessions=1), _grant(sessions=2, until=at_six), {})
    assert sentence == "You may have 2 sessions until 2026-12-01 18:00 UTC, granted by ops."


def test_viewers_are_told_when_an_exception_comes_changes_and_ends():
    now = NOW
    grants = Grants(lambda: now)
    seen = {grants.version}
    grants.update("ADDED", _object(_grant(sessions=2)))
    seen.add(grants.version)
    grants.update("MODIFIED", _object(_grant(sessions=3)))
    seen.add(grants.version)
    now = UNTIL + timedelta(seconds=1)
    assert grants.version not in seen
    assert len(seen) == 3
