"""What the culler tells Prometheus."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from gpucommons_culler.core.decision import Action, Decision, Verdict
from gpucommons_culler.core.metrics import LONGEST_GAIN, Metrics
from gpucommons_culler.core.session import Session
from prometheus_client.parser import text_string_to_metric_families

from .samples import ADA, HOUR, MINUTE, NOW, a_session


def a_decision(action: Action = Action.STOP, verdict: Verdict = Verdict.IDLE) -> Decision:
    return Decision(action, verdict, "It is idle.", "Nothing.")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def told(metrics: Metrics) -> dict[str, float]:
    """All samples as Prometheus would read them, by name and labels' values (by label)."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        " ".join((sample.name.removeprefix("gpucommons_idle_"), *sample.labels.values())): (
            sample.value
        )
        for family in families
        for sample in family.samples
    }


def hours_after(metrics: Metrics, *ticks: tuple[datetime, list[Session]]) -> float:
    metrics.reclaimed(a_session(ADA), a_decision(), NOW)
    for at, sessions in ticks:
        metrics.running(sessions, at)
    return told(metrics)["reclaimed_gpu_hours_total gpu-half vision"]


def test_what_is_given_back_counts_until_it_is_taken_again(metrics):
    restarted = a_session(ADA._replace(started=NOW + 2 * HOUR))
    ticks = [(NOW + HOUR, []), (NOW + 2 * HOUR, [restarted]), (NOW + 5 * HOUR, [restarted])]
    assert hours_after(metrics, *ticks) == pytest.approx(0.5 * 2)
    assert told(metrics)["reclaimed_gpus_total gpu-half vision"] == 0.5


def test_what_was_stopped_in_a_tick_that_saw_it_run_is_given_back(metrics):
    stopped = a_session(ADA)
    assert hours_after(metrics, (NOW, [stopped]), (NOW + HOUR, [])) == pytest.approx(0.5)


def test_a_session_that_goes_on_without_gpu_leaves_it_to_others(metrics):
    released = a_session(ADA, gpus=Decimal(0))
    assert hours_after(metrics, (NOW + HOUR, [released])) == pytest.approx(0.5)


def test_a_stop_counts_for_a_bounded_time(metrics):
    ticks = [(NOW + LONGEST_GAIN + HOUR, []), (NOW + 2 * LONGEST_GAIN, [])]
    assert hours_after(metrics, *ticks) == pytest.approx(0.5 * (LONGEST_GAIN / HOUR))


def test_a_clock_set_back_takes_nothing_away(metrics):
    ticks = [(NOW + HOUR, []), (NOW, []), (NOW + HOUR, []), (NOW + 2 * HOUR, [])]
    assert hours_after(metrics, *ticks) == pytest.approx(0.5 * 2)


@pytest.mark.parametrize(
    ("session", "after", "wrong"),
    [
        (a_session(ADA._replace(started=NOW + MINUTE)), 5, 1),
        (a_session(ADA._replace(started=NOW + MINUTE), size="another"), 5, 0),
        (a_session(ADA._replace(started=NOW + 15 * MINUTE)), 15, 0),
    ],
)
def test_a_stop_was_wrong_if_the_same_is_started_within_ten_minutes(metrics, session, after, wrong):
    metrics.stopped(a_session(ADA), NOW, as_promised=True)
    metrics.running([], NOW + MINUTE)
    for later in (after, after + 1):
        metrics.running([session], NOW + later * MINUTE)
    assert told(metrics)["stops_started_anew_total"] == wrong
    assert told(metrics)["stops_total as-promised"] == 1


def test_what_was_stopped_in_a_tick_that_saw_it_run_is_not_started_anew(metrics):
    stopped = a_session(ADA)
    metrics.stopped(stopped, NOW, as_promised=True)
    metrics.running([stopped], NOW)
    assert told(metrics)["stops_started_anew_total"] == 0
    again = a_session(ADA._replace(started=NOW + 5 * MINUTE))
    metrics.running([again], NOW + 5 * MINUTE)
    assert told(metrics)["stops_started_anew_total"] == 1


