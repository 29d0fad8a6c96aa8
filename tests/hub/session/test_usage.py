"""GPU time and peak memory between two moments, from the history, and as a server tells it."""

import time
from dataclasses import replace

import httpx
import pytest
from gpucommons_contract import GPU, Endpoint, GPUMemory, GPUSeries, GPUUsage, TelemetryHistory
from gpucommons_lab.gpu.history import History, usage_between, usage_of
from gpucommons_local.gpu.state import GPUState
from pydantic import TypeAdapter

from tests.waiting import until

GIB = 2**30
USAGE = f"/{Endpoint.SESSION_GPU_USAGE}"
ANSWER = TypeAdapter(GPUUsage)
BUSY = GPU(0, "GPU-0", "H200", utilization=50, memory=GPUMemory(4 * GIB, 8 * GIB))


def past(*loads, memory=None, step: float = 1.0) -> TelemetryHistory:
    memory = memory or tuple(None if load is None else GIB for load in loads)
    return TelemetryHistory(
        step=step,
        times=tuple(100.0 + step * number for number in range(len(loads))),
        gpus={"GPU-0": GPUSeries(loads, memory, loads)},
    )


def test_gpu_time_is_utilization_over_the_span():
    usage = usage_of(past(0, 100, 50, 0), 101, 103)
    assert (usage.gpu_seconds, usage.covered) == (1.5, 1.0)


def test_a_step_counts_by_the_part_that_is_in_the_span():
    assert usage_of(past(100, 0, step=10.0), 105, 115).gpu_seconds == 5.0


def test_devices_are_summed_and_the_peak_is_of_the_fullest():
    both = past(100, 100, memory=(GIB, 3 * GIB))
    both.gpus["GPU-1"] = GPUSeries((50, 50), (2 * GIB, GIB), (None, None))
    usage = usage_of(both, 100, 102)
    assert (usage.gpu_seconds, usage.memory_peak) == (3.0, 3 * GIB)


def test_a_gap_is_not_covered_and_not_counted():
    usage = usage_of(past(100, None, None, 100), 100, 104)
    assert (usage.gpu_seconds, usage.covered) == (2.0, 0.5)


def test_of_a_mig_slice_the_peak_is_known_and_no_gpu_time():
    usage = usage_of(past(None, None, memory=(GIB, 3 * GIB)), 100, 102)
    assert (usage.gpu_seconds, usage.memory_peak, usage.covered) == (None, 3 * GIB, 1.0)


def test_memory_that_is_known_covers_no_load_that_is_not():
    usage = usage_of(past(100, None, memory=(GIB, GIB)), 100, 102)
    assert (usage.gpu_seconds, usage.covered) == (1.0, 0.5)


def test_a_peak_outside_the_span_is_not_the_spans():
    usage = usage_of(past(0, 0, 0, memory=(8 * GIB, GIB, 8 * GIB)), 101.2, 101.8)
    assert usage.memory_peak == GIB


def test_where_nothing_is_known_nothing_is_said():
    usage = usage_of(past(100, 100), 500, 501)
    assert (usage.gpu_seconds, usage.memory_peak, usage.covered) == (None, None, 0.0)


def test_a_span_without_length_is_not_covered():
    assert usage_of(past(100, 100), 101, 101).covered == 0.0


@pytest.mark.parametrize(("ago", "step"), [(30, 1.0), (300, 5.0), (1500, 10.0)])
def test_the_finest_history_that_reaches_back_is_taken(ago, step):
    now = 0.0
    history = History(clock=lambda: now, wall=lambda: 1_000_000 + now)
    while now < 2000:
        now += 1.0
        history.add((BUSY,), 1.0)
    usage = usage_between(history, 1_002_000 - ago, 1_002_000 - ago + 20)
    assert usage.step == step
    assert usage.gpu_seconds == pytest.approx(10.0)
    assert usage.memory_peak == 4 * GIB


def test_of_two_devices_both_halves_count():
    now = 0.0
    history = History(clock=lambda: now, wall=lambda: now)
    for _ in range(20):
        now += 1.0
        history.add((BUSY, replace(BUSY, uuid="GPU-1")), 1.0)
    assert usage_between(history, 5, 15).gpu_seconds == pytest.approx(10.0)


def ask(session, **query) -> httpx.Response:
    return session.client.get(USAGE, params=query)


def test_a_server_tells_what_its_gpus_did(gpu_session, driver):
    driver.state_file.update(lambda s: s.with_gpu(0, GPUState(memory_used=7 * GIB).with_load(60)))
    # On a busy machine a server may miss a second: the first that was wholly seen is looked at.
    usage = until(lambda: _second_that_was_seen(gpu_session))
    assert usage.gpu_seconds == pytest.approx(0.6, abs=0.1)
    assert usage.memory_peak == 7 * GIB


def _second_that_was_seen(session) -> GPUUsage | None:
    """Listen for three seconds, and ask about the middle one."""
    with session.client.stream(
        "GET", f"/{Endpoint.SESSION_GPUS}", headers={"Accept": "text/event-stream"}
    ) as stream:
        begin = time.time()
        for _ in stream.iter_lines():
            if time.time() - begin > 3:
                break
    usage = ANSWER.validate_json(ask(session, since=begin + 1, until=begin + 2).text)
    return usage if usage.covered == pytest.approx(1.0, abs=0.1) else None


@pytest.mark.parametrize("query", [{}, {"since": "x", "until": "1"}, {"since": "nan", "until": 1}])
def test_what_is_no_moment_is_refused_by_name(plain_session, query):
    answer = ask(plain_session, **query)
    assert answer.status_code == 400
    assert answer.json()["message"] == "'since' must be a number: seconds since the Unix epoch."


def test_an_end_before_the_begin_is_refused(plain_session):
    answer = ask(plain_session, since=2, until=1)
    assert answer.status_code == 400
    assert answer.json()["message"] == "'since' must not be after 'until'."


def test_a_stranger_is_told_nothing(plain_session):
    url = plain_session.client.base_url.join(USAGE)
    assert httpx.get(url, headers={"Authorization": "token wrong"}, timeout=60).status_code == 403
