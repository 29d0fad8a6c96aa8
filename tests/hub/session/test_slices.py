"""A session whose GPU is cut by MIG while its server runs."""

import time
from itertools import islice

import pytest
from gpucommons_contract import (
    Endpoint,
    GPUUsage,
    TelemetryFrame,
    TelemetryHistory,
    TelemetryState,
    read_activity,
)
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.driver import build
from gpucommons_local.gpu.state import GPUState
from pydantic import TypeAdapter

from .conftest import Session
from .test_endpoint import MANY, PATH, STREAM, frames

GIB = 2**30
CUT = ("1g.18gb", "2g.35gb")
FRAME = TypeAdapter(TelemetryFrame)
HISTORY = TypeAdapter(TelemetryHistory)
USAGE = TypeAdapter(GPUUsage)
PATIENCE = 120  # seconds


@pytest.fixture(scope="module")
def gpu(tmp_path_factory):
    """The driver of a machine with one GPU."""
    try:
        return build(tmp_path_factory.mktemp("driver"), 1)
    except PlatformError as error:
        pytest.skip(f"no simulated driver: {error}")


@pytest.fixture(scope="module")
def session(gpu, tmp_path_factory):
    session = Session(
        tmp_path_factory.mktemp("session"),
        gpu,
        "--GPUCommonsLab.interval=0.1",
        "--GPUCommonsLab.background_interval=0.2",
        environment={"GPUCOMMONS_GPU_UNITS": "1"},
    )
    session.wait()
    yield session
    session.close()
    assert "Traceback" not in session.log


@pytest.fixture
def cut(gpu):
    """Cuts the GPU, which is busy; answers the UUIDs of its slices."""
    busy = GPUState(memory_used=80 * GIB).with_load(60)
    gpu.state_file.update(lambda state: state.reset().with_gpu(0, busy))

    def cut(*profiles: str) -> list[str]:
        state = gpu.state_file.update(lambda state: state.with_cut(0, profiles))
        return [each.uuid for each in state.slices]

    return cut


def frame_of(session, uuids: list[str]) -> TelemetryFrame:
    """The first frame with just these devices."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        frame = FRAME.validate_json(session.client.get(PATH).text)
        if [gpu.uuid for gpu in frame.gpus] == uuids:
            return frame
        time.sleep(0.05)
    raise AssertionError(f"{frame.gpus} are not {uuids}")


def test_a_stream_goes_on_with_the_slices_and_then_with_the_whole_gpu(session, cut):
    with session.client.stream("GET", PATH, headers=STREAM) as response:
        coming = frames(response)
        whole = next(frame for frame in coming if frame.gpus[0].utilization == 60)
        for profiles in (CUT, CUT, ("7g.141gb",)):
            uuids = cut(*profiles)
            seen = list(islice(_until(coming, uuids), MANY))
            assert [gpu.uuid for gpu in seen[-1].gpus] == uuids
            assert [gpu.mig_profile for gpu in seen[-1].gpus] == list(profiles)
            assert {frame.state for frame in seen} == {TelemetryState.OK}
        cut()
        uuids = [gpu.uuid for gpu in whole.gpus]
        *_, last = islice(_until(coming, uuids), MANY)
        assert [gpu.uuid for gpu in last.gpus] == uuids


def _until(coming, uuids):
    """The frames that come, up to the first with these devices."""
    for frame in coming:
        yield frame
        if [gpu.uuid for gpu in frame.gpus] == uuids:
            return


def test_a_slice_has_a_past_of_its_own_memory_and_none_of_load(session, cut):
    uuids = cut(*CUT)
    frame_of(session, uuids)
    end = time.monotonic() + PATIENCE
    while True:
        text = session.client.get(f"/{Endpoint.SESSION_GPU_HISTORY}").text
        gpus = HISTORY.validate_json(text).gpus
        if set(uuids) <= gpus.keys():
            break
        assert time.monotonic() < end
        time.sleep(0.1)
    assert [gpus[uuid].memory[-1] for uuid in uuids] == [10 * GIB, 20 * GIB]
    assert {load for uuid in uuids for load in gpus[uuid].utilization} == {None}


def test_prometheus_gets_the_slices_and_no_more_the_gpu(session, cut):
    uuids = cut(*CUT)
    frame_of(session, uuids)
    lines = session.client.get("/metrics").text.splitlines()
    used = [line for line in lines if line.startswith("gpucommons_gpu_memory_used_bytes{")]
    assert [uuid in line for uuid, line in zip(uuids, used, strict=True)] == [True, True]
    assert not any("gpucommons_gpu_utilization_ratio{" in line for line in lines)


def test_what_a_cell_took_of_a_slice_is_told_in_memory(session, cut):
    cut(*CUT)
    begin, end = time.time(), time.monotonic() + PATIENCE
    usage = None
    while usage is None or not usage.covered:
        assert time.monotonic() < end
        time.sleep(0.2)
        span = {"since": begin + 1, "until": begin + 2}
        text = session.client.get(f"/{Endpoint.SESSION_GPU_USAGE}", params=span).text
        usage = USAGE.validate_json(text)
    assert (usage.gpu_seconds, usage.memory_peak) == (None, 20 * GIB)


def test_whether_a_slice_works_is_not_known(session, cut):
    frame_of(session, cut(*CUT))
    activity = read_activity(session.client.get(f"/{Endpoint.SESSION_ACTIVITY}").content)
    assert activity.gpu is None
    assert "does not report how busy" in str(activity.gpu_problem)


def test_nothing_of_it_is_logged(session):
    assert [line for line in session.log.splitlines() if "GPU" in line or "NVML" in line] == []