def test_a_release_was_wrong_if_its_person_takes_the_gpu_again_at_once(metrics):
    metrics.stopped(a_session(ADA), NOW, as_promised=True)
    released = a_session(ADA._replace(started=NOW + MINUTE), size="without", gpus=Decimal(0))
    metrics.running([released], NOW + 2 * MINUTE)
    again = a_session(ADA._replace(started=NOW + 5 * MINUTE))
    metrics.running([again], NOW + 5 * MINUTE)
    assert told(metrics)["stops_started_anew_total"] == 1


def test_a_stop_without_the_promised_notice_is_told_apart(metrics):
    assert told(metrics)["stops_total short"] == 0
    metrics.stopped(a_session(ADA), NOW, as_promised=False)
    assert told(metrics)["stops_total short"] == 1


def test_stops_are_told_by_the_replica_that_leads_alone_and_from_0_on(metrics):
    """Objectives sum up all replicas: what one of them counted before is there no second time."""
    metrics.stopped(a_session(ADA), NOW, as_promised=True)
    metrics.leads(leads=True)
    assert told(metrics)["stops_total as-promised"] == 1
    metrics.leads(leads=False)
    assert not any(name.startswith("stops_") for name in told(metrics))
    metrics.leads(leads=True)
    found = told(metrics)
    assert found["stops_total as-promised"] == found["stops_started_anew_total"] == 0
    metrics.stopped(a_session(ADA), NOW, as_promised=True)
    assert told(metrics)["stops_total as-promised"] == 1


def test_a_session_without_gpu_gives_none_back(metrics):
    metrics.reclaimed(a_session(ADA, gpus=Decimal(0)), a_decision(), NOW)
    metrics.running([], NOW + HOUR)
    assert not any("reclaimed" in name for name in told(metrics))


@pytest.mark.parametrize(
    ("action", "verdict", "alarms"),
    [
        (Action.CANCEL, Verdict.ACTIVE, 1),
        (Action.CANCEL, Verdict.KEPT, 0),
        (Action.CANCEL, Verdict.UNKNOWN, 0),
        (Action.STOP, Verdict.IDLE, 0),
    ],
)
def test_only_a_warning_cancelled_by_use_is_a_false_alarm(metrics, action, verdict, alarms):
    metrics.acted(a_decision(action, verdict))
    assert told(metrics)["false_alarms_total"] == alarms
    assert told(metrics)[f"actions_total {action}"] == 1


def test_sessions_are_counted_anew_at_each_tick(metrics):
    idle, active = a_decision(verdict=Verdict.IDLE), a_decision(verdict=Verdict.ACTIVE)
    metrics.judged([idle, idle, active])
    metrics.judged([active])
    found = told(metrics)
    assert (found["sessions idle"], found["sessions active"], found["sessions unknown"]) == (
        0,
        1,
        0,
    )


def test_ticks_ends_and_sources_are_counted(metrics):
    metrics.ticked(NOW, timedelta(seconds=-1), timedelta(seconds=2))
    metrics.gone(MINUTE)
    metrics.source_failed("DCGM")
    found = told(metrics)
    assert found["last_tick_timestamp_seconds"] == pytest.approx(NOW.timestamp())
    assert found["tick_late_seconds_sum"] == 0
    assert found["tick_seconds_sum"] == 2
    assert found["stop_seconds_sum"] == 60
    assert found["source_failures_total DCGM"] == 1


def test_the_time_from_the_last_use_to_the_end_is_counted(metrics):
    decision = replace(a_decision(), idle_since=NOW - HOUR)
    metrics.reclaimed(a_session(ADA), decision, NOW)
    assert told(metrics)["idle_seconds_sum"] == 3600


def test_two_cullers_do_not_share_counts(metrics):
    metrics.source_failed("DCGM")
    assert "source_failures_total DCGM" not in told(Metrics())
