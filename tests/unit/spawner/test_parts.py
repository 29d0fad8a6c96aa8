"""What is done for a session over its life: each part alone, and how a spawner calls them."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.session_parts.time_limit import TimeLimit


class Accounting(SessionPart):
    """A further part, which nothing but its place among the parts makes known."""

    def __init__(self):
        self.calls = []

    def started(self, pod):
        self.calls.append(("started", pod))

    def ready(self):
        self.calls.append("ready")

    def seen_running(self, pod):
        self.calls.append(("seen running", pod))

    def state(self):
        return {"accounting": len(self.calls)}

    def restore(self, state):
        self.calls = [None] * state.get("accounting", 0)

    def cleared(self):
        self.calls.append("cleared")


@pytest.fixture
def accounting() -> Accounting:
    return Accounting()


@pytest.fixture
async def spawner(make_spawner, accounting, monkeypatch):
    spawner = make_spawner({"size": "cpu"})
    spawner.parts = (*spawner.parts, accounting)
    return spawner


async def test_a_further_part_learns_what_becomes_of_a_session(spawner, accounting, monkeypatch):
    async def nothing(*_):
        return None

    monkeypatch.setattr(spawner.watched_pod, "poll", nothing)
    spawner._spawn_future = asyncio.get_running_loop().create_future()
    spawner.when_up()
    spawner._spawn_future.set_result(None)
    await asyncio.sleep(0)
    assert await spawner.poll() is None
    spawner.clear_state()
    assert accounting.calls == ["ready", ("seen running", None), "cleared"]


async def test_what_a_further_part_keeps_outlives_the_hub(spawner, accounting, make_spawner):
    accounting.calls = ["a", "b"]
    state = spawner.get_state()
    assert state["accounting"] == 2
    again = make_spawner({})
    other = Accounting()
    again.parts = (other,)
    super(type(again), again).load_state(state)
    assert len(other.calls) == 2


async def test_a_part_that_fails_at_a_look_ends_no_session(spawner, accounting, monkeypatch):
    async def nothing(*_):
        return None

    def fail(_pod):
        raise LookupError

    monkeypatch.setattr(spawner.watched_pod, "poll", nothing)
    monkeypatch.setattr(accounting, "seen_running", fail)
    assert await spawner.poll() is None


async def test_the_end_of_a_session_is_in_the_ledger_and_shown_before_it_comes():
    shown, ledger = [], Ledger()
    ledger.restore("ada", Holding("", Decimal(1), "SciPy", "vision", "gpu", running=True))

    async def show(_spawner, notice):
        shown.append(notice.ends_at)

    spawner = SimpleNamespace(
        user=SimpleNamespace(name="ada"),
        name="",
        show_notice=show,
        log=logging.getLogger(),
        _log_name="ada",
        ready=True,
    )
    begun = datetime.now(UTC) - timedelta(minutes=59)
    pod = {
        "spec": {"activeDeadlineSeconds": 3600},
        "status": {"startTime": begun.isoformat()},
    }
    part = TimeLimit(spawner, ledger)
    part.started(pod)
    await asyncio.sleep(0.01)
    end = begun + timedelta(hours=1)
    assert shown == [end.timestamp()]
    assert [each.ends for each in ledger.held("ada")] == [end]
    part.cleared()
