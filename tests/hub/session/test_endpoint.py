"""The telemetry endpoint of a real Jupyter server on the simulated driver."""

import time
from collections.abc import Iterator
from itertools import islice

import httpx
from gpucommons_contract import Endpoint, TelemetryFrame, TelemetryState
from gpucommons_local.gpu.state import GPUState
from pydantic import TypeAdapter

PATH = f"/{Endpoint.SESSION_GPUS}"
FRAME = TypeAdapter(TelemetryFrame)
STREAM = {"Accept": "text/event-stream"}
MANY = 1000
"""Frames in which something has to show: of those that come at first, some are old."""


def frames(response: httpx.Response) -> Iterator[TelemetryFrame]:
    for line in response.iter_lines():
        if line.startswith("data: "):
            yield FRAME.validate_json(line.removeprefix("data: "))


def last_activity(session) -> str:
    return session.client.get("/api/status").json()["last_activity"]


def wait_until(condition) -> bool:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_one_frame_comes_as_json(gpu_session, driver):
    response = gpu_session.client.get(PATH)
    frame = FRAME.validate_json(response.text)
    assert response.headers["Content-Type"] == "application/json"
    assert frame.state is TelemetryState.OK
    assert [gpu.name for gpu in frame.gpus] == ["NVIDIA H200 Simulated"] * 4


def test_a_stream_follows_what_the_gpus_do(gpu_session, driver):
    with gpu_session.client.stream("GET", PATH, headers=STREAM) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        coming = frames(response)
        assert next(coming).gpus[1].utilization == 0
        driver.state_file.update(lambda state: state.with_gpu(1, GPUState().with_load(80)))
        assert any(frame.gpus[1].utilization == 80 for frame in islice(coming, MANY))


def test_all_streams_share_one_thread_which_ends_when_they_do(gpu_session, driver):
    assert wait_until(lambda: gpu_session.threads == threads_without_streams(gpu_session))
    idle = gpu_session.threads
    with (
        gpu_session.client.stream("GET", PATH, headers=STREAM) as first,
        gpu_session.client.stream("GET", PATH, headers=STREAM) as second,
        gpu_session.client.stream("GET", PATH, headers=STREAM) as third,
    ):
        for response in (first, second, third):
            next(frames(response))
        assert gpu_session.threads == idle + 1
    assert wait_until(lambda: gpu_session.threads == idle)


def threads_without_streams(session) -> int:
    """The number that the server settles at; a stream of an earlier test may still linger."""
    before = session.threads
    time.sleep(0.5)
    return min(before, session.threads)


def test_watching_the_gpus_is_not_activity(gpu_session, driver):
    before = last_activity(gpu_session)
    gpu_session.client.get(PATH)
    with gpu_session.client.stream("GET", PATH, headers=STREAM) as response:
        next(frames(response))
    assert last_activity(gpu_session) == before
    gpu_session.client.get("/api/contents")
    assert last_activity(gpu_session) != before


def test_a_stranger_gets_no_figures(gpu_session):
    url = gpu_session.client.base_url.join(PATH)
    for headers in ({}, STREAM, {"Authorization": "token wrong"}):
        response = httpx.get(url, headers=headers, timeout=60)
        assert response.status_code == 403
        assert "gpus" not in response.json()


def test_a_lost_gpu_is_told_and_the_server_goes_on(gpu_session, driver):
    driver.state_file.update(lambda state: state.with_gpu(0, GPUState(lost=True)))
    with gpu_session.client.stream("GET", PATH, headers=STREAM) as response:
        failed = next(each for each in frames(response) if each.state is TelemetryState.FAILED)
    assert "GPU 0" in failed.reason
    assert [gpu.index for gpu in failed.gpus] == [1, 2, 3]
    assert gpu_session.client.get("/api/status").status_code == 200
