"""The past, the peak and the metrics of a real Jupyter server on the simulated driver."""

import time

import httpx
import pytest
from gpucommons_contract import Endpoint, TelemetryFrame, TelemetryHistory
from gpucommons_local.gpu.state import GPUState
from pydantic import TypeAdapter

from .conftest import Session

GIB = 2**30
GPUS, HISTORY, PEAK = (
    f"/{each}"
    for each in (Endpoint.SESSION_GPUS, Endpoint.SESSION_GPU_HISTORY, Endpoint.SESSION_GPU_PEAK)
)
PAST = TypeAdapter(TelemetryHistory)
FRAME = TypeAdapter(TelemetryFrame)


@pytest.fixture(scope="module")
def unwatched_session(built_driver, tmp_path_factory):
    """A session in which nobody looks; it reads on for those who come later."""
    session = Session(
        tmp_path_factory.mktemp("unwatched"),
        built_driver,
        "--GPUCommonsLab.interval=0.1",
        "--GPUCommonsLab.background_interval=0.2",
        environment={"GPUCOMMONS_GPU_UNITS": "4"},
    )
    session.wait()
    yield session
    session.close()
    assert "Traceback" not in session.log


def past(session, span: str) -> TelemetryHistory:
    answer = session.client.get(HISTORY, params={"span": span})
    return PAST.validate_json(answer.raise_for_status().text)


def frame(session) -> TelemetryFrame:
    return FRAME.validate_json(session.client.get(GPUS).raise_for_status().text)


def eventually(condition) -> bool:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("span", ["60", "900", "session"])
def test_who_comes_later_sees_the_past(unwatched_session, driver, span):
    uuid = "GPU-51d00000-0000-4000-8000-000000000001"
    driver.state_file.update(lambda s: s.with_gpu(1, GPUState(memory_used=3 * GIB)))

    def known() -> bool:
        gpus = past(unwatched_session, span).gpus
        return len(gpus) == 4 and gpus[uuid].memory[-1] == 3 * GIB

    assert eventually(known)
    told = past(unwatched_session, span)
    assert list(told.times) == sorted(told.times)

    def goes_on_to_now() -> bool:
        told = past(unwatched_session, span)
        return told.times[-1] == pytest.approx(time.time(), abs=told.step + 1)

    assert eventually(goes_on_to_now)


@pytest.mark.parametrize("span", ["61", "", "hour", "-1"])
def test_another_span_is_refused_by_the_names_of_those_that_there_are(gpu_session, span):
    answer = gpu_session.client.get(HISTORY, params={"span": span})
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "'span' must be one of: 60, 900, session (seconds, or all of the session)."
    )


def test_the_peak_of_memory_stays_until_it_is_set_back(gpu_session, driver):
    driver.state_file.update(lambda s: s.with_gpu(2, GPUState(memory_used=5 * GIB)))
    assert eventually(lambda: frame(gpu_session).gpus[2].memory.used == 5 * GIB)
    driver.state_file.update(lambda s: s.with_gpu(2, GPUState(memory_used=GIB)))
    assert eventually(lambda: frame(gpu_session).gpus[2].memory.used == GIB)
    assert frame(gpu_session).gpus[2].peak.memory == 5 * GIB
    assert gpu_session.client.delete(PEAK).status_code == 204
    peak = frame(gpu_session).gpus[2].peak
    assert (peak.memory, peak.since_start) == (GIB, 5 * GIB)


def test_the_servers_own_metrics_carry_the_figures(unwatched_session, driver):
    driver.state_file.update(lambda s: s.with_gpu(3, GPUState().with_load(50)))
    line = (
        'gpucommons_gpu_utilization_ratio{gpu="3",name="NVIDIA H200 Simulated",'
        'uuid="GPU-51d00000-0000-4000-8000-000000000003"} 0.5'
    )
    assert eventually(lambda: line in unwatched_session.client.get("/metrics").text)


def test_metrics_without_a_gpu_name_none(plain_session):
    text = plain_session.client.get("/metrics").raise_for_status().text
    assert "http_request_duration_seconds" in text
    assert "gpucommons_gpu" not in text


def test_a_stranger_sees_no_past_and_sets_nothing_back(gpu_session):
    wrong = {"Authorization": "token wrong"}
    base = gpu_session.client.base_url
    assert httpx.get(base.join(HISTORY), headers=wrong, timeout=60).status_code == 403
    assert httpx.delete(base.join(PEAK), headers=wrong, timeout=60).status_code == 403


def test_looking_at_the_past_is_not_activity(gpu_session):
    def last_activity() -> str:
        return gpu_session.client.get("/api/status").json()["last_activity"]

    before = last_activity()
    past(gpu_session, "60")
    gpu_session.client.delete(PEAK)
    assert last_activity() == before


def test_a_session_without_a_gpu_has_an_empty_past(plain_session):
    assert past(plain_session, "session").gpus == {}
