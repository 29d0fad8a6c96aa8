"""How busy a session's GPUs are, as accounting asks a real server for it."""

import asyncio
from datetime import UTC, datetime

import pytest
from gpucommons_accounting.recording.meters.session import (
    NoTokensError,
    SessionMeter,
    address_of,
)
from gpucommons_local.gpu.state import GPUState
from gpucommons_upkeep.http_client import HTTPClient

from tests.waiting import until

from .conftest import TOKEN

_DAY_S = 86_400.0


def _pod(session) -> dict:
    """As KubeSpawner would have made it."""
    url = session.client.base_url
    container = {
        "name": "notebook",
        "ports": [{"name": "notebook-port", "containerPort": url.port}],
        "env": [{"name": "JUPYTERHUB_SERVICE_PREFIX", "value": "/"}],
    }
    annotations = {"gpucommons.io/user": "ada", "gpucommons.io/server": ""}
    return {
        "metadata": {"uid": "u1", "annotations": annotations},
        "spec": {"containers": [container]},
        "status": {"podIP": "127.0.0.1"},
    }


def _asked(session, token: str = TOKEN):
    async def make(servers):
        assert servers == [("ada", "")]
        return [token], _DAY_S

    async def ask():
        async with HTTPClient(1) as calls:
            meter = SessionMeter(make, calls)
            return await meter.readings([address_of(_pod(session))], lambda: datetime.now(UTC))

    return asyncio.run(ask())["u1"]


def _gpus(session) -> int:
    return len(session.client.get("/gpucommons/api/gpus").json()["gpus"])


def test_a_session_says_how_busy_its_gpus_were(gpu_session, driver):
    driver.state_file.update(lambda state: state.with_gpu(0, GPUState().with_load(60)))

    def lately():
        # While somebody listens the devices are read each second.
        with gpu_session.client.stream(
            "GET", "/gpucommons/api/gpus", headers={"Accept": "text/event-stream"}
        ) as stream:
            for _ in zip(range(6), stream.iter_lines(), strict=False):
                pass
        return [each for each in _asked(gpu_session) if each.highest > 50]

    reading = until(lately)[-1]
    assert reading.highest == pytest.approx(60, abs=10)
    assert reading.percent == pytest.approx(reading.highest / _gpus(gpu_session), abs=1)
    assert reading.begin < reading.end <= datetime.now(UTC)
    assert reading.memory is not None


def test_of_one_that_does_not_let_us_in_nothing_is_known(gpu_session):
    assert _asked(gpu_session, "wrong") == []


def test_without_tokens_that_is_told():
    async def refuse(_servers):
        raise NoTokensError("The hub's role for accounting lacks access:servers.")

    class Somewhere:
        class client:  # noqa: N801
            class base_url:  # noqa: N801
                port = 9

    async def ask():
        async with HTTPClient(1) as calls:
            meter = SessionMeter(refuse, calls)
            await meter.readings([address_of(_pod(Somewhere))], lambda: datetime.now(UTC))

    with pytest.raises(NoTokensError, match="lacks access:servers"):
        asyncio.run(ask())
