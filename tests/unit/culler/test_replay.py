"""On replayed days no session that works is ended, and nearly all of what is idle is given back.

That the peers fail where they are known to shows that the days have the traps that they should.
"""

from datetime import timedelta

import pytest
from gpucommons_culler.core.rule import IdleRule
from hypothesis import settings

from bench.idle_replay import HUB, KUBEFLOW_HOUR, NO_EXPORTER, OURS, PRUNER, RULES, outcomes
from bench.replay import traps
from bench.replay.day import Day, Doing, Span
from bench.replay.generated import days
from bench.replay.ours import Ours
from bench.replay.replay import Outcome, replay

WITHOUT = {NO_EXPORTER: lambda: Ours(exporter=False)}
TICK = 2  # minutes


def outcome(day: Day, name: str) -> Outcome:
    return replay(day, {name: (RULES | WITHOUT)[name]()}, TICK)[name]


def trap(words: str) -> Day:
    (day,) = [each for each in traps.TRAPS if words in each.name]
    return day


@pytest.mark.parametrize("day", [*traps.WORKING, *traps.IDLE], ids=lambda day: day.name)
def test_ours_ends_nothing_that_works_and_gives_the_rest_back(day):
    ours = outcome(day, OURS)
    assert (ours.wrong, ours.early) == (0, 0)
    assert ours.share > 0.95


@pytest.mark.parametrize("day", [*traps.WORKING, *traps.IDLE], ids=lambda day: day.name)
def test_without_the_exporter_it_is_the_same(day):
    ours = outcome(day, NO_EXPORTER)
    assert (ours.wrong, ours.early) == (0, 0)
    assert ours.share > 0.95


@pytest.mark.parametrize("day", traps.BOUNDED, ids=lambda day: day.name)
def test_a_session_that_only_says_that_it_works_is_ended_after_half_a_day(day):
    ours = outcome(day, OURS)
    assert ours.warnings == 1
    assert 0.4 < ours.share < 0.5


@pytest.mark.parametrize("day", traps.LEFT_ALONE, ids=lambda day: day.name)
def test_what_cannot_be_known_to_be_idle_is_left_alone(day):
    assert outcome(day, OURS).reclaimed == 0


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (HUB, "a silent cell"),
        (HUB, "training from a terminal"),
        (HUB, "loading data"),
        (KUBEFLOW_HOUR, "training from a terminal"),
        (KUBEFLOW_HOUR, "debugging in VS Code"),
        (KUBEFLOW_HOUR, "a program in the background ends"),
        (KUBEFLOW_HOUR, "reads and types only"),
        (KUBEFLOW_HOUR, "does not answer while it computes"),
        (PRUNER, "debugging in VS Code"),
        (PRUNER, "loading data"),
        (PRUNER, "reads and types only"),
        (PRUNER, "the exporter tells zeros"),
    ],
)
def test_a_peer_ends_a_session_that_works_where_it_is_known_to(rule, words):
    assert outcome(trap(words), rule).wrong == 1


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (HUB, "a forgotten tab"),
        (HUB, "a tab that reconnects"),
        (HUB, "VS Code left open"),
        (KUBEFLOW_HOUR, "says for ever"),
        (PRUNER, "a GPU that is polled"),
        (PRUNER, "the exporter is down"),
    ],
)
def test_a_peer_leaves_an_idle_session_alone_where_it_is_known_to(rule, words):
    found = outcome(trap(words), rule)
    assert (found.wrong, found.reclaimed) == (0, 0)


def test_a_person_who_thinks_for_long_is_warned_and_keeps_the_session():
    ours = outcome(trap("presses Keep"), OURS)
    assert (ours.wrong, ours.false_alarms) == (0, 1)


def test_who_reads_and_types_is_not_ended_where_nobody_may_keep_a_session():
    rule = IdleRule("strict", keep_at_most=timedelta(), keep_times=0)
    day = trap("reads and types only")
    assert replay(day, {OURS: Ours(rule=rule)}, TICK)[OURS].wrong == 0


def _days() -> int:
    """Count days by chance: 250, and fewer where properties have fewer examples."""
    return settings.default.max_examples * 5 // 2


def test_on_days_by_chance_nothing_that_works_is_ended_and_the_oracle_is_nearly_reached():
    ours = outcomes(days(_days()), {OURS: Ours})[OURS]
    assert ours.days == _days()
    assert (ours.wrong, ours.early) == (0, 0)
    assert ours.share >= 0.95


def test_days_by_chance_have_what_the_peers_fail_at():
    peers = {name: RULES[name] for name in (HUB, KUBEFLOW_HOUR, PRUNER)}
    found = outcomes(days(_days()), peers)
    assert all(each.wrong > _days() / 25 for each in found.values())


def test_the_same_seed_makes_the_same_days():
    assert list(days(20)) == list(days(20))


def test_the_oracle_waits_an_hour_and_for_who_keeps_it():
    works = (60, Doing(works=True))
    assert outcome(Day("x", (works,)), OURS).reclaimable == 22 * 60
    kept = Day("x", (works,), kept=(Span(59, 600),))
    assert outcome(kept, OURS).reclaimable == 24 * 60 - 630
