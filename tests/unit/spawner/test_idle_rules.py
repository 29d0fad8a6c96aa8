"""Idle rules of the catalogue: what goes over what, when schedules hold, what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_spawner.catalogue.idle import Hours, IdleRule, IdleRules
from pydantic import ValidationError

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)

RULES = IdleRules.model_validate(
    {
        "default": {"warn_after": "30m", "stop_after": "1h"},
        "sizes": {"cpu": {"stop_after": None}},
        "teams": {"astro": {"stop_after": "12h", "keep_at_most": "2d"}},
        "schedules": [
            {
                "name": "course hours",
                "hours": {"days": ["mon"], "begin": "10:00", "end": "12:00"},
                "teams": ["vision"],
                "rule": {"stop_after": None},
            },
            {
                "name": "nights",
                "hours": {"begin": "20:00", "end": "06:00"},
                "rule": {"warn_after": "10m", "stop_after": "20m"},
            },
        ],
    }
)


@pytest.mark.parametrize(
    ("team", "size", "hour", "name", "stop_after"),
    [
        ("vision", "gpu", 9, "the default", timedelta(hours=1)),
        ("vision", "cpu", 9, "size cpu", None),
        ("astro", "cpu", 9, "team astro with size cpu", timedelta(hours=12)),
        ("vision", "gpu", 11, "course hours", None),
        ("astro", "gpu", 11, "team astro", timedelta(hours=12)),
        ("astro", "gpu", 21, "nights with team astro", timedelta(minutes=20)),
    ],
)
def test_a_team_counts_before_a_size_and_a_schedule_before_both(team, size, hour, name, stop_after):
    found, rule = RULES.at(team, size, MONDAY + timedelta(hours=hour))
    assert (found, rule.stop_after) == (name, stop_after)


@pytest.mark.parametrize(
    ("hours", "moment", "holds"),
    [
        ({}, MONDAY, True),
        ({"begin": "08:00", "end": "10:00"}, MONDAY.replace(hour=10), False),
        ({"days": ["sun"], "begin": "22:00", "end": "06:00"}, MONDAY.replace(hour=5), True),
        ({"days": ["mon"], "begin": "22:00", "end": "06:00"}, MONDAY.replace(hour=5), False),
        ({"days": ["sat", "sun"]}, MONDAY - timedelta(minutes=1), True),
        ({"days": ["sat", "sun"]}, MONDAY, False),
        (
            {"begin": "00:30", "end": "01:00", "time_zone": "Europe/Berlin"},
            MONDAY.replace(hour=23, minute=45),
            True,
        ),
    ],
)
def test_hours_hold_on_the_clock_of_their_place_and_past_midnight(hours, moment, holds):
    assert Hours.model_validate(hours).hold(moment) is holds


@pytest.mark.parametrize(
    ("hours", "advice"),
    [
        ({"begin": "8"}, 'must be a time of day such as "08:00"'),
        ({"begin": 480}, 'must be a time of day such as "08:00"'),
        ({"days": ["monday"]}, "'mon', 'tue'"),
        ({"days": []}, "at least 1"),
        ({"time_zone": "Mars/Olympus"}, "must be a time zone such as Europe/Berlin or UTC"),
        ({"time_zone": "../etc/passwd"}, "must be a time zone such as Europe/Berlin or UTC"),
    ],
)
def test_hours_that_cannot_be_are_refused(hours, advice):
    with pytest.raises(ValidationError, match=advice):
        Hours.model_validate(hours)


@pytest.mark.parametrize(
    ("rules", "keys"),
    [
        ({"default": {"warn_after": "2h", "stop_after": "1h"}}, ("default", "warn_after")),
        ({"default": {"warn_after": None, "stop_after": "1h"}}, ("default", "warn_after")),
        ({"default": {"action": "release"}}, ("default", "action")),
        (
            {"default": {"stop_after": "1h"}, "sizes": {"gpu": {"warn_after": "1h"}}},
            ("sizes", "gpu", "warn_after"),
        ),
        (
            {
                "default": {"stop_after": "1h"},
                "schedules": [{"name": "n", "hours": {}, "rule": {"warn_after": "3h"}}],
            },
            ("schedules", 0, "rule", "warn_after"),
        ),
    ],
)
def test_a_rule_that_cannot_hold_is_found_where_it_is_written(rules, keys):
    found = IdleRules.model_validate(rules).contradictions()
    assert [each[0] for each in found] == [keys]


def test_what_a_rule_leaves_out_is_taken_from_the_usual_one_and_null_is_said():
    usual = IdleRule.model_validate({"stop_after": "1h", "keep_times": 1})
    over = IdleRule.model_validate({"stop_after": None}).over(usual)
    assert over.said() == {"keep_times": 1, "stop_after": None}
