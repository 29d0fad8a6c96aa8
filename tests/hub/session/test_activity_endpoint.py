"""What a session's server tells of its own use: the GPUs, and who may ask."""

import time

import httpx
import pytest
from gpucommons_contract import Endpoint, SessionActivity, read_activity
from gpucommons_lab.activity.kernels import is_busy
from gpucommons_local.gpu.state import GPUState

from .conftest import Session

PATH = f"/{Endpoint.SESSION_ACTIVITY}"
GIB = 2**30
PATIENCE = 120  # seconds


def told(session) -> SessionActivity:
    return read_activity(session.client.get(PATH).raise_for_status().content)


def until(session, condition) -> SessionActivity:
    """Wait until what is told fulfils it: the GPUs are read by a thread."""
    end = time.monotonic() + PATIENCE
    while not condition(activity := told(session)):
        assert time.monotonic() < end, activity
        time.sleep(0.1)
    return activity


def reason(session) -> str:
    """Why the GPUs cannot be read, as the panel is told."""
    return session.client.get(f"/{Endpoint.SESSION_GPUS}").raise_for_status().json()["reason"]


@pytest.fixture(scope="module")
def watched_session(built_driver, tmp_path_factory):
    """A session with a GPU that is read five times a second while nobody looks."""
    session = Session(
        tmp_path_factory.mktemp("watched"),
        built_driver,
        "--GPUCommonsLab.background_interval=0.2",
        "--GPUCommonsLab.interval=0.1",
        environment={"GPUCOMMONS_GPU_UNITS": "1"},
    )
    session.wait()
    yield session
    session.close()
    assert "Traceback" not in session.log


def test_a_session_without_anything_tells_just_that(plain_session):
    activity = told(plain_session)
    assert 0 < activity.started < 600
    assert activity.kernels == ()
    assert activity.terminals == ()
    assert (activity.editing, activity.gpu, activity.gpu_problem) == (None, None, None)


def test_work_on_a_gpu_is_told_and_ages(watched_session, driver):
    driver.state_file.update(lambda s: s.with_gpu(1, GPUState(memory_used=7 * GIB).with_load(60)))

    def works(told) -> bool:
        return told.gpu and told.gpu.last is not None and told.gpu.last < 5

    busy = until(watched_session, works)
    assert busy.gpu.utilization == 60
    driver.state_file.update(lambda s: s.reset())
    idle = until(watched_session, lambda told: told.gpu.last > 1)
    assert idle.gpu.utilization == 60
    assert idle.gpu.watched >= idle.gpu.last


def test_memory_is_that_of_all_devices(watched_session, driver):
    before = until(watched_session, lambda told: told.gpu).gpu.memory
    for number in (0, 1):
        busy = GPUState(memory_used=7 * GIB)
        driver.state_file.update(lambda s, n=number, gpu=busy: s.with_gpu(n, gpu))
    until(watched_session, lambda told: told.gpu.memory >= before + 12 * GIB)


def test_a_gpu_that_cannot_be_read_is_a_problem_and_its_watch_begins_anew(watched_session, driver):
    until(watched_session, lambda told: told.gpu)
    driver.state_file.update(lambda s: s.with_gpu(0, GPUState(lost=True)))
    failed = until(watched_session, lambda told: told.gpu_problem)
    assert failed.gpu is None
    assert failed.gpu_problem == reason(watched_session)
    began = time.monotonic()
    driver.state_file.update(lambda s: s.reset())
    back = until(watched_session, lambda told: told.gpu)
    assert back.gpu.watched <= time.monotonic() - began
    assert (back.gpu.last, back.gpu_problem) == (None, None)


def test_gpus_that_are_not_watched_are_a_problem(built_driver, tmp_path):
    session = Session(
        tmp_path,
        built_driver,
        "--GPUCommonsLab.background_interval=0",
        environment={"GPUCOMMONS_GPU_UNITS": "1"},
    )
    session.wait()
    session.client.get(f"/{Endpoint.SESSION_GPUS}").raise_for_status()  # somebody looked once
    activity = told(session)
    session.close()
    assert activity.gpu is None
    assert "background_interval is 0" in activity.gpu_problem


def test_a_driver_that_is_missing_is_a_problem(tmp_path):
    options = ("--GPUCommonsLab.background_interval=0.2",)
    session = Session(tmp_path, None, *options, environment={"GPUCOMMONS_GPU_UNITS": "1"})
    session.wait()
    activity = until(session, lambda told: "not been read yet" not in (told.gpu_problem or ""))
    why = reason(session)
    session.close()
    assert (activity.gpu, activity.gpu_problem) == (None, why)


def test_a_stranger_learns_nothing(plain_session):
    url = plain_session.client.base_url.join(PATH)
    answer = httpx.get(url, headers={"Authorization": "token wrong"}, timeout=60)
    assert answer.status_code == 403
    assert "kernels" not in answer.text


def test_asking_is_not_activity(plain_session):
    def last_activity() -> str:
        return plain_session.client.get("/api/status").json()["last_activity"]

    before = last_activity()
    told(plain_session)
    assert last_activity() == before


@pytest.mark.parametrize(
    ("state", "last", "busy"),
    [
        ("busy", 90_000, True),
        ("idle", 0, False),
        ("starting", 10, True),
        ("starting", 3600, False),  # nobody ever asked it for anything
    ],
)
def test_a_kernel_is_busy_while_a_cell_runs_or_it_starts(state, last, busy):
    assert is_busy(state, last) is busy
