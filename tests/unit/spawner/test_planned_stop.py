"""A stop that an administrator plans: told, carried out, taken back, and known after a restart."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import Notice
from gpucommons_spawner.lifecycle.last_end import Announcement
from gpucommons_spawner.session_parts.planned_stop import (
    PLANNED_STOP_NOTICE,
    Plan,
    PlannedStop,
    read_plan,
)
from tornado.httpclient import HTTPClientError

LATER = datetime.now(UTC) + timedelta(days=1)


class Session:
    """What the part asks of its spawner; its notices and stops are kept."""

    def __init__(self) -> None:
        self.log, self._log_name, self.ready = logging.getLogger(__name__), "ada", True
        self.record = self.last_end = self
        self.notices: list[Notice] = []
        self.announced: list[str] = []
        self.stopped = asyncio.Event()
        self.kept = 0
        self.fails = False

    async def show_notice(self, _spawner, notice: Notice) -> None:
        self.notices.append(notice)

    def note_state(self) -> None:
        self.kept += 1

    def announce(self, said: Announcement) -> None:
        self.announced.append(said.sentence)

    async def stop(self, _spawner) -> None:
        if self.fails:
            raise HTTPClientError(599)
        self.stopped.set()


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def session():
    return Session()


@pytest.fixture
async def part(session):
    part = PlannedStop(session, session.stop)
    yield part
    part.cleared()
    await _turns()


async def test_the_person_is_told_who_stops_the_session_when_and_why(session, part):
    part.set(Plan(LATER, "boss", "The node fails."))
    await _turns()
    (notice,) = session.notices
    assert notice.id == PLANNED_STOP_NOTICE
    assert notice.ends_at == LATER.timestamp()
    assert "boss, an administrator, stops this session. The node fails." in notice.text
    assert session.kept == 1
    assert not session.stopped.is_set()


async def test_it_is_stopped_when_it_is_time_and_its_person_can_read_by_whom(session, part):
    part.set(Plan(datetime.now(UTC), "boss", node="node-1"))
    async with asyncio.timeout(60):
        await session.stopped.wait()
    assert "boss takes the node node-1 out of service." in session.announced[0]


async def test_a_session_that_starts_is_told_once_it_is_ready(session, part):
    session.ready = False
    part.set(Plan(LATER, "boss"))
    await _turns()
    assert session.notices == []
    session.ready = True
    part.ready()
    await _turns()
    assert len(session.notices) == 1


async def test_one_that_is_taken_back_is_not_carried_out(session, part):
    assert not part.take_back("boss")
    part.set(Plan(LATER, "boss"))
    await _turns()
    assert part.take_back("eve")
    await _turns()
    assert "eve took the stop back" in session.notices[-1].text
    assert part.state() == {}
    assert session.kept == 2


async def test_a_restarted_hub_goes_on_with_it_without_telling_again(session, part):
    plan = Plan(datetime.now(UTC) - timedelta(minutes=1), "boss", "Late.")
    part.set(Plan(LATER, "boss", "Late."))
    restarted = PlannedStop(session, session.stop)
    restarted.restore(part.state())
    assert restarted.plan == part.plan
    await _turns()
    session.notices.clear()
    restarted.restore({"planned_stop": plan.as_json()})
    restarted.seen_running(None)
    async with asyncio.timeout(60):
        await session.stopped.wait()
    assert session.notices == []
    restarted.cleared()


async def test_a_session_that_is_gone_is_forgotten(session, part):
    part.set(Plan(LATER, "boss"))
    part.cleared()
    assert part.plan is None
    assert part.state() == {}


@pytest.mark.parametrize(
    "said", [None, {}, "x", {"at": "soon", "by": "", "reason": "", "node": ""}]
)
def test_what_is_no_plan_is_none(said):
    assert read_plan(said) is None
