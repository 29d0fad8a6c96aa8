"""Quota grants: what may be granted, and what is recorded of it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_people.clients.kinds import CONFIG_MAPS
from gpucommons_people.errors import InputError, NotThereError
from gpucommons_people.grants import grant, list_grants, prune_grants, revoke, wanted

ADA = "ada@example.org"
NOW = datetime.now(UTC)
NAMESPACE = "gpucommons-quota"


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch):
    """Let all be granted on the day of which the tests speak: midnight may come meanwhile."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW.astimezone(tz)

    monkeypatch.setattr("gpucommons_people.grants.datetime", Clock)


def _day(days: int) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%d}"


def _wanted(**more):
    fields = {"user": ADA, "team": None, "until": _day(7), "reason": "A deadline", "gpus": "2"}
    return wanted(**fields | more)


def _audit(world) -> list[dict]:
    return [json.loads(line) for line in world.log.read_text().splitlines()]


async def test_an_exception_is_one_labelled_object_and_one_line_in_the_log(world):
    change = await grant(world.it, _wanted(user="Ada@example.org", sessions=4, sizes=["gpu=2"]))
    name = change.data["name"]
    found = world.cluster.objects[CONFIG_MAPS, NAMESPACE, name]
    assert found["metadata"]["labels"] == {"gpucommons.io/quota-grant": "user"}
    (made,) = await list_grants(world.it)
    assert (made.user, made.sessions, made.gpus, made.sizes) == (ADA, 4, Decimal(2), {"gpu": 2})
    assert (made.by, made.reason) == ("tester", "A deadline")
    assert made.until == datetime.fromisoformat(f"{_day(7)}T23:59:59+00:00")
    (line,) = _audit(world)
    assert (line["action"], line["subject"]) == ("grant quota", ADA)
    assert line["details"]["reason"] == "A deadline"
    assert line["details"]["name"] == name


async def test_a_dry_run_grants_nothing(world):
    change = await grant(world.it, _wanted(), dry_run=True)
    assert f"Let {ADA} have 2 GPUs until {_day(7)}" in change.steps[0]
    assert world.left(CONFIG_MAPS) == []
    assert not world.log.exists()


async def test_what_cannot_be_recorded_is_not_granted(world):
    world.log.mkdir()
    with pytest.raises(Exception, match="Nothing is changed without a record"):
        await grant(world.it, _wanted())
    assert world.left(CONFIG_MAPS) == []


async def test_a_team_is_granted_something_if_there_is_one_of_that_name(world):
    change = await grant(world.it, _wanted(user=None, team="vision"))
    assert "ResourceQuota" in change.left[0]
    with pytest.raises(NotThereError, match=r"There is no team visoin\. Teams: robots, vision\."):
        await grant(world.it, _wanted(user=None, team="visoin"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"team": "vision"}, "Say for whom"),
        ({"user": None}, "Say for whom"),
        ({"gpus": None}, "Say what is granted"),
        ({"gpus": "two"}, "--gpus 'two' must be a number above 0"),
        ({"gpus": "NaN"}, "must be a number above 0"),
        ({"gpus": "0"}, "must be a number above 0"),
        ({"sessions": -1}, "--sessions -1 must be from 1 to 10000"),
        ({"sizes": ["gpu"]}, "--size 'gpu' must be written NAME=N"),
        ({"sizes": ["gpu=0"]}, "--size gpu 0 must be from 1"),
        ({"user": "_ada"}, "it begins with '_'"),
        ({"user": None, "team": "Vision"}, "'Vision' is not a name for a team"),
        ({"until": "tomorrow"}, "--until 'tomorrow' is not a day or a time"),
        ({"until": "2026-13-01"}, "is not a day or a time"),
        ({"reason": "  "}, "Give a reason"),
        ({"reason": "x" * 301}, "Give a reason of 1 to 300 characters"),
    ],
)
def test_a_wrong_option_is_named_with_what_to_write(more, says):
    with pytest.raises(InputError) as raised:
        _wanted(**more)
    assert says in str(raised.value)


async def test_an_exception_ends_within_the_bound_and_not_in_the_past(world):
    with pytest.raises(InputError, match="has passed already"):
        await grant(world.it, _wanted(until=_day(-1)))
    with pytest.raises(InputError, match=f"after 90 days, so {_day(90)} is the last day"):
        await grant(world.it, _wanted(until=_day(91)))
    await grant(world.it, _wanted(until=_day(90)))


def test_a_time_is_in_utc_unless_it_has_a_zone():
    assert _wanted(until="2026-12-01T18:00").until == datetime(2026, 12, 1, 18, tzinfo=UTC)
    assert _wanted(until="2026-12-01T18:00+02:00").until == datetime(2026, 12, 1, 16, tzinfo=UTC)


async def test_a_revoked_exception_holds_no_more_and_stays_listed(world):
    name = (await grant(world.it, _wanted())).data["name"]
    await revoke(world.it, name)
    assert await list_grants(world.it) == ()
    (record,) = await list_grants(world.it, ended=True)
    assert record.revoked_by == "tester"
    assert [line["action"] for line in _audit(world)] == ["grant quota", "revoke quota"]
    assert not (await revoke(world.it, name)).changed
    with pytest.raises(NotThereError, match="There is no quota grant grant-0"):
        await revoke(world.it, "grant-0")


async def test_records_are_pruned_when_they_are_old_and_no_day_before(world):
    name = (await grant(world.it, _wanted())).data["name"]
    old = (await grant(world.it, _wanted())).data["name"]
    for each, days in ((name, 89), (old, 91)):
        ended = (NOW - timedelta(days=days)).isoformat()
        world.cluster.objects[CONFIG_MAPS, NAMESPACE, each]["data"]["until"] = ended
    assert (await prune_grants(world.it, dry_run=True)).changed
    assert len(world.left(CONFIG_MAPS)) == 2
    await prune_grants(world.it)
    assert world.left(CONFIG_MAPS) == [name]
    assert _audit(world)[-1]["action"] == "delete quota record"


async def test_an_object_that_cannot_be_read_is_passed_over(world):
    name = (await grant(world.it, _wanted())).data["name"]
    world.cluster.objects[CONFIG_MAPS, NAMESPACE, name]["data"]["until"] = "soon"
    assert await list_grants(world.it, ended=True) == ()
