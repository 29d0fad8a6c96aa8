"""From the catalogue's idle rules to the culler's."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_config.idle.rules import CatalogueRules
from gpucommons_culler.core.rule import EndAction, IdleRule
from gpucommons_spawner.catalogue import Catalogue, IdleRules

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _rule(said: dict[str, object], size: str = "gpu") -> IdleRule:
    idle = IdleRules.model_validate({"sizes": {"gpu": said}})
    catalogue = Catalogue.model_construct(idle=idle)
    return CatalogueRules(lambda: catalogue).of("vision", size, NOW)


def test_what_the_catalogue_leaves_out_is_the_culler_s_own():
    assert _rule({}, "cpu") == IdleRule("the default")


def test_all_that_it_says_is_taken_over():
    said = {
        "warn_after": "10m",
        "stop_after": "20m",
        "keep_at_most": "3h",
        "keep_times": 1,
        "warm_up": "5m",
        "action": "release",
        "release_to": "cpu",
        "under_pressure": True,
    }
    assert _rule(said) == IdleRule(
        "size gpu",
        warn_after=10 * MINUTE,
        stop_after=20 * MINUTE,
        keep_at_most=180 * MINUTE,
        keep_times=1,
        warm_up=5 * MINUTE,
        action=EndAction.RELEASE,
        release_to="cpu",
        under_pressure=True,
    )


@pytest.mark.parametrize(
    ("said", "warn", "stop"),
    [
        ({"stop_after": "20m"}, 10, 20),
        ({"warn_after": "2h"}, 120, 240),
        ({"warn_after": "10m"}, 10, 60),
    ],
)
def test_a_time_that_is_not_said_makes_room_for_the_one_that_is(said, warn, stop):
    rule = _rule(said)
    assert (rule.warn_after, rule.stop_after) == (warn * MINUTE, stop * MINUTE)
    assert rule.warning_time > timedelta()


def test_null_is_never_and_not_at_all():
    assert _rule({"stop_after": None, "warn_after": None}).stop_after is None
    assert _rule({"keep_at_most": None}).keep_at_most == timedelta()
    assert _rule({"warm_up": None}).warm_up == timedelta()
