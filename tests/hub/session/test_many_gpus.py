"""A session with sixteen GPUs: figures, past, metrics and use of each."""

import time

import pytest
from gpucommons_contract import Endpoint, TelemetryFrame, TelemetryHistory, read_activity
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.driver import build
from gpucommons_local.gpu.state import MOST_GPUS, GPUState
from pydantic import TypeAdapter

from .conftest import Session

GIB = 2**30
FRAME = TypeAdapter(TelemetryFrame)
HISTORY = TypeAdapter(TelemetryHistory)
PATIENCE = 120  # seconds
LOADS = [5 * (number + 1) for number in range(MOST_GPUS)]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Sixteen GPUs, each with a load of its own."""
    try:
        driver = build(tmp_path_factory.mktemp("driver"), MOST_GPUS)
    except PlatformError as error:
        pytest.skip(f"no simulated driver: {error}")
    for number, load in enumerate(LOADS):
        gpu = GPUState(memory_used=(number + 1) * GIB).with_load(load)
        driver.state_file.update(lambda state, n=number, gpu=gpu: state.with_gpu(n, gpu))
    session = Session(
        tmp_path_factory.mktemp("session"),
        driver,
        "--GPUCommonsLab.background_interval=0.2",
        environment={"GPUCOMMONS_GPU_UNITS": str(MOST_GPUS)},
    )
    session.wait()
    yield session
    session.close()
    assert "Traceback" not in session.log


def test_all_are_in_a_frame_in_their_order(session):
    frame = FRAME.validate_json(session.client.get(f"/{Endpoint.SESSION_GPUS}").text)
    assert frame.state == "ok"
    assert [gpu.index for gpu in frame.gpus] == list(range(MOST_GPUS))
    assert [gpu.utilization for gpu in frame.gpus] == LOADS


def test_the_past_is_each_devices_own(session):
    frame = FRAME.validate_json(session.client.get(f"/{Endpoint.SESSION_GPUS}").text)
    path = f"/{Endpoint.SESSION_GPU_HISTORY}"
    end = time.monotonic() + PATIENCE
    history = HISTORY.validate_json(session.client.get(path).text)
    while len(history.gpus) < MOST_GPUS:
        assert time.monotonic() < end
        time.sleep(0.1)
        history = HISTORY.validate_json(session.client.get(path).text)
    told = [history.gpus[gpu.uuid].utilization[-1] for gpu in frame.gpus]
    assert told == pytest.approx(LOADS)


def test_prometheus_gets_each(session):
    session.client.get(f"/{Endpoint.SESSION_GPUS}").raise_for_status()
    text = session.client.get("/metrics").text
    lines = [line for line in text.splitlines() if "gpucommons_gpu_utilization_ratio{" in line]
    assert len(lines) == MOST_GPUS


def test_their_use_is_told_together(session):
    session.client.get(f"/{Endpoint.SESSION_GPUS}").raise_for_status()
    activity = read_activity(session.client.get(f"/{Endpoint.SESSION_ACTIVITY}").content)
    assert activity.gpu.utilization == max(LOADS)
    assert activity.gpu.memory >= sum(range(1, MOST_GPUS + 1)) * GIB
